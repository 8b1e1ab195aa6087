"""What a reader sees of the funnel: the rule of `crm.readable` for the report, its cuts and the leads behind them."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from django.core.cache import cache
from django.utils import timezone

from core.request_values import read_id
from crm.models import Owner
from crm.readable import (
    ReadableRows,
    achieving_owners,
    check_achievement,
    few_keys,
    is_limited,
    is_published,
    is_too_few,
)
from facts.engine import Facts
from funnel import dimensions, measures
from funnel.lead_table import LeadTable
from funnel.measures import CutRow, FunnelReport
from funnel.patterns import Question
from funnel.stages.drafts import Funnel
from team.models import Company, User

COLLEAGUES = "owner"
KEPT_SECONDS = 600
Answer = TypeVar("Answer")


def check_filters(user: User, where: Mapping[str, str]) -> None:
    """Refuse a filter that would show what a colleague achieved.

    Raises:
        PermissionDenied: in words for the reader.
    """
    value = where.get(COLLEAGUES, dimensions.BLANK)
    if value != dimensions.BLANK:
        pk = read_id(value)
        check_achievement(user, Owner.objects.filter(pk__in=[] if pk is None else [pk]))


@dataclass(frozen=True)
class ReadFunnel:
    """One question to the funnel by one reader; answers are remembered for those who may read the same.

    Raises:
        PermissionDenied: a filter would show what a colleague achieved.
    """

    user: User
    facts: Facts
    stages: Funnel
    question: Question
    rows: ReadableRows = field(init=False)

    def __post_init__(self) -> None:
        check_filters(self.user, self.question.where)
        object.__setattr__(self, "rows", ReadableRows(self.user))

    def report(self) -> FunnelReport:
        """Return the company's report, or one over the reader's own leads where the company's would disclose single leads."""
        report = self._compute_report(None)
        if not is_limited(self.user):
            return report
        own = self._compute_report(self.rows)
        if self._is_too_fine(report, own):
            return own
        mine = {step.stage.key: step.entered for step in own.steps}
        steps = [
            replace(step, value=None) if is_too_few(step.entered - mine.get(step.stage.key, 0)) else step
            for step in report.steps
        ]
        return replace(report, steps=tuple(steps))

    def cut_rows(self, name: str) -> list[CutRow]:
        """Return the lines of a cut without colleagues whose achievement, and values of whose leads, the reader may not know."""
        within = self.rows if self._counts_own_leads else None
        rows = self._compute_cut(name, within)
        if name == COLLEAGUES and (allowed := achieving_owners(self.user)) is not None:
            keys = {dimensions.BLANK, *map(str, allowed.values_list("pk", flat=True))}
            rows = [row for row in rows if row[0] in keys]
        if within or not is_limited(self.user):
            return rows
        own = {key: (leads, won) for key, _name, leads, won, _deal_values in self._compute_cut(name, self.rows)}
        return _hide_small_parts(rows, own)

    def lead_ids(self, stage: str, part: str) -> tuple[list[int], int]:
        """Return the leads behind one part that the reader may read, and how many more are counted.

        Raises:
            KeyError: the stage or part does not exist.
        """
        ids = LeadTable(self.facts, self.stages, self.question).ids(stage, part)
        readable = self.rows.ids("leads")
        if readable is None:
            return ids, 0
        allowed = set(readable.tolist())
        seen = [pk for pk in ids if pk in allowed]
        hidden = len(ids) - len(seen)
        return seen, 0 if self._counts_own_leads or is_too_few(hidden) else hidden

    @property
    def _counts_own_leads(self) -> bool:
        """Whether the page counts the reader's own leads only."""
        return is_limited(self.user) and self.report().is_readable_only

    def _is_too_fine(self, report: FunnelReport, own: FunnelReport) -> bool:
        today = timezone.localtime(self.facts.as_of or timezone.now(), Company.get().zone).date()
        hidden = report.leads - own.leads
        if not is_published(self.question.period, today) or is_too_few(hidden):
            return True
        for name in self.question.where:
            less = {other: value for other, value in self.question.where.items() if other != name}
            outer = replace(self, question=replace(self.question, where=less))
            if is_too_few(outer._compute_report(None).leads - outer._compute_report(self.rows).leads - hidden):
                return True
        return False

    def _compute_report(self, within: ReadableRows | None) -> FunnelReport:
        arguments = (self.facts, self.stages, self.question, within)
        return self._cached("river", "", within, lambda: measures.build_report(*arguments))

    def _compute_cut(self, name: str, within: ReadableRows | None) -> list[CutRow]:
        arguments = (self.facts, self.stages, self.question, name, within)
        return self._cached("cut", name, within, lambda: measures.by_cut(*arguments))

    def _cached(self, kind: str, by: str, within: ReadableRows | None, compute: Callable[[], Answer]) -> Answer:
        """Return a cached answer while facts, definitions, question and readable rows are the same."""
        snapshot = self.facts.snapshot
        if snapshot is None:
            return compute()
        whose = within.digest(("leads", "accounts")) if within else ""
        parts: tuple[Any, ...] = (
            kind, snapshot.pk, snapshot.taken_at, self.stages.digest, self.question, by, Company.get().currency, whose,
        )  # fmt: skip
        key = f"funnel:{hashlib.sha256(repr(parts).encode()).hexdigest()}"
        cached: Answer | None = cache.get(key)
        if cached is None:
            cached = compute()
            cache.set(key, cached, KEPT_SECONDS)
        return cached


def _hide_small_parts(rows: list[CutRow], own: Mapping[str, tuple[int, int]]) -> list[CutRow]:
    """Leave out the lines that would disclose single leads, and the money of few won ones."""
    hidden = {row[0]: row[2] - own.get(row[0], (0, 0))[0] for row in rows}
    few = few_keys(hidden)
    return [
        (key, name, leads, won, None if is_too_few(won - own.get(key, (0, 0))[1]) else worth)
        for key, name, leads, won, worth in rows
        if key not in few
    ]
