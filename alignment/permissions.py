"""Who may ask the people, and who reads what they answered."""

from agreements.models import SIGNING_SIDES
from agreements.signing import held_seats
from alignment.plan import permissions as plan_permissions
from team.access import LEADERS, has_right
from team.authorization import Action, register_action
from team.models import Role, User

ROUND_MAKERS = frozenset(LEADERS | {Role.OPS})
ROUND_READERS = frozenset(LEADERS | {Role.CFO})

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


def may_read_results(user: User) -> bool:
    """Tell whether somebody reads the results of rounds: the CEO, CFO, CMO, CRO, and who signs for one of the two sides.

    Ops admins and owners of the installation do not: who sends the links does not read what comes of them.
    """
    if not user.is_active:
        return False
    return user.role in ROUND_READERS or bool(held_seats(user, SIGNING_SIDES))


def may_see_rounds(user: User) -> bool:
    """Tell whether somebody sees that there are rounds, and how many people have answered."""
    return has_right(user, "see_rounds") or may_read_results(user)


PLAN_ACTIONS = (plan_permissions.DRAFT_UPDATE, plan_permissions.WRITE_UPDATE, plan_permissions.PRESENT_UPDATE)
