"""What the page Market to cash is made of, as a reader may know it: the identity, the steps, and the lists of what is stuck."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import ibis

from core.periods import Period
from crm.readable import Reader
from facts import result_cache
from facts.engine import Facts
from facts.plain_rows import plain_rows
from kpis.aggregation import fold_totals
from kpis.cash.billing import LIVE, followed_deals, overdue_invoices, unmatched_invoices
from kpis.cash.lists import COLUMNS, LISTS, MISMATCHES, StuckList
from kpis.metrics.cash import issued_day, won_day
from kpis.pipeline.waterfall import currency_of, scope_for
from kpis.query import Cut, PartTotals, is_converted, select_rows
from kpis.registry import Measure, get_metric
from kpis.rows import Scope
from kpis.visibility import check_filters

CACHE_VERSION = "1"  # raise it when a remembered answer would mean something else
TERMS = ("won", "invoiced", "not_yet_due", "stalled", "short", "over")
SHOWN = 5  # rows of each list on the page itself
STEPS = (  # key, label of the step, its first and last day on a deal, the list of what waits there
    ("lead", "First touch → lead", "first_touch_on", "lead_on", ""),
    ("deal", "Lead → deal", "lead_on", "opened_on", ""),
    ("won", "Deal → won", "opened_on", "won_on", ""),
    ("invoiced", "Won → invoiced", "won_on", "first_invoiced_on", "to_invoice"),
    ("paid", "Invoiced → paid", "first_invoiced_on", "paid_on", "unpaid"),
    ("live", "Paid → live", "paid_on", "live_on", "not_live"),
    ("adopted", "Live → adopted", "live_on", "adopted_on", "not_adopted"),
)


@dataclass(frozen=True)
class CashQuestion:
    """The days on which deals were won and invoices issued, and filters by dimension."""

    period: Period
    where: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Identity:
    """Σ won = invoiced + not yet due + not invoiced + short − over, in one currency; of a customer or of all."""

    account_id: int | None
    deals: int
    won: Decimal
    invoiced: Decimal
    not_yet_due: Decimal
    stalled: Decimal
    short: Decimal
    over: Decimal

    @property
    def off(self) -> Decimal:
        return abs(self.stalled) + abs(self.short) + self.over


@dataclass(frozen=True)
class StuckRow:
    """One deal or invoice of a list."""

    record_id: int
    money: Decimal
    days: int | None
    difference: Decimal = Decimal(0)  # invoiced − won, of a deal


@dataclass(frozen=True)
class ListTotal:
    """How many rows a list has, what they are worth, how long half of them wait at least, and the largest of a mismatch."""

    key: str
    count: int
    money: Decimal
    days: float | None
    largest: tuple[StuckRow, ...] = ()


@dataclass(frozen=True)
class Step:
    """How long the deals of the period took from one point to the next."""

    key: str
    label: str
    deals: int
    days: float | None
    list_key: str


@dataclass(frozen=True)
class Cash:
    """The whole answer; `left_out` counts deals by currency without a rate, `not_compared` those that lack something."""

    currency: str
    total: Identity
    customers: tuple[Identity, ...]
    steps: tuple[Step, ...]
    lists: Mapping[str, ListTotal]
    left_out: tuple[tuple[str, int], ...]
    not_compared: int
    has_live: bool

    @property
    def mismatches(self) -> tuple[ListTotal, ...]:
        return tuple(self.lists[each.key] for each in MISMATCHES)


def check_question(user: Reader, question: CashQuestion) -> None:
    """Refuse a filter that deals or invoices do not have, or that would tell of a colleague.

    Raises:
        BadCut: with what they can be filtered by.
        PermissionDenied: a filter would show what a colleague achieved.
    """
    for name in question.where:
        get_metric("won_compared").check_dimension(name)
        get_metric("overdue_invoices").check_dimension(name)
    check_filters(user, question.where)


def read_cash(user: Reader, question: CashQuestion, facts: Facts) -> Cash:
    """Return the page's numbers; someone who may not read every buyer counts their own records alone."""
    check_question(user, question)
    scope = scope_for(user, question.period, facts)
    return result_cache.cached_answer(_address(scope, question), lambda: compute_cash(scope, question))


