"""A restricted company in which everything that is known of a buyer names whose buyer it is."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils import timezone

import imports.models
from agreements import actions
from alarms.models import Alarm
from alignment.rounds.models import Round
from crm import models as crm
from facts.refresh import refresh
from funnel.models import Answer, HandOff, Move, RoutingRule, Verdict
from team.models import Calendar, Company, Role, User
from tests import make
from tests.access.seen import OWNERS, SHARED
from tests.api.conftest import one_of_each
from tests.scoring.conftest import terms

DAY, NOON = date(2025, 5, 5), datetime(2025, 5, 5, 12, tzinfo=UTC)
OURS = {"source", "currency", "outcome", "track", "told_by", "side", "category"}


def canary(whose: str) -> str:
    """What every text about a buyer of theirs begins with."""
    return f"Zq{whose}Canary"


def amount_of(whose: str) -> Decimal:
    """What every amount of theirs is."""
    return Decimal(f"7{OWNERS.index(whose) + 1}54321.09")


def plant(row: models.Model, whose: str) -> None:
    """Write the canary into every free text of a record, into a column of one's own, and the amount into all amounts."""
    for field in row._meta.concrete_fields:
        if field.name in OURS or field.choices or field.is_relation:
            continue
        if isinstance(field, models.CharField | models.TextField):
            setattr(row, field.name, f"{canary(whose)}-{type(row).__name__}-{field.name}"[: field.max_length])
        elif field.name in {"amount", "annual_revenue", "cost"}:
            setattr(row, field.name, amount_of(whose))
    row.custom = {"mobile": f"{canary(whose)}-mobile"}  # type: ignore[attr-defined]
    row.save()


class World:
    """The people, and by kind and owner the id of the one record there is."""

    def __init__(self) -> None:
        company = Company.get()
        company.visibility, company.currency, company.name = Company.Visibility.RESTRICTED, "EUR", "Testing Ltd"
        company.save()
        cro = make.user(Role.CRO)
        self.people: dict[str, User] = {
            "cro": cro, "cmo": make.user(Role.CMO), "ops": make.user(Role.OPS), "cfo": make.user(Role.CFO),
            "ceo": make.user(Role.CEO),
            "rep": make.user(Role.REP, manager=cro), "peer": make.user(Role.REP, manager=cro), "other": make.user(Role.REP),
            "support": make.user(Role.SUPPORT), "marketer": make.user(Role.MARKETER),
        }  # fmt: skip
        self.ids: dict[str, dict[str, int]] = {whose: self._buyer(whose) for whose in OWNERS}
        self._many()
        self._agreements()
        self.shared = self._shared()
        refresh()

    def _buyer(self, whose: str) -> dict[str, int]:
        rows = one_of_each(self.people[whose])
        lead, account = rows["leads"], rows["accounts"]
        crm.Lead.objects.filter(pk=lead.pk).update(first_contact_on=DAY, created_at=NOON)
        lead.refresh_from_db()
        for kind, row in rows.items():
            if kind not in SHARED:
                plant(row, whose)
        crm.Activity.objects.filter(pk=rows["activities"].pk).update(account=account, contact=rows["contacts"])
        handed = self._handed(whose, lead, rows["owners"], rows["campaigns"])
        return {kind: row.pk for kind, row in rows.items()} | handed | {"alarms": self._alarm(whose)}

    def _alarm(self, whose: str) -> int:
        words = f"{canary(whose)}-alarm"
        values = {"name": words, "sentence": words, "owner": self.people[whose], "value": 1.0, "metric": "leads"}
        Alarm.objects.create(detector=f"closed-{whose}", closed_at=NOON, verdict="real", **values)
        return Alarm.objects.create(detector=f"open-{whose}", where={"account": words}, **values).pk

    def _handed(self, whose: str, lead: crm.Lead, owner: crm.Owner, campaign: crm.Campaign) -> dict[str, int]:
        words = f"{canary(whose)}-funnel"
        move = Move.objects.create(
            lead=lead, stage="inquiry", entered_at=NOON, by="hand", actor=self.people["cro"], override=words,
            evidence={"held": {words: 1}},
        )  # fmt: skip
        handoff = HandOff.objects.create(lead=lead, move=move, to_owner=owner, why=words, started_at=NOON, due_at=NOON)
        verdict = Verdict.objects.create(
            handoff=handoff, lead=lead, answer="rejected", note=words, criterion=words, given_by=self.people[whose], given_at=NOON,
            settled_at=NOON,
        )  # fmt: skip
        answer = Answer.objects.create(verdict=verdict, words=words, given_by=self.people["cmo"], given_at=NOON)
        return {"moves": move.pk, "handoffs": handoff.pk, "verdicts": verdict.pk, "answers": answer.pk}

    def _many(self) -> None:
        """Enough leads and deals of no one here that the company's figures are shown, without a word of their own."""
        owner = make.owner(user=self.people["other"])
        for _ in range(8):
            lead = make.lead(owner=owner, first_contact_on=DAY, created_at=NOON, lead_source="Web")
            make.opportunity(owner=owner, lead=lead, amount=Decimal(100), outcome="won", opened_on=DAY, closed_on=DAY)
            Move.objects.create(lead=lead, stage="inquiry", entered_at=NOON)

    def _agreements(self) -> None:
        cmo, cro = self.people["cmo"], self.people["cro"]
        scores = actions.draft_version(
            by=cmo, kind="score", key="leads", title="ZqScoreCanary", text="ZqScoreCanary", terms=terms()
        )
        self.signed = actions.sign_version(by=cro, version=actions.propose_version(by=cmo, version=scores))
        self.draft = actions.draft_version(by=cmo, kind="term", key="zq", title="ZqDraftCanary", text="ZqDraftCanary")

    def _shared(self) -> Mapping[str, int]:
        owner = self.people["ops"]
        run = imports.models.ImportJob.objects.create(
            key="import:1", source="auto", folder="-", started_by=owner, name="ZqImportCanary", size=1
        )
        file = imports.models.ImportFile.objects.create(run=run, name="ZqImportCanary", stored="-", sha256="-", size=1)
        imports.models.ImportJob.objects.filter(pk=run.pk).update(state="done", finished_at=timezone.now())
        return {
            "run": run.pk, "file": file.pk, "user": owner.pk, "territory": make.territory().pk,
            "calendar": Calendar.objects.create(name="Ours").pk, "agreement": self.draft.agreement_id, "version": self.draft.pk,
            "rule": RoutingRule.objects.create(name="Rule", how="everybody").pk,
            "round": Round.objects.create(name="Round", created_by=owner, closes_on=DAY).pk,
        }  # fmt: skip

    def named(self, whose: str) -> dict[str, Any]:
        """Return what the addresses of the table name, of one owner of buyers."""
        ids = self.ids[whose]
        short = {"lead": ids["leads"], "account": ids["accounts"], "handoff": ids["handoffs"]}
        return {**self.shared, **ids, **short, "whose": whose}
