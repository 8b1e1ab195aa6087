"""The active definitions: what both sides signed, and Accord's proposal, marked unsigned, where nothing is signed."""

from collections.abc import Iterable

from agreements.models import Version
from funnel.defaults import ORDER, STAGES
from funnel.stages.drafts import Funnel, Stage, from_terms, in_order
from team.models import User

STAGE, FUNNEL = "stage", "funnel"
ONLY_KEY = "funnel"  # there is one set and order of stages


def in_force(user: User | None = None) -> Funnel:
    """Return the company's funnel, or the one that binds a person whose team pilots another version. One query."""
    signed = list(
        Version.objects.in_force()
        .filter(agreement__kind__in=[STAGE, FUNNEL])
        .select_related("agreement")
        .order_by("pk")
    )
    chosen = {(v.agreement.kind, v.agreement.key): v for v in _versions_binding(signed, user)}
    stages = {stage.key: stage for stage in STAGES}
    for (kind, key), version in chosen.items():
        if kind == STAGE:
            stages[key] = from_terms(
                key, version.terms, text=version.text, version_id=version.pk, number=version.number
            )
    order = chosen.get((FUNNEL, ONLY_KEY))
    if order:
        return Funnel(in_order(stages.values(), order.terms["stages"]), order.pk)
    return Funnel(in_order(stages.values(), ORDER))


def _versions_binding(versions: Iterable[Version], user: User | None) -> list[Version]:
    """Leave out the pilots of other teams; a pilot of one's own comes last, and so wins."""
    managers = {user.pk, user.manager_id} - {None} if user else set()
    mine = [version for version in versions if version.pilot_manager_id in managers]
    return [version for version in versions if version.pilot_manager_id is None] + mine


def defined_stage(key: str) -> Stage | None:
    """Return one stage as it is active or proposed, also one that the order leaves out."""
    stage = in_force().get(key)
    return stage or next((stage for stage in STAGES if stage.key == key), None)
