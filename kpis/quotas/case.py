"""The case of one rep: what supports and what refutes the claim that the quota is unfair, each point with its number and source.

Colleagues are shown as sums over at least five of them, over whole fiscal years, so that no quota but one's own can be told.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from typing import Literal

from core import periods
from core.formatting import format_count, format_decimal, format_percent, short_money, with_sign
from core.intervals import newcombe_interval
from core.periods import Period
from crm.readable import FEWEST
from kpis.quotas.categories import CATEGORIES, Category
from kpis.quotas.fairness import ALIKE
from kpis.quotas.peers import compare_means, merge_samples, read_given, read_territory
from kpis.quotas.report import QuotaBook, RepLine, Viewer, viewer_of
from kpis.quotas.selection import QuotaRow, select_quotas
from kpis.quotas.sentences import write_attainment
from team.models import Company, User

Side = Literal["for", "against", "unknown"]
SIDES: dict[Side, str] = {"for": "Supports the claim", "against": "Speaks against it", "unknown": "Cannot be said"}
FEWEST_CLOSED = 20
LESS = Decimal("0.8")  # of what colleagues have, for the quota
EVERYBODY = Viewer(None, None)


@dataclass(frozen=True)
class Point:
    """One point of the case."""

    side: Side
    title: str
    finding: str
    source: str

    @property
    def label(self) -> str:
        return SIDES[self.side]


@dataclass(frozen=True)
class CategoryCase:
    """One category: the rep's line, and the lines of colleagues."""

    category: Category
    line: RepLine
    peers: tuple[RepLine, ...]
    earlier: tuple[
        tuple[str, Decimal, str, Decimal], ...
    ]  # of each change in the year: version and amount before and after


