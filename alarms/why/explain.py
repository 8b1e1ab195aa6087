"""Why a metric moved between two periods: parts by every dimension, links, and rows, each adding up to the change.

    explanation = explain_change("close_rate", period, period.before, user=reader)

Without a reader the company's figures are explained, as alarms need them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from django.core.exceptions import PermissionDenied

from agreements.models import Version
from alarms.why.chains import OWN, LinkChange, chain_of, decompose_chain
from alarms.why.comparison import Comparison
from alarms.why.groups import BEFORE, NOW, GroupTable
from alarms.why.movements import Movement, query_movements
from alarms.why.parts import DimensionChange, GroupTotals, decompose_dimension, rank_dimensions
from core.date_formatting import format_day
from core.dates import end_of_day, start_of_day
from core.periods import Period
from crm.readable import ReadableRows, Reader, is_limited
from facts.engine import Facts, open_facts
from kpis import visibility
from kpis.compute import scope_of
from kpis.cube import cube_dimensions
from kpis.dimensions import get_dimension
from kpis.grains import GRAINS
from kpis.query import Cut
from kpis.registry import BadCut, Metric, get_metric
from kpis.result import Part, Result
from kpis.shared_queries import choose_basis
from team.models import Company

# What became of a record: such parts of a rate say how it ended, not where it came from.
RESULTS = frozenset(
    {"outcome", "stage", "lost_reason", "is_converted", "status", "lifecycle_stage", "criterion", "given_answer", "handoff_end"}
)  # fmt: skip
LATER_RESULTS = frozenset({"outcome", "lost_reason"})  # of what was open on an evening
SIGNED_TABLES = {"handoffs": ("sla", "stage", "threshold"), "verdicts": ("stage", "threshold")}


MOST_MEDIANS = 12


@dataclass(frozen=True)
class MedianChange:
    """The median of a group before and now, for information: medians have no parts that add up."""

    key: str
    label: str
    before: Part | None
    now: Part | None


@dataclass(frozen=True)
class Explanation:
    """Why a metric moved. Without a `change` the `reason` says why there is none to explain."""

    metric: Metric
    now: Result
    before: Result
    change: Fraction | None
    reason: str = ""
    dimensions: tuple[DimensionChange, ...] = ()
    asked_alone: tuple[str, ...] = ()  # dimensions with too many parts to be asked with the others
    links: tuple[LinkChange, ...] = ()
    movements: tuple[Movement, ...] = ()
    medians: tuple[MedianChange, ...] = ()
    median_dimension: str = ""
    notes: tuple[str, ...] = ()
    whole: GroupTotals | None = None

    @property
    def is_rate(self) -> bool:
        return self.metric.is_rate

    @property
    def currency(self) -> str:
        return self.now.currency or self.before.currency

    def dimension(self, name: str) -> DimensionChange | None:
        """Return the change by a dimension, by default the one that explains most."""
        if not name:
            return self.dimensions[0] if self.dimensions else None
        return next((dimension for dimension in self.dimensions if dimension.name == name), None)

    @property
    def worth(self) -> Fraction | None:
        """Return what one whole unit of the rate is worth in money: the amount below its line now."""
        is_of_money = self.metric.unit == "percent" and self.metric.is_money and self.whole is not None
        return self.whole.now.denominator if is_of_money and self.whole else None


def explain_change(
    metric: Metric | str,
    now: Period,
    before: Period,
    *,
    user: Reader | None = None,
    where: Mapping[str, str] | None = None,
    facts: Facts | None = None,
    rows: ReadableRows | None = None,
    by: str = "",
) -> Explanation:
    """Return why the metric moved from one closed period to another.

    Args:
        by: a dimension that is wanted in any case, such as one that has too many parts to be asked with the others.

    Raises:
        BadCut, PermissionDenied: the metric has no such dimension or filter, or the reader may not see it.
    """
    metric = get_metric(metric) if isinstance(metric, str) else metric
    for name in [*([by] if by else []), *(where or {})]:
        metric.check_dimension(name)
    check_parts_exist(metric, by)
    rows = rows or (ReadableRows(user) if user else None)
    comparison = Comparison(metric, now, before, dict(where or {}), user, facts or open_facts(), rows)
    results = comparison.compute(metric.key)
    explanation = Explanation(metric, results[NOW], results[BEFORE], None, notes=tuple(_list_notes(comparison)))
    if metric.is_spread:
        return _with_medians(explanation, comparison, by or metric.default_cut)
    if reason := find_obstacle(explanation.now, explanation.before):
        return replace(explanation, reason=reason)
    if metric.factors:
        explanation = replace(explanation, change=_exact_value(explanation.now) - _exact_value(explanation.before))
        return _with_links(explanation, comparison)
    return _with_parts(explanation, comparison, by)


def check_parts_exist(metric: Metric, by: str) -> None:
    """Refuse a dimension whose parts have nothing to compare.

    Raises:
        BadCut: with the reason.
    """
    if by in GRAINS:
        raise BadCut(f"The two periods have no {by} in common. Choose another dimension than “{by}”.")
    if by == "currency" and metric.is_money:
        raise BadCut("Amounts in different currencies are not added up. Choose another dimension than “currency”.")


def find_obstacle(now: Result, before: Result) -> str:
    """Say why there is no change to explain; empty where there is one."""
    for result in (now, before):
        if result.value is None:
            return f"{result.name} has no value in {result.period.label}, so there is no change to explain."
    if now.currency != before.currency and now.n and before.n:
        return (
            f"{now.name} is in {before.currency} before and in {now.currency} now. Add exchange rates to compare them."
        )
    if not (now.n or before.n):
        return f"There are no records in {now.period.label} and in {before.period.label}."
    return ""


def _exact_value(result: Result) -> Fraction:
    """Return the figure as the exact quotient that it was rounded from."""
    if result.denominator and result.numerator is not None:
        return Fraction(result.numerator) / Fraction(result.denominator)
    return Fraction(result.value or 0)


def _list_notes(comparison: Comparison) -> list[str]:
    notes = []
    today = scope_of(comparison.now, comparison.facts).today
    if comparison.now.end and comparison.now.end >= today and not comparison.metric.is_stock:
        notes.append(f"{comparison.now.label} is not over. {comparison.before.label} is counted in full.")
    return notes + list_signed_changes(comparison.metric, comparison.before, comparison.now, comparison.user)


def list_signed_changes(metric: Metric, before: Period, now: Period, user: Reader | None) -> list[str]:
    """Say which signed definitions that the metric rests on came into force between the two periods' first and last day."""
    kinds = {kind for table in metric.tables for kind in SIGNED_TABLES.get(table, ())}
    if not kinds or not (before.start and now.end):
        return []
    zone = Company.get().zone
    versions = Version.objects.filter(
        agreement__kind__in=kinds, number__gt=1,
        in_force_at__gte=start_of_day(before.start, zone), in_force_at__lt=end_of_day(now.end, zone),
    )  # fmt: skip
    if user is not None:
        versions = versions.visible_to(user) if user.is_authenticated else versions.none()
    return [
        f"Version {version.number} of “{version.agreement}” came into force on {format_day(version.in_force_at.astimezone(zone).date())}. "
        "How much of the change comes from the new version is not known."
        for version in versions.select_related("agreement").order_by("in_force_at")
        if version.in_force_at
    ]