def _address(scope: Scope, question: CashQuestion, *more: Any) -> str:
    """Name the question under which its answer is remembered; empty for facts without a snapshot."""
    snapshot = scope.facts.snapshot
    if snapshot is None:
        return ""
    whose = scope.within.digest(("opportunities", "invoices")) if scope.within else ""
    state = (
        CACHE_VERSION,
        snapshot.pk,
        snapshot.taken_at.isoformat(),
        scope.currency,
        scope.converts,
        scope.cash,
        whose,
    )
    period = question.period
    text = repr((state, str(scope.today), period.start, period.end, sorted(question.where.items()), more))
    return "cash:" + hashlib.sha256(text.encode()).hexdigest()


def compute_cash(scope: Scope, question: CashQuestion) -> Cash:
    deals = _select(scope, question, followed_deals, "opportunities")
    deals = scope.facts.materialize("billed_deals", deals)
    customers, currency, left_out = _read_identities(scope, question, deals)
    own = deals.filter(deals.shown_in == currency)
    lists = dict(_total_lists(scope, own, followed_deals))
    for source in (overdue_invoices, unmatched_invoices):
        invoices = scope.facts.materialize(source.__name__, _select(scope, question, source, "invoices"))
        lists |= dict(_total_lists(scope, invoices.filter(invoices.shown_in == currency), source))
    steps, not_compared = _read_steps(scope, deals)
    return Cash(currency, _add_up(customers), customers, steps, lists, left_out, not_compared, _has_live_buyers(scope))


def _has_live_buyers(scope: Scope) -> bool:
    moves = scope.table("moves")
    return bool(len(scope.facts.execute(moves.filter(moves.stage == LIVE).select("id").limit(1))))


def _select(scope: Scope, question: CashQuestion, source: Callable[[Scope], Any], table: str) -> Any:
    """Return the rows of the period inside the filters: id, the columns that lists need, and the currency they are in."""
    day = won_day if table == "opportunities" else issued_day
    measure = Measure(table, day=day, is_money=True, source=source)
    names = COLUMNS[source]
    builds = [lambda row, name=name: row[name] for name in names]
    rows, row = select_rows(scope, measure, Cut("", dict(question.where)), [*builds, currency_of])
    shown_in = ibis.coalesce(currency_of(row), ibis.literal(scope.currency))
    return rows.select("id", *names, shown_in=shown_in)


def _read_identities(
    scope: Scope, question: CashQuestion, deals: Any
) -> tuple[tuple[Identity, ...], str, tuple[tuple[str, int], ...]]:
    compared = deals.filter(deals.is_compared)
    sums = compared.group_by("account_id", "shown_in").aggregate(
        deals=compared.count(), won=compared.amount.sum(), **{name: compared[name].sum() for name in TERMS[1:]}
    )
    lines = plain_rows(scope.facts.execute(sums))
    totals = [PartTotals(currency=line["shown_in"], n=int(line["deals"])) for line in lines]
    folded = fold_totals(totals, scope.currency, converts=is_converted(scope, Cut("", dict(question.where))))
    customers = (
        Identity(
            None if line["account_id"] is None else int(line["account_id"]),
            int(line["deals"]),
            *(_money(line[name]) for name in TERMS),
        )
        for line in lines
        if line["shown_in"] == folded.currency
    )
    ordered = sorted(customers, key=lambda each: (-each.off, -each.won, each.account_id or 0))
    return tuple(ordered), folded.currency, tuple(sorted(folded.left_out.items()))


def _add_up(customers: Iterable[Identity]) -> Identity:
    rows = list(customers)
    zero = Decimal("0.00")
    sums = {name: sum((getattr(row, name) for row in rows), zero) for name in TERMS}
    return Identity(None, sum(row.deals for row in rows), **sums)


