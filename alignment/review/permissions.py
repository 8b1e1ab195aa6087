"""Who holds the joint review, and who says what became of a decision."""

from alignment.review.models import Decision
from team.access import LEADERS
from team.authorization import EVERYONE, Action, register_action
from team.models import User

WHO = "the CEO, the CMO and the CRO"

HOLD_REVIEW = register_action(
    Action(
        "hold_review", "hold the joint review", WHO, roles=frozenset(LEADERS),
        addresses=(
            "start_review", "answer_decision", "answer_leads", "record_decision", "delete_decision", "close_review",
            "api-reviews-list", "api-reviews-close", "api-decisions-list",
        ),
    )
)  # fmt: skip


def _answers_for(user: User, decision: Decision) -> bool:
    return user.role in LEADERS or decision.owner_id == user.pk


CHANGE_DECISION = register_action(
    Action(
        "change_decision", "change this decision of a joint review", f"its owner, {WHO}", roles=EVERYONE,
        condition=_answers_for, describe_who=lambda decision: f"{decision.owner}, {WHO}",
        addresses=("change_decision", "PUT api-decisions-detail"),
    )
)  # fmt: skip
