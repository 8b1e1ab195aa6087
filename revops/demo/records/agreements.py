"""What AppLexus has signed about its funnel: each stage, and which there are in which order."""

from datetime import timedelta

from django.utils import timezone

from agreements import actions
from agreements.models import Agreement, Seat, Version
from funnel.defaults import ORDER, STAGES
from funnel.definitions import FUNNEL, ONLY_KEY, STAGE
from funnel.stages import Stage
from revops.demo.story import CURRENCY
from team.models import User

SLA, SLA_KEY = "sla", "mql"
SLA_SINCE = timedelta(days=60)  # AppLexus hands over by it since then, so that clocks run when it is founded
SLA_TERMS: dict[str, object] = {
    "stage": "mql", "response": 8, "response_unit": "hours", "warn_share": 75, "escalate_to": "manager", "track_days": 60,
}  # fmt: skip
SLA_TEXT = "Sales answers every qualified lead within one working day, and says of each whether it was one."
OWED, OWED_KEY = "owed", "monthly"
OWED_TERMS: dict[str, object] = {"qualified_leads": 130, "pipeline_value": "3600000.00", "currency": CURRENCY}
OWED_TEXT = "Marketing hands over enough qualified leads every month for Sales to reach the joint goal."
CMO, CRO, OPS, SUPPORT = "priya.raman", "marcus.oyelaran", "tomas.vidal", "aisha.diallo"


def sign_funnel(users: dict[str, User]) -> int:
    """Let the leaders sign the stages and their order, where nothing is in force yet; return how many they signed."""
    actions.name_signatory(by=users[OPS], seat=Seat.SUPPORT, person=users[SUPPORT])
    signed = set(Agreement.objects.filter(versions__in_force_at__isnull=False).values_list("kind", "key"))
    done = 0
    for stage in STAGES:
        if (STAGE, stage.key) not in signed:
            _sign(users, STAGE, stage.key, stage.name, stage.text, stage.terms, stage)
            done += 1
    if (FUNNEL, ONLY_KEY) not in signed:
        words = "A buyer walks through these stages, in this order; nobody enters one whose criteria fail."
        _sign(users, FUNNEL, ONLY_KEY, "Our funnel", words, {"stages": list(ORDER)}, None)
        done += 1
    if (SLA, SLA_KEY) not in signed:
        version = _sign(users, SLA, SLA_KEY, "Sales answers qualified leads", SLA_TEXT, SLA_TERMS, None)
        Version.objects.filter(pk=version.pk).update(in_force_at=timezone.now() - SLA_SINCE)
        done += 1
    if (OWED, OWED_KEY) not in signed:
        version = _sign(users, OWED, OWED_KEY, "Marketing fills the pipeline", OWED_TEXT, OWED_TERMS, None)
        Version.objects.filter(pk=version.pk).update(in_force_at=timezone.now() - SLA_SINCE)
        done += 1
    return done


def _sign(
    users: dict[str, User], kind: str, key: str, title: str, text: str, terms: dict[str, object], stage: Stage | None
) -> Version:
    """The side that owns it proposes, which is its signature; the other signs, and Support what it owns."""
    first, second = (CRO, CMO) if stage and stage.side == "sales" else (CMO, CRO)
    third = stage.third_side if stage else ""
    version = actions.draft(by=users[first], kind=kind, key=key, title=title, text=text, terms=terms, third_side=third)
    version = actions.propose(by=users[first], version=version)
    version = actions.sign(by=users[second], version=version)
    return actions.sign(by=users[SUPPORT], version=version) if third else version