class QuotaCase:
    """The case of a person in a fiscal year, as the reader may see it."""

    def __init__(self, user: User, owner: int, year: int | None = None, book: QuotaBook | None = None) -> None:
        self.book, self.viewer = book or QuotaBook(), viewer_of(user)
        self.owner = self.book.people.person(owner)
        self.user_id = self.book.user_of(self.owner)
        self.calendar = Company.get().fiscal_calendar
        self.year = self._choose_year(year)

    @property
    def is_visible(self) -> bool:
        """Whether there are quotas of this person that the reader may see."""
        return self.owner in self.book.owners and self.viewer.may_see_quota(self.user_id)

    @property
    def may_see_achieved(self) -> bool:
        return self.viewer.may_see_achieved(self.user_id)

    @property
    def shows_peers_achievement(self) -> bool:
        """Whether sums over colleagues' achievement are shown: not where only leaders may know it."""
        return self.viewer.quotas is None or Company.get().achievement != Company.Achievement.LEADERS

    @property
    def name(self) -> str:
        return str(self.book.owners[self.owner])

    @property
    def territory(self) -> str:
        territory = self.book.owners[self.owner].territory
        return territory.name if territory else ""

    @cached_property
    def years(self) -> list[int]:
        """The fiscal years in which the person has a quota whose days are over."""
        days = {
            row.start
            for row in self.book.rows
            if row.owner == self.owner and row.start and row.end and row.end < self.book.today
        }
        return sorted({self.calendar.year_of(day).year for day in days})

    def _choose_year(self, number: int | None) -> Period:
        if number is not None and number in self.years:
            return periods.year_period(number, self.calendar)
        last = periods.preset_period("last_year", self.book.today, self.calendar)
        assert last.start
        own = self.calendar.year_of(last.start).year
        chosen = own if own in self.years or not self.years else self.years[-1]
        return periods.year_period(chosen, self.calendar)

    @property
    def year_number(self) -> int:
        assert self.year.start
        return self.calendar.year_of(self.year.start).year

    @cached_property
    def categories(self) -> list[CategoryCase]:
        """The categories in which the person has a quota that can be judged."""
        return [case for category in CATEGORIES.values() if (case := self._read_category(category))]

    def _read_category(self, category: Category) -> CategoryCase | None:
        rows = select_quotas(self.book.rows, category.key, self.year, self.book.today).rows
        if not any(row.owner == self.owner for row in rows):
            return None
        achieved = self.book.read_achieved(category.key, rows)
        lines = self.book.build_lines(EVERYBODY, rows, achieved, None)
        own = next(line for line in lines if line.owner == self.owner)
        peers = tuple(line for line in lines if line.owner != self.owner)
        return CategoryCase(category, own, peers, tuple(self._list_changes(category)))

    def _list_changes(self, category: Category) -> Iterator[tuple[str, Decimal, str, Decimal]]:
        """Yield the first and the last version of quotas of the same days, summed over the spans that changed."""
        versions = select_quotas(self._own_rows, category.key, self.year, self.book.today).versions
        by_version = {
            version: {
                row.span: row.amount or Decimal(0)
                for row in select_quotas(self._own_rows, category.key, self.year, self.book.today, version).rows
            }
            for version in versions
        }
        for earlier, later in pairwise(versions):
            common = by_version[earlier].keys() & by_version[later].keys()
            if common:
                yield (
                    earlier, sum((by_version[earlier][span] for span in common), Decimal(0)), later,
                    sum((by_version[later][span] for span in common), Decimal(0)),
                )  # fmt: skip

    @cached_property
    def _own_rows(self) -> list[QuotaRow]:
        return [row for row in self.book.rows if row.owner == self.owner]

    @property
    def currency(self) -> str:
        return self.book.company.currency

    @cached_property
    def points(self) -> list[Point]:
        """All points, those that support the claim first."""
        points = [point for case in self.categories for point in self._judge_category(case)]
        if self.categories:
            points += [*self._judge_given(), self._judge_territory()]
        order = list(SIDES)
        return sorted(points, key=lambda point: order.index(point.side))

    def _judge_category(self, case: CategoryCase) -> Iterator[Point]:
        yield judge_potential(case, self.currency)
        yield judge_attainment(case, may_see=self.may_see_achieved, shows_peers=self.shows_peers_achievement)
        yield judge_versions(case, self.currency)

    def _judge_given(self) -> Iterator[Point]:
        given = read_given(self.book.facts, self.book.people, self.year)
        first = next((case for case in self.categories if case.category.key == "volume"), self.categories[0])
        peers = [line for line in first.peers if line.owner in given]
        own = given.get(self.owner)
        source = f"Per {short_money(1_000_000, self.currency)} of {first.category.name.lower()} quota, beside {format_count(len(peers))} colleagues."
        for title, name in (("Leads given", "leads"), ("Accounts", "accounts")):
            if own is None or len(peers) < FEWEST:
                yield Point("unknown", title, _too_few(len(peers)), "Hand-offs of the year and accounts of today")
                continue
            mine = getattr(own, name) / first.line.quota * 1_000_000
            theirs = (
                sum(getattr(given[line.owner], name) for line in peers) / sum(line.quota for line in peers) * 1_000_000
            )
            side: Side = "unknown" if not theirs else "for" if mine < LESS * theirs else "against"
            yield Point(
                side, title,
                f"{format_count(getattr(own, name))} {name}, {format_decimal(mine, 0)} for each {short_money(1_000_000, self.currency)} "
                f"of quota; colleagues have {format_decimal(theirs, 0)}.",
                f"{source} {'Hand-offs of the year.' if name == 'leads' else 'Accounts by their owner of today.'}",
            )  # fmt: skip
        others = merge_samples(given[line.owner].scores for line in peers)
        interval = compare_means(own.scores, others) if own and len(peers) >= FEWEST else None
        if own is None or interval is None:
            yield Point(
                "unknown",
                "Quality of leads",
                "Fewer than 20 leads with a score on either side.",
                "Scores at the hand-off",
            )
            return
        side = "for" if interval[1] < 0 else "against" if interval[0] > 0 else "unknown"
        tail = " The two cannot be told apart." if side == "unknown" else ""
        yield Point(
            side, "Quality of leads",
            f"Mean score {format_decimal(own.scores.mean, 1)} at the hand-off; of colleagues {format_decimal(others.mean, 1)}. "
            f"Difference {_interval(*interval)} with 95% confidence.{tail}",
            f"Scores at the hand-off: {format_count(own.scores.n)} leads beside {format_count(others.n)}",
        )  # fmt: skip

    def _judge_territory(self) -> Point:
        territory = self.book.owners[self.owner].territory_id
        title, source = "Territory", "Deals closed in the year by their territory, without the rep’s own"
        if territory is None:
            return Point("unknown", title, "The owner record names no territory.", source)
        here, elsewhere = read_territory(self.book.facts, territory, self.book.people.all_of(self.owner), self.year)
        if min(here.closed, elsewhere.closed) < FEWEST_CLOSED:
            return Point(
                "unknown", title,
                f"Colleagues closed {format_count(here.closed)} deals there; at least {FEWEST_CLOSED} are needed.", source,
            )  # fmt: skip
        interval = newcombe_interval((here.won, here.closed), (elsewhere.won, elsewhere.closed))
        assert interval
        side: Side = "for" if interval[1] < 0 else "against" if interval[0] > 0 else "unknown"
        tail = " The two cannot be told apart." if side == "unknown" else ""
        return Point(
            side, title,
            f"Colleagues in {self.territory} won {format_percent(here.won / here.closed)} of {format_count(here.closed)} deals, in other "
            f"territories {format_percent(elsewhere.won / elsewhere.closed)} of {format_count(elsewhere.closed)}.{tail}",
            source,
        )  # fmt: skip

    @property
    def sentence(self) -> str:
        """Say how many points are on either side; the verdict is for people."""
        if not self.categories:
            return f"{self.name} has no quota of {self.year.label} that can be judged"
        counts = {side: sum(1 for point in self.points if point.side == side) for side in SIDES}
        return (
            f"{format_count(counts['for'])} of {format_count(len(self.points))} points support the claim that the quota of "
            f"{self.name} is unfair, {format_count(counts['against'])} speak against it"
        )


