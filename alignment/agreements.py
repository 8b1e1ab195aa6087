"""What both sides sign about working together."""

from collections.abc import Mapping
from typing import Any

from agreements.kinds import Kind, Starter, register_kind
from alignment.matrix.forms import ROLES, MatrixTerms, metric_names
from alignment.matrix.rules import KIND as MATRIX
from alignment.matrix.rules import describe_changes, describe_rows, read_rows
from alignment.plan.forms import GoalTermsForm, RewardTermsForm, describe_goal, describe_reward
from alignment.plan.goals import publish_goal
from alignment.plan.rules import GOAL, REWARD
from alignment.workspace.kinds import KINDS


def _describe_matrix(terms: Mapping[str, Any]) -> list[str]:
    return describe_rows(read_rows(terms), ROLES, metric_names())


def _compare_matrices(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    return describe_changes(read_rows(old), read_rows(new), ROLES, metric_names())


register_kind(
    Kind(
        MATRIX, "Accountability matrix", "Accountability matrices",
        "Who is accountable, responsible, consulted and informed at each stage of the customer lifecycle.",
        MatrixTerms, _describe_matrix, page="edit_matrix", new_page="edit_matrix", changes=_compare_matrices,
    )
)  # fmt: skip
for kind in KINDS:
    register_kind(kind)
register_kind(
    Kind(
        GOAL,
        "Goal",
        "Goals",
        "What both sides want a metric to be, with its horizon: Sales in days, Marketing in months.",
        GoalTermsForm,
        describe_goal,
        take_effect=publish_goal,
        starter=Starter(
            "Revenue of the next 90 days",
            "Sales brings this revenue within 90 days, from the pipeline there is.",
            {"horizon": "90_days", "metric": "revenue"},
        ),
    )
)
register_kind(
    Kind(
        REWARD, "Reward", "Rewards", "What reaching the joint goals is worth to the people of both teams.",
        RewardTermsForm, describe_reward,
        starter=Starter(
            "Joint bonus", "People of both teams get the same bonus, for the same goals.",
            {"roles": ["cmo", "cro"], "pays_from": "0.9", "capped_at": "1.5"},
        ),
    )
)  # fmt: skip
