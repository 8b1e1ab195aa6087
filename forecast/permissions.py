"""Who may enter what a rep commits to."""

from team.access import own_ids
from team.authorization import Action, register_action
from team.models import Role, User


def _is_own_rep(user: User, rep: User | None) -> bool:
    return rep is None or rep.pk in own_ids(user)


ENTER_COMMIT = register_action(
    Action(
        "enter_commit", "enter this commit", "the rep, or a person to whom the rep reports",
        roles=frozenset({Role.REP, Role.CRO, Role.CEO}), condition=_is_own_rep,
        addresses=("forecast_commit", "api-forecast-commits-list"),
    )
)  # fmt: skip