def judge_potential(case: CategoryCase, currency: str) -> Point:
    """Hold potential ÷ quota against the mean of colleagues."""
    title = f"{case.category.name}: potential against quota"
    source = "Potential as imported with the quotas"
    ratios = [line.ratio for line in case.peers if line.ratio is not None]
    if case.line.ratio is None:
        return Point("unknown", title, "No potential is on record for this quota.", source)
    if len(ratios) < FEWEST:
        return Point("unknown", title, _too_few(len(ratios)), source)
    mean = sum(ratios, Decimal(0)) / len(ratios)
    side: Side = "for" if case.line.ratio < mean * (1 - Decimal(str(ALIKE))) else "against"
    return Point(
        side, title,
        f"{short_money(case.line.potential, currency)} ÷ {short_money(case.line.quota, currency)} = "
        f"{format_decimal(case.line.ratio, 2)}; the mean of {format_count(len(ratios))} colleagues is {format_decimal(mean, 2)}.",
        source,
    )  # fmt: skip


def judge_attainment(case: CategoryCase, *, may_see: bool, shows_peers: bool) -> Point:
    """A quota that was reached is not out of reach; one that few colleagues reach either may be too high for all."""
    title, source = f"{case.category.name}: attainment", case.category.rule
    own = case.line.attainment if may_see else None
    if own is None:
        return Point("unknown", title, "What was achieved is not on record, or not shown to you.", source)
    if own >= 1:
        return Point("against", title, f"The quota was reached: {write_attainment(own)}.", source)
    reached = [line.attainment >= 1 for line in case.peers if line.attainment is not None]
    if not shows_peers or len(reached) < FEWEST:
        fault = "Colleagues’ attainment is shown to leaders only." if not shows_peers else _too_few(len(reached))
        return Point("unknown", title, f"{write_attainment(own)} was reached. {fault}", source)
    share = sum(reached) / len(reached)
    sentence = f"{write_attainment(own)} was reached; {format_percent(share)} of {format_count(len(reached))} colleagues reached theirs."
    if share < 0.5:
        return Point("for", title, f"{sentence} The category may be set too high for all.", source)
    return Point("unknown", title, f"{sentence} That alone does not tell the quota from the work.", source)


def judge_versions(case: CategoryCase, currency: str) -> Point:
    """A quota that was raised during its year supports the claim."""
    title, source = f"{case.category.name}: versions in the year", "Versions of quotas of the same days"
    if not case.earlier:
        return Point("against", title, "The quota was not changed during the year.", source)
    before, after = case.earlier[0][1], case.earlier[-1][3]
    sentence = "; ".join(
        f"version {earlier or 'without a name'} {short_money(old, currency)} → version {later} {short_money(new, currency)} "
        f"({with_sign(format_percent((new - old) / old))})"
        for earlier, old, later, new in case.earlier
    )
    return Point("for" if after > before else "against", title, f"{sentence[:1].upper()}{sentence[1:]}.", source)


def _too_few(peers: int) -> str:
    return f"{format_count(peers)} colleagues can be compared; at least {FEWEST} are needed."


def _interval(low: float, high: float) -> str:
    return f"{format_decimal(low, 1)} to {format_decimal(high, 1)}"
