"""The search for loopholes: what each plan would pay for every move of every rep, all at once in arrays.

It computes in floats which move of a rep pays most; the leak that is printed is computed again by `pay_year`, exactly.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from kpis.plans import moves
from kpis.plans.moves import Move, Product
from kpis.plans.pay import Event, RepYear, Span, pay_year, sum_credit, with_events
from kpis.plans.terms import LIST, NET, PayPlan
from kpis.quotas.categories import CHURN, GROWTH, MARGIN, NEW_PRODUCTS, VOLUME

FRACTIONS = (0.25, 0.5, 0.75)
DEEPER = (Decimal("0.1"), Decimal("0.2"))  # discounts given for more volume
LARGEST = 10
LEAST = Decimal("0.01")
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
RULES = {
    "threshold": "the threshold", "accelerator": "the higher rate above quota", "cap": "the cap", "bonus": "the bonus for each deal",
    "discount": "the discount rule", "credit": "crediting the price before discount", "weights": "the share for other categories",
    "period": "pay by period, with a new start in each",
}  # fmt: skip


@dataclass(frozen=True)
class Leak:
    """The most that a rep can gain without the company gaining anything, and the rule without which it is smallest."""

    rep: RepYear
    move: Move
    before: Decimal
    after: Decimal
    rule: str

    @property
    def amount(self) -> Decimal:
        return self.after - self.before


@dataclass
class _Deals:
    """The deals of all reps, a row each."""

    events: list[Event]
    rep: Ints
    period: Ints
    day: Ints
    amount: Floats
    listed: Floats
    cost: Floats
    is_new: Bools
    account: Ints
    product: Ints


@dataclass
class _Trials:
    """Moves of one kind: what they change in up to two periods; `second` is −1 where only one is touched."""

    kind: str
    deal: Ints
    other: Ints
    day: Ints
    value: Floats  # the part split off, the discount, or the position of the product
    first: Ints
    first_credits: Floats
    first_bonus: Floats
    second: Ints
    second_credits: Floats
    second_bonus: Floats


class PlanBoard:
    """All reps under one plan: credits, quotas and pay by period."""

    def __init__(self, reps: Sequence[RepYear], plan: PayPlan, spans: Sequence[Span]) -> None:
        self.reps, self.plan, self.spans = reps, plan, spans
        self.categories = tuple(plan.weights)
        self.weights = np.array([float(plan.weights[name]) for name in self.categories])
        self.starts = np.array([span[0].toordinal() for span in spans])
        self.ends = np.array([span[1].toordinal() for span in spans])
        self.deals = _read_deals(reps, self.starts, self.ends)
        deals = self.deals
        shape = (len(reps), len(spans), len(self.categories))
        self.quotas = np.zeros(shape)
        self.credits = np.zeros(shape)
        for r, rep in enumerate(reps):
            for p, span in enumerate(spans):
                for c, name in enumerate(self.categories):
                    self.quotas[r, p, c] = float(rep.quota(name, span))
                    if name in (CHURN, GROWTH):
                        self.credits[r, p, c] = float(sum_credit(rep, plan, name, span, ()))
        self.values = self.credit(deals.amount, deals.listed, deals.cost, deals.is_new)
        self.has_bonus = self.counts_bonus(deals.amount)
        np.add.at(self.credits, (deals.rep, deals.period), self.values)
        self.bonuses = np.zeros(shape[:2])
        np.add.at(self.bonuses, (deals.rep, deals.period), self.has_bonus)

    def credit(self, amount: Floats, listed: Floats, cost: Floats, is_new: Bools) -> Floats:
        """Return what deals count in each category: a row for each deal."""
        plan = self.plan
        share = np.ones_like(amount)
        if plan.discount_limit is not None:
            discount = np.divide(listed - amount, listed, out=np.zeros_like(amount), where=listed > 0)
            share[discount > float(plan.discount_limit) + 1e-9] = float(plan.discount_factor)
        volume = (listed if plan.credit == LIST else amount) * share
        columns = {
            VOLUME: volume, GROWTH: volume, NEW_PRODUCTS: np.where(is_new, volume, 0.0),
            MARGIN: np.where(np.isnan(cost), 0.0, amount - np.nan_to_num(cost)) * share, CHURN: np.zeros_like(amount),
        }  # fmt: skip
        return np.stack([columns[name] for name in self.categories], axis=-1)

    def counts_bonus(self, amount: Floats) -> Floats:
        return (amount >= float(self.plan.bonus_from)).astype(float)

    def pay(self, credits: Floats, quotas: Floats, bonuses: Floats) -> Floats:
        """Return the pay of periods: a row of credits and quotas by category for each."""
        plan, part = self.plan, float(self.plan.variable) / self.plan.periods
        attained = np.divide(credits, quotas, out=np.zeros_like(credits), where=quotas > 0)
        curve = np.where(attained <= 1, attained, 1 + (attained - 1) * float(plan.accelerator))
        curve = np.where((attained < float(plan.threshold) - 1e-12) | (attained <= 0), 0.0, curve)
        total = part * (curve @ self.weights) + float(plan.bonus) * bonuses
        return np.minimum(total, float(plan.cap) * part) if plan.cap is not None else total

    def pay_all(self) -> Floats:
        """Return the pay of each rep in each period."""
        return self.pay(self.credits, self.quotas, self.bonuses)

    def gains(self, trials: _Trials) -> Floats:
        """Return what each move adds to the pay of its rep."""
        rep = self.deals.rep[trials.deal]
        gain = self._gain(rep, trials.first, trials.first_credits, trials.first_bonus)
        has_second = trials.second >= 0
        gain[has_second] += self._gain(
            rep[has_second],
            trials.second[has_second],
            trials.second_credits[has_second],
            trials.second_bonus[has_second],
        )
        return gain

    def _gain(self, rep: Ints, period: Ints, credits: Floats, bonus: Floats) -> Floats:
        before, quotas, bonuses = self.credits[rep, period], self.quotas[rep, period], self.bonuses[rep, period]
        return self.pay(before + credits, quotas, bonuses + bonus) - self.pay(before, quotas, bonuses)

    # The moves

    def list_trials(self, products: Sequence[Product]) -> Iterator[_Trials]:
        for to_later in (False, True):
            day, period, is_near = self._over_edge(to_later=to_later)
            yield from self._shifts_and_splits(day, period, is_near)
        if self.plan.bonus:
            yield self._halves()
        yield from self._merges()
        if self.plan.credit == LIST:
            yield from self._deeper_discounts()
        if self.plan.discount_limit is not None:
            yield from self._moved_discounts()
        yield from self._swaps(products)

    def _over_edge(self, *, to_later: bool) -> tuple[Ints, Ints, Bools]:
        """Return for each deal the nearest day in the period before or after, that period, and whether it is near enough."""
        deals = self.deals
        period = deals.period + (1 if to_later else -1)
        exists = (period >= 0) & (period < len(self.spans))
        safe = np.where(exists, period, 0)
        day = self.starts[safe] if to_later else self.ends[safe]
        return day, safe, exists & (np.abs(day - deals.day) <= moves.MOST_DAYS) & (deals.amount > 0)

    def _shifts_and_splits(self, day: Ints, period: Ints, is_near: Bools) -> Iterator[_Trials]:
        deals, rows = self.deals, np.flatnonzero(is_near)
        amount = deals.amount[rows]
        home, other = deals.period[rows], period[rows]
        parts = [amount, *(amount * fraction for fraction in FRACTIONS), *self._exact_parts(rows, other)]
        for position, part in enumerate(parts):
            part = np.round(part, 2)
            is_valid = (part > 0) & (part < amount) if position else np.ones(len(rows), dtype=bool)
            valid, part, own = rows[is_valid], part[is_valid], amount[is_valid]
            share = (part / own)[:, None] * self.values[valid]
            rest = own - part
            rest_bonus = np.where(rest > 0.004, self.counts_bonus(rest), 0.0)
            yield _Trials(
                moves.SPLIT if position else moves.SHIFT, valid, np.full(len(valid), -1), day[valid], part,
                home[is_valid], -share, rest_bonus - self.has_bonus[valid], other[is_valid], share, self.counts_bonus(part),
            )  # fmt: skip

    def _exact_parts(self, rows: Ints, other: Ints) -> Iterator[Floats]:
        """Yield how much of each deal the other period needs, or its own can spare, to just reach threshold or quota of volume."""
        if VOLUME not in self.categories:
            return
        column, deals = self.categories.index(VOLUME), self.deals
        rep, home = deals.rep[rows], deals.period[rows]
        values = self.values[rows, column]
        rate = np.divide(values, deals.amount[rows], out=np.full(len(rows), np.nan), where=values > 0)
        for level in sorted({float(self.plan.threshold), 1.0} - {0.0}):
            for period, sign in ((other, 1.0), (home, -1.0)):
                gap = level * self.quotas[rep, period, column] - self.credits[rep, period, column]
                part = np.nan_to_num(sign * gap / rate, nan=-1.0)
                yield np.ceil(part * 100) / 100 if sign > 0 else np.floor(part * 100) / 100

    def _halves(self) -> _Trials:
        deals = self.deals
        rows = np.flatnonzero(deals.amount >= 0.02)
        part = np.round(deals.amount[rows] / 2, 2)
        bonus = self.counts_bonus(part) + self.counts_bonus(deals.amount[rows] - part) - self.has_bonus[rows]
        return self._in_one_period(moves.SPLIT, rows, np.zeros((len(rows), len(self.categories))), bonus, part)

    def _in_one_period(
        self, kind: str, rows: Ints, credits: Floats, bonus: Floats, value: Floats, other: Ints | None = None
    ) -> _Trials:
        nothing, none = np.zeros_like(credits), np.full(len(rows), -1)
        day, period = self.deals.day[rows], self.deals.period[rows]
        other = none if other is None else other
        return _Trials(kind, rows, other, day, value, period, credits, bonus, none, nothing, np.zeros(len(rows)))

    def _merges(self) -> Iterator[_Trials]:
        """Yield neighbours in time of one rep, account and product."""
        deals = self.deals
        order = np.lexsort((deals.day, deals.product, deals.account, deals.rep))
        first, second = order[:-1], order[1:]
        keys = (deals.rep, deals.account, deals.product, deals.is_new)
        is_pair = (
            np.logical_and.reduce([key[first] == key[second] for key in keys]) if len(order) > 1 else np.zeros(0, bool)
        )
        if len(order) > 1:
            is_pair &= (deals.account[first] > 0) & (deals.day[second] - deals.day[first] <= moves.MOST_DAYS)
        first, second = first[is_pair], second[is_pair]
        total = deals.amount[first] + deals.amount[second]
        cost = deals.cost[first] + deals.cost[second]
        merged = self.credit(total, deals.listed[first] + deals.listed[second], cost, deals.is_new[first])
        for stays, goes in ((first, second), (second, first)):
            home, other = deals.period[stays], deals.period[goes]
            is_same = home == other
            lost = np.where(is_same[:, None], self.values[goes], 0.0)
            bonus = self.counts_bonus(total) - self.has_bonus[stays] - np.where(is_same, self.has_bonus[goes], 0.0)
            yield _Trials(
                moves.MERGE, stays, goes, deals.day[stays], np.zeros(len(stays)), home, merged - self.values[stays] - lost,
                bonus, np.where(is_same, -1, other), -self.values[goes], -self.has_bonus[goes],
            )  # fmt: skip

    def _deeper_discounts(self) -> Iterator[_Trials]:
        deals, rows = self.deals, np.flatnonzero(self.deals.amount > 0)
        for discount in DEEPER:
            listed = deals.listed[rows] / (1 - float(discount))
            values = self.credit(deals.amount[rows], listed, deals.cost[rows], deals.is_new[rows])
            value = np.full(len(rows), float(discount))
            yield self._in_one_period(moves.DISCOUNT, rows, values - self.values[rows], np.zeros(len(rows)), value)

    def _moved_discounts(self) -> Iterator[_Trials]:
        """Yield each deal over the limit with the largest other one over it in the same period."""
        deals, limit = self.deals, float(self.plan.discount_limit or 0)
        over = np.flatnonzero((deals.listed - deals.amount) > limit * deals.listed + 1e-6)
        partners: dict[tuple[int, int], list[int]] = {}
        for i in sorted(over, key=lambda i: -deals.amount[i]):
            partners.setdefault((int(deals.rep[i]), int(deals.period[i])), []).append(int(i))
        pairs = [
            (i, next(j for j in group if j != i)) for group in partners.values() if len(group) > 1 for i in group
        ]  # fmt: skip
        if not pairs:
            return
        rows, other = (np.array(side) for side in zip(*pairs, strict=True))
        amount = np.ceil(deals.listed[rows] * (1 - limit) * 100 - 1e-6) / 100
        rest = deals.amount[other] - (amount - deals.amount[rows])
        is_valid = (rest > 0) & (amount > deals.amount[rows])
        rows, other, amount, rest = rows[is_valid], other[is_valid], amount[is_valid], rest[is_valid]
        values = self.credit(amount, deals.listed[rows], deals.cost[rows], deals.is_new[rows])
        others = self.credit(rest, deals.listed[other], deals.cost[other], deals.is_new[other])
        bonus = self.counts_bonus(amount) + self.counts_bonus(rest) - self.has_bonus[rows] - self.has_bonus[other]
        credits = values + others - self.values[rows] - self.values[other]
        yield self._in_one_period(moves.DISCOUNT, rows, credits, bonus, np.zeros(len(rows)), other)

    def _swaps(self, products: Sequence[Product]) -> Iterator[_Trials]:
        """Yield each deal as one of a new product, where the plan pays for these, or of the one with the best margin."""
        if not {NEW_PRODUCTS, MARGIN} & set(self.categories):
            return
        deals, rows = self.deals, np.flatnonzero(self.deals.amount > 0)
        for position, product in enumerate(products):
            begins = product.new_from.toordinal() if product.new_from else 1
            ends = product.new_until.toordinal() if product.new_until else 0
            is_new = (deals.day[rows] >= begins) & (deals.day[rows] < ends)
            rate = np.nan if product.cost_rate is None else float(product.cost_rate)
            values = self.credit(deals.amount[rows], deals.listed[rows], deals.amount[rows] * rate, is_new)
            value = np.full(len(rows), float(position))
            yield self._in_one_period(moves.MIX, rows, values - self.values[rows], np.zeros(len(rows)), value)


def _read_deals(reps: Sequence[RepYear], starts: Ints, ends: Ints) -> _Deals:
    rows = [(r, event) for r, rep in enumerate(reps) for event in rep.events]
    day = np.array([event.day.toordinal() for _, event in rows], dtype=np.int64)
    period = np.searchsorted(starts, day, side="right") - 1
    events = [event for _, event in rows]

    def column(name: str, kind: Any) -> Any:
        return np.array([getattr(event, name) for event in events], dtype=kind)

    cost = np.array([np.nan if event.cost is None else float(event.cost) for event in events])
    return _Deals(
        events, np.array([r for r, _ in rows], dtype=np.int64), period, day, column("amount", float), column("listed", float),
        cost, column("is_new", bool), column("account", np.int64), column("product", np.int64),
    )  # fmt: skip


def find_leaks(
    reps: Sequence[RepYear], plan: PayPlan, spans: Sequence[Span], products: Sequence[Product] = (),
    spans_of: Mapping[str, Sequence[Span]] | None = None, largest: int = LARGEST,
) -> list[Leak]:  # fmt: skip
    """Return the largest leaks, one for each rep at most: the move that pays the rep most, with what it pays, exactly."""
    board = PlanBoard(reps, plan, spans)
    if not board.deals.events:
        return []
    trial_products = moves.best_products(products, for_margin=MARGIN in plan.weights)
    best: dict[int, tuple[float, _Trials, int]] = {}
    for trials in board.list_trials(trial_products):
        if not len(trials.deal):
            continue
        gains, rep = board.gains(trials), board.deals.rep[trials.deal]
        order = np.lexsort((gains, rep))
        last = np.flatnonzero(np.append(rep[order][1:] != rep[order][:-1], True))
        for row in order[last]:
            r, gain = int(rep[row]), float(gains[row])
            if gain > best.get(r, (0.004, trials, 0))[0]:
                best[r] = (gain, trials, int(row))
    ranked = sorted(best.items(), key=lambda item: -item[1][0])[:largest]
    leaks = []
    for r, (_, trials, row) in ranked:
        move = _build_move(board, trials, row, trial_products)
        leak = move and _weigh(reps[r], plan, spans, move, spans_of or {})
        if leak and leak.amount >= LEAST:
            leaks.append(leak)
    return sorted(leaks, key=lambda leak: -leak.amount)


def _build_move(board: PlanBoard, trials: _Trials, row: int, products: Sequence[Product]) -> Move | None:
    """Return the move behind a row of the arrays, exact."""
    events, day, value = board.deals.events, date.fromordinal(int(trials.day[row])), float(trials.value[row])
    event = events[int(trials.deal[row])]
    other = events[int(trials.other[row])] if trials.other[row] >= 0 else None
    if trials.kind == moves.SHIFT:
        return moves.shift_deal(event, day)
    if trials.kind == moves.SPLIT:
        return moves.split_deal(event, Decimal(str(round(value, 2))), day)
    if trials.kind == moves.MERGE:
        assert other
        return moves.merge_deals(event, other, day)
    if trials.kind == moves.MIX:
        return moves.swap_product(event, products[int(value)])
    if other and board.plan.discount_limit is not None:
        return moves.move_discount(event, other, board.plan.discount_limit)
    return moves.deepen_discount(event, Decimal(str(value)))


def _weigh(
    rep: RepYear, plan: PayPlan, spans: Sequence[Span], move: Move, spans_of: Mapping[str, Sequence[Span]]
) -> Leak:
    changed = with_events(rep, move.removed, move.added)
    before, after = pay_year(rep, plan, spans).total, pay_year(changed, plan, spans).total
    gains = {
        rule: pay_year(changed, other, its).total - pay_year(rep, other, its).total
        for rule, other, its in _plans_without(plan, spans, spans_of)
    }
    rule = min(gains, key=lambda name: gains[name]) if gains else ""
    return Leak(rep, move, before, after, rule if rule and gains[rule] < after - before else "")


def _plans_without(
    plan: PayPlan, spans: Sequence[Span], spans_of: Mapping[str, Sequence[Span]]
) -> Iterator[tuple[str, PayPlan, Sequence[Span]]]:
    """Yield the plan without each of its rules in turn."""
    if plan.threshold:
        yield "threshold", replace(plan, threshold=Decimal(0)), spans
    if plan.accelerator != 1:
        yield "accelerator", replace(plan, accelerator=Decimal(1)), spans
    if plan.cap is not None:
        yield "cap", replace(plan, cap=None), spans
    if plan.bonus:
        yield "bonus", replace(plan, bonus=Decimal(0)), spans
    if plan.discount_limit is not None:
        yield "discount", replace(plan, discount_limit=None), spans
    if plan.credit == LIST:
        yield "credit", replace(plan, credit=NET), spans
    if len(plan.weights) > 1 and VOLUME in plan.weights:
        yield "weights", replace(plan, weights={VOLUME: Decimal(1)}), spans
    if plan.period != "year" and "year" in spans_of:
        yield "period", replace(plan, period="year"), spans_of["year"]