def _total_lists(scope: Scope, rows: Any, source: Callable[[Scope], Any]) -> Iterable[tuple[str, ListTotal]]:
    """Yield the totals of all lists of one source, from one question."""
    lists = [each for each in LISTS.values() if each.source is source]
    today = ibis.literal(scope.today)
    sums: dict[str, Any] = {}
    for each in lists:
        keep = each.keep(rows).fill_null(False)
        sums |= {
            f"{each.key}_n": keep.cast("int64").sum().fill_null(0),
            f"{each.key}_money": keep.ifelse(each.money(rows), 0).sum().fill_null(0),
            f"{each.key}_days": each.days(rows, today).median(where=keep),
        }
    line = plain_rows(scope.facts.execute(rows.aggregate(**sums)))[0]
    for each in lists:
        days, n = line[f"{each.key}_days"], int(line[f"{each.key}_n"])
        largest = _read_rows(scope, rows, each, SHOWN) if each.is_mismatch and n else ()
        money = _money(line[f"{each.key}_money"])
        yield each.key, ListTotal(each.key, n, money, None if days is None else float(days), largest)


def _read_steps(scope: Scope, deals: Any) -> tuple[tuple[Step, ...], int]:
    """Return the steps of the won deals, and how many deals cannot be compared."""
    sums: dict[str, Any] = {
        "not_compared": (~deals.is_compared).cast("int64").sum().fill_null(0),
    }
    for key, _, start, end, _ in STEPS:
        days = deals[end].delta(deals[start], unit="day")
        known = (days >= 0).fill_null(False)
        sums |= {f"{key}_n": known.cast("int64").sum().fill_null(0), f"{key}_days": days.median(where=known)}
    line = plain_rows(scope.facts.execute(deals.aggregate(**sums)))[0]
    steps = tuple(
        Step(
            key,
            label,
            int(line[f"{key}_n"]),
            None if line[f"{key}_days"] is None else float(line[f"{key}_days"]),
            waiting,
        )
        for key, label, _, _, waiting in STEPS
    )
    return steps, int(line["not_compared"])


def read_list(user: Reader, question: CashQuestion, key: str, currency: str, facts: Facts) -> tuple[StuckRow, ...]:
    """Return the rows of a list in the currency of the page, the most money first.

    Raises:
        KeyError: there is no such list.
    """
    check_question(user, question)
    scope, chosen = scope_for(user, question.period, facts), LISTS[key]
    address = _address(scope, question, key, currency)
    return result_cache.cached_answer(address, lambda: find_rows(scope, question, chosen, currency))


def find_rows(scope: Scope, question: CashQuestion, chosen: StuckList, currency: str) -> tuple[StuckRow, ...]:
    rows = _select(scope, question, chosen.source, chosen.table)
    return _read_rows(scope, rows.filter(rows.shown_in == currency), chosen)


def _read_rows(scope: Scope, rows: Any, chosen: StuckList, limit: int | None = None) -> tuple[StuckRow, ...]:
    rows = rows.filter(chosen.keep(rows).fill_null(False))
    is_deal = chosen.table == "opportunities"
    lines = rows.select(
        "id",
        money=chosen.money(rows).cast("decimal(38,2)"),
        days=chosen.days(rows, ibis.literal(scope.today)),
        difference=(rows.over - rows.short) if is_deal else ibis.literal(0),
    )
    lines = lines.order_by([lines.money.abs().desc(), lines.id])
    frame = scope.facts.execute(lines.limit(limit) if limit is not None else lines)
    return tuple(
        StuckRow(
            int(line["id"]),
            _money(line["money"]),
            None if line["days"] is None else int(line["days"]),
            _money(line["difference"]),
        )
        for line in plain_rows(frame)
    )


def _money(value: Any) -> Decimal:
    return Decimal(str(value or 0)).quantize(Decimal("0.01"))
