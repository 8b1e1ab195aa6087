"""Who may ask the people, and who reads what they answered."""

from agreements.models import SIGNING_SIDES
from agreements.signing import held_seats
from alignment.plan import permissions as plan_permissions
from alignment.review import permissions as review_permissions
from team.access import LEADERS
from team.authorization import Action, register_action
from team.models import Role, User

ROUND_MAKERS = frozenset(LEADERS | {Role.OPS})
ROUND_READERS = frozenset(LEADERS | {Role.CFO})
OVERVIEW_READERS = frozenset({Role.CEO, Role.CFO})

OPEN_ROUND = register_action(
    Action(
        "open_round", "open or close a round of questions, or remind its people", "the CEO, the CMO, the CRO or an ops admin",
        roles=ROUND_MAKERS,
        addresses=(
            "new_round", "close_round", "remind_round", "round_links", "api-rounds-list", "api-rounds-close",
            "api-rounds-remind", "api-rounds-links",
        ),
    )
)  # fmt: skip


def signs_for_a_side(user: User) -> bool:
    """Tell whether the user signs for Marketing or Sales, as its leader or by name."""
    return bool(held_seats(user, SIGNING_SIDES))


PLAN_ACTIONS = (plan_permissions.DRAFT_UPDATE, plan_permissions.WRITE_UPDATE, plan_permissions.PRESENT_UPDATE)
REVIEW_ACTIONS = (review_permissions.HOLD_REVIEW, review_permissions.CHANGE_DECISION)
