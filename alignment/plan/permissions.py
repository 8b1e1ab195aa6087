"""Who prepares, writes and presents the update of the joint plan."""

from agreements.permissions import is_representative
from alignment.plan.models import PlanUpdate
from team.authorization import EVERYONE, Action, register_action
from team.models import Side, User

SIDES = (Side.MARKETING, Side.SALES)
WHO = "the CMO, the CRO and those who sign for Marketing or Sales"


def represented_side(user: User) -> str | None:
    """Return the side that a person writes and presents the update for; None for everyone else."""
    return next((side for side in SIDES if is_representative(user, side)), None)


def _represents_a_side(user: User, update: PlanUpdate | None) -> bool:
    return represented_side(user) is not None


DRAFT_UPDATE = register_action(
    Action(
        "draft_update", "prepare the update of the joint plan", WHO, roles=EVERYONE, condition=_represents_a_side,
        addresses=("draft_update", "api-plan-updates-list"),
    )
)  # fmt: skip
WRITE_UPDATE = register_action(
    Action(
        "write_update", "write this update of the joint plan", WHO, roles=EVERYONE, condition=_represents_a_side,
        addresses=("write_update", "api-plan-updates-write"),
    )
)  # fmt: skip
PRESENT_UPDATE = register_action(
    Action(
        "present_update", "present this update of the joint plan", WHO, roles=EVERYONE, condition=_represents_a_side,
        addresses=("present_update", "api-plan-updates-present"),
    )
)  # fmt: skip