def _with_medians(explanation: Explanation, comparison: Comparison, by: str) -> Explanation:
    now, before = (comparison.compute_parts(period, by) for period in (comparison.now, comparison.before))
    groups = {part.key: part.label for part in (*now.parts, *before.parts) if part.n}
    news, olds = ({part.key: part for part in result.parts if part.n} for result in (now, before))
    medians = sorted(
        (MedianChange(key, label, olds.get(key), news.get(key)) for key, label in groups.items()),
        key=lambda row: -max(part.n for part in (row.before, row.now) if part),
    )
    reason = find_obstacle(explanation.now, explanation.before)
    change = None
    if not reason:
        change = Fraction(explanation.now.value or 0) - Fraction(explanation.before.value or 0)
    return replace(
        explanation, medians=tuple(medians[:MOST_MEDIANS]), median_dimension=by, change=change, reason=reason
    )


def _with_links(explanation: Explanation, comparison: Comparison) -> Explanation:
    metric, chain = explanation.metric, chain_of(explanation.metric)
    if chain is None or explanation.change is None:
        return explanation
    now, before = {OWN: explanation.now}, {OWN: explanation.before}
    for key in chain.sources:
        now[key], before[key] = comparison.compute(key)
    if len({result.is_readable_only for result in (*now.values(), *before.values())}) > 1:
        return explanation
    return replace(explanation, links=decompose_chain(metric, chain, before, now, explanation.change))


def _with_parts(explanation: Explanation, comparison: Comparison, by: str) -> Explanation:
    metric, user = explanation.metric, comparison.user
    names, asked_alone = _visible_names(comparison, by)
    within = comparison.rows if explanation.now.is_readable_only else None
    tables = GroupTable.load(comparison, names, within)
    change = _change_of(tables.whole, metric.is_rate)
    if change is None:
        return replace(explanation, reason=f"{metric.name} has no value in one of the two periods.")
    hides = user is not None and within is None and is_limited(user)
    own = GroupTable.load(comparison, names, comparison.rows) if hides else None
    dimensions = [
        decompose_dimension(name, get_dimension(name).label, tables.visible(name, own), is_rate=metric.is_rate)
        for name in names
    ]
    explanation = replace(
        explanation,
        change=change,
        whole=tables.whole,
        dimensions=rank_dimensions(
            dimensions, results=RESULTS if metric.is_rate else LATER_RESULTS if metric.is_stock else ()
        ),
        asked_alone=tuple(asked_alone),
        movements=() if hides else _find_movements(comparison, tables.currency, within),
    )
    return _with_links(explanation, comparison)


def _visible_names(comparison: Comparison, by: str) -> tuple[list[str], list[str]]:
    """Return the dimensions to ask for together, and those that are asked alone, as far as the reader may see them.

    Raises:
        PermissionDenied: `by` is none of them.
    """
    names, left_out = cube_dimensions(comparison.metric)
    names += [by] if by and by not in names else []
    alone = [name for name in left_out if name not in {by, "currency"}]
    user, rows = comparison.user, comparison.rows
    if user is None or rows is None:
        return names, alone
    seen = {name for name in (*names, *alone) if visibility.may_see_parts(user, rows, comparison.metric, name)}
    if by and by not in seen:
        raise PermissionDenied(f"You do not have permission to see the parts by “{get_dimension(by).label}”.")
    return [name for name in names if name in seen], [name for name in alone if name in seen]


def _change_of(whole: GroupTotals, is_rate: bool) -> Fraction | None:
    now, before = whole.now.value(is_rate), whole.before.value(is_rate)
    return None if now is None or before is None else now - before


def _find_movements(comparison: Comparison, currency: str, within: ReadableRows | None) -> tuple[Movement, ...]:
    if not comparison.metric.is_stock or comparison.metric.is_rate:
        return ()
    scope = scope_of(comparison.now, comparison.facts, within=within)
    measures = [choose_basis(scope, measure, Cut()) for measure in comparison.metric.measures]
    return query_movements(scope, measures[0], comparison.before, comparison.now, comparison.where, currency)
