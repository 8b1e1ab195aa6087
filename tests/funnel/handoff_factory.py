"""A small company that hands leads over: an SLA signed by both sides, reps with owners, leads that enter the gate."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from agreements import actions
from agreements.models import Version
from crm.models import Lead, Owner
from funnel.handoffs.clock_tick import tick_clocks
from funnel.models import HandOff, Move
from team.models import Role, User
from tests import make

BERLIN = ZoneInfo("Europe/Berlin")
TERMS: dict[str, Any] = {
    "stage": "mql", "response": 4, "response_unit": "hours", "warn_share": 75, "escalate_to": "all", "reroute": 2,
    "reroute_unit": "hours", "track_days": 30, "acceptance": 2, "acceptance_unit": "days", "attempts": 3, "attempts_within": 5,
}  # fmt: skip


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def signed(cmo: User, cro: User, *, since: datetime | None = None, key: str = "mql", **terms: Any) -> Version:
    """An SLA that both sides signed; `since` dates its activation back."""
    pilot = {name: terms.pop(name) for name in ("pilot_manager", "expires_on") if name in terms}
    version = actions.draft_version(
        by=cmo, kind="sla", key=key, title="SLA", text="Soon.", terms={**TERMS, **terms}, **pilot
    )
    version = actions.sign_version(by=cro, version=actions.propose_version(by=cmo, version=version))
    if since:
        Version.objects.filter(pk=version.pk).update(in_force_at=since)
    version.refresh_from_db()
    return version


def owing(cmo: User, cro: User, since: str, **terms: Any) -> Version:
    """What Marketing owes, signed by both sides and active since that moment."""
    version = actions.draft_version(
        by=cro, kind="owed", key="monthly", title="Owed", text="Every month.",
        terms={"qualified_leads": 3, "pipeline_value": "10000.00", "currency": "EUR", **terms},
    )  # fmt: skip
    version = actions.sign_version(by=cmo, version=actions.propose_version(by=cro, version=version))
    Version.objects.filter(pk=version.pk).update(in_force_at=local(since))
    return version


def seller(name: str, manager: User | None = None, **fields: Any) -> Owner:
    user = make.user(Role.REP, name=name, manager=manager, email=f"{name.lower()}@example.com")
    return make.owner(name=name, user=user, **fields)


def enters(lead: Lead, moment: datetime, stage: str = "mql", **fields: Any) -> Move:
    return Move.objects.create(lead=lead, stage=stage, entered_at=moment, **fields)


def qualified(moment: datetime, **fields: Any) -> Lead:
    found = make.lead(**fields)
    enters(found, moment)
    return found


def handed(moment: datetime, **fields: Any) -> HandOff:
    """A lead that entered the gate and was handed over at that moment."""
    found = qualified(moment, **fields)
    tick_clocks(moment)
    return found.handoffs.get(ended_at=None)


def later(moment: datetime, **by: float) -> datetime:
    return moment + timedelta(**by)


def now() -> datetime:
    return timezone.now()
