"""The report of quota fairness: the reps whose quotas the reader may see, with potential, what was achieved, and the audit."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from core.periods import Period
from crm.models import Owner
from crm.people import People, read_people
from facts.engine import Facts, open_facts
from facts.plain_rows import plain_rows
from kpis.quotas.achieved import Achieved, Span, read_achieved, today_of
from kpis.quotas.audit import RepFigures, Rule, Statistics, audit_quotas, compute_statistics
from kpis.quotas.categories import CATEGORIES, VOLUME, Category, find_category
from kpis.quotas.fairness import is_alike
from kpis.quotas.potential import read_yearly_potential, share_by_days
from kpis.quotas.selection import QuotaRow, Selection, select_quotas
from team.access import SEES_ALL, achievement_ids, own_ids
from team.models import Company, User

IMPORTED, COMPUTED = "imported", "computed"
POTENTIALS = {IMPORTED: "Imported potential", COMPUTED: "Computed potential"}


@dataclass(frozen=True)
class QuotaQuestion:
    """What the page is asked: a category, a period, a version (None: the last of each), and which potential."""

    category: str
    period: Period
    version: str | None = None
    potential: str = IMPORTED


@dataclass(frozen=True)
class RepLine:
    """One rep in the category: the sum of the quotas in the period, and what they are held against."""

    owner: int  # the record that represents the person
    user: int | None
    name: str
    territory: str
    rows: tuple[QuotaRow, ...]
    quota: Decimal
    potential: Decimal | None
    achieved: Decimal | None
    may_see_achieved: bool = True
    is_alike: bool | None = None  # potential ÷ quota within ±10 % of the mean; None without a verdict

    @property
    def attainment(self) -> Decimal | None:
        return self.achieved / self.quota if self.achieved is not None else None

    @property
    def ratio(self) -> Decimal | None:
        """Potential ÷ quota."""
        return self.potential / self.quota if self.potential is not None and self.potential > 0 else None

    @property
    def days(self) -> Span:
        return min(row.span[0] for row in self.rows), max(row.span[1] for row in self.rows)

    @property
    def figures(self) -> RepFigures:
        return RepFigures(
            float(self.quota), float(self.attainment) if self.attainment is not None else None,
            float(self.potential) if self.potential is not None else None,
        )  # fmt: skip


@dataclass(frozen=True)
class VersionChange:
    """One rep on the same days under an earlier and a later version."""

    line: RepLine
    before: Decimal
    after: Decimal
    achieved: Decimal | None

    @property
    def change(self) -> Decimal:
        return (self.after - self.before) / self.before

    @property
    def attainment_before(self) -> Decimal | None:
        return self.achieved / self.before if self.achieved is not None else None

    @property
    def attainment_after(self) -> Decimal | None:
        return self.achieved / self.after if self.achieved is not None else None


@dataclass(frozen=True)
class VersionComparison:
    """Two versions over the quotas that have the same person and days in both."""

    earlier: str
    later: str
    changes: tuple[VersionChange, ...]

    @property
    def before(self) -> Decimal:
        return sum((change.before for change in self.changes), Decimal(0))

    @property
    def after(self) -> Decimal:
        return sum((change.after for change in self.changes), Decimal(0))

    @property
    def change(self) -> Decimal:
        return (self.after - self.before) / self.before


@dataclass(frozen=True)
class FairnessReport:
    """All that the page, the API and the CSV say."""

    question: QuotaQuestion
    lines: tuple[RepLine, ...]
    selection: Selection
    achieved_left_out: Mapping[str, int]
    statistics: Statistics
    rules: tuple[Rule, ...]
    comparison: VersionComparison | None
    potential: str  # imported, computed, or empty where there is none
    currency: str
    as_of: datetime | None
    sees_all: bool

    @property
    def category(self) -> Category:
        return CATEGORIES[self.question.category]

    @property
    def quota(self) -> Decimal:
        return sum((line.quota for line in self.lines), Decimal(0))

    @cached_property
    def achieved(self) -> Decimal | None:
        known = [line.achieved for line in self.lines if line.achieved is not None]
        return sum(known, Decimal(0)) if len(known) == len(self.lines) else None


@dataclass(frozen=True)
class Viewer:
    """Whose quotas and whose achievement a reader may see; None: everybody's.

    A quota is one's own and one's reports'. Achievement against it is one's own too, and beyond that as the company has decided.
    """

    quotas: frozenset[int] | None
    achievement: frozenset[int] | None

    def may_see_quota(self, user: int | None) -> bool:
        return self.quotas is None or user in self.quotas

    def may_see_achieved(self, user: int | None) -> bool:
        return self.achievement is None or user in self.achievement


def viewer_of(user: User) -> Viewer:
    if user.role in SEES_ALL or user.is_superuser:
        return Viewer(None, None)
    people, achieving = own_ids(user), achievement_ids(user)
    seen = people if achieving is None else (people & achieving) | {user.pk}
    return Viewer(frozenset(people), frozenset(seen))


def read_quota_rows(facts: Facts, company: Company, people: People) -> list[QuotaRow]:
    """Return all quotas on record."""
    quotas = facts.table("quotas")
    names = ["id", "owner_id", "category", "version", "starts_on", "ends_on", "amount", "potential", "currency"]
    frame = facts.execute(quotas.select(*names).order_by("id"))
    lines = plain_rows(frame)
    return [
        QuotaRow(
            int(line["id"]), people.person(int(line["owner_id"])) if line["owner_id"] else 0,
            find_category(line["category"] or ""), (line["version"] or "").strip(), _to_day(line["starts_on"]),
            _to_day(line["ends_on"]), _to_decimal(line["amount"]), _to_decimal(line["potential"]),
            (line["currency"] or "") in {"", company.currency},
        )
        for line in lines
    ]  # fmt: skip


def _to_day(value: Any) -> date | None:
    return value.date() if hasattr(value, "date") else value


def _to_decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


class QuotaBook:
    """The quotas and people of one snapshot, read once for all that a page asks of them."""

    def __init__(self, facts: Facts | None = None) -> None:
        self.facts, self.company, self.people = facts or open_facts(), Company.get(), read_people()
        self.rows = read_quota_rows(self.facts, self.company, self.people)
        self.today = today_of(self.facts)

    @cached_property
    def owners(self) -> dict[int, Owner]:
        return Owner.objects.select_related("territory").in_bulk({row.owner for row in self.rows if row.owner})

    def user_of(self, owner: int) -> int | None:
        return self.people.user_of.get(owner)

    def visible_rows(self, viewer: Viewer) -> list[QuotaRow]:
        """Return the quotas that a reader may see; those without an owner belong to nobody, so to the leaders."""
        if viewer.quotas is None:
            return self.rows
        return [row for row in self.rows if row.owner and viewer.may_see_quota(self.user_of(row.owner))]

    def select(self, viewer: Viewer, question: QuotaQuestion) -> Selection:
        rows = self.visible_rows(viewer)
        return select_quotas(rows, question.category, question.period, self.today, question.version)

    def read_achieved(self, category: str, rows: Iterable[QuotaRow]) -> Achieved:
        keys = {(record, row.span) for row in rows for record in self.people.all_of(row.owner)}
        return read_achieved(self.facts, self.company, category, keys)

    def build_lines(
        self, viewer: Viewer, rows: Sequence[QuotaRow], achieved: Achieved, yearly: Mapping[int, Decimal] | None
    ) -> list[RepLine]:
        """Return a line for each person, by name; `yearly` is the computed potential by owner record, where it is asked for."""
        by_owner: dict[int, list[QuotaRow]] = {}
        for row in rows:
            by_owner.setdefault(row.owner, []).append(row)
        lines = [self._build_line(viewer, owner, its, achieved, yearly) for owner, its in by_owner.items()]
        return sorted(lines, key=lambda line: line.name.casefold())

    def _build_line(
        self, viewer: Viewer, owner: int, rows: list[QuotaRow], achieved: Achieved, yearly: Mapping[int, Decimal] | None
    ) -> RepLine:
        record, user, records = self.owners.get(owner), self.user_of(owner), self.people.all_of(owner)
        may_see = viewer.may_see_achieved(user)
        spans = [row.span for row in rows]
        if yearly is None:
            potential = _add_potentials(rows)
        else:
            own = sum((yearly.get(pk, Decimal(0)) for pk in records), Decimal(0))
            potential = share_by_days(own, spans) if own else None
        return RepLine(
            owner, user, str(record) if record else "Deleted owner",
            record.territory.name if record and record.territory else "", tuple(rows),
            sum((row.amount or Decimal(0) for row in rows), Decimal(0)), potential,
            achieved.total(records, spans) if may_see else None, may_see,
        )  # fmt: skip


def _add_potentials(rows: Sequence[QuotaRow]) -> Decimal | None:
    """Return the imported potential; None where one of the quotas has none: a part of it would compare with the whole quota."""
    known = [row.potential for row in rows if row.potential is not None and row.potential > 0]
    return sum(known, Decimal(0)) if len(known) == len(rows) else None


def build_report(user: User, question: QuotaQuestion, book: QuotaBook | None = None) -> FairnessReport:
    """Return the report over the quotas that the reader may see."""
    book, viewer = book or QuotaBook(), viewer_of(user)
    selection = book.select(viewer, question)
    every = [row for row in book.visible_rows(viewer) if row.category == question.category and row.start and row.end]
    in_period = [row for row in every if _is_inside(row, question.period) and row.span[1] < book.today]
    achieved = book.read_achieved(question.category, in_period)
    yearly = None
    if question.potential == COMPUTED and question.category == VOLUME and selection.rows:
        first = min(row.span[0] for row in selection.rows)
        yearly = read_yearly_potential(book.facts, book.company, first)
    lines = book.build_lines(viewer, selection.rows, achieved, yearly)
    statistics = compute_statistics([line.figures for line in lines])
    mean = statistics.mean_ratio
    lines = [
        replace(line, is_alike=is_alike(float(line.ratio), mean)) if mean and line.ratio is not None else line
        for line in lines
    ]
    has_potential = any(line.potential is not None for line in lines)
    return FairnessReport(
        question, tuple(lines), selection, achieved.left_out, statistics, audit_quotas(statistics),
        _compare_versions(book, viewer, question, selection.versions, achieved), question.potential if has_potential else "",
        book.company.currency, book.facts.as_of, viewer.quotas is None,
    )  # fmt: skip


def _is_inside(row: QuotaRow, period: Period) -> bool:
    start, end = row.span
    return (period.start is None or start >= period.start) and (period.end is None or end <= period.end)


def _compare_versions(
    book: QuotaBook, viewer: Viewer, question: QuotaQuestion, versions: Sequence[str], achieved: Achieved
) -> VersionComparison | None:
    """Compare the last two versions that have quotas of the same people and days."""
    later = versions[-1] if question.version is None and versions else question.version
    if later is None or later not in versions or versions.index(later) == 0:
        return None
    earlier = versions[versions.index(later) - 1]
    rows = {version: book.select(viewer, replace(question, version=version)).rows for version in (earlier, later)}
    old = {(row.owner, row.span): row for row in rows[earlier]}
    new = {(row.owner, row.span): row for row in rows[later]}
    common = [key for key in new if key in old]
    lines = book.build_lines(viewer, [new[key] for key in common], achieved, None)
    changes = [
        VersionChange(
            line, sum((old[line.owner, row.span].amount or Decimal(0) for row in line.rows), Decimal(0)), line.quota,
            line.achieved,
        )
        for line in lines
    ]  # fmt: skip
    return VersionComparison(earlier, later, tuple(changes)) if changes else None
