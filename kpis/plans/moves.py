"""The moves by which a rep could be paid more for the same business. Pure and exact; `search.py` finds the best of them.

Every move leaves the revenue of the company in the year as it is, to the cent.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

from kpis.plans.pay import CENT, Event

MOST_DAYS = 30
SHIFT, SPLIT, MERGE, DISCOUNT, MIX = "shift", "split", "merge", "discount", "mix"
NAMES = {
    SHIFT: "Close a deal earlier or later", SPLIT: "Split a deal in two", MERGE: "Merge two deals",
    DISCOUNT: "Trade discount for volume", MIX: "Sell another product for the same amount",
}  # fmt: skip
EQUAL_REVENUE = {
    SHIFT: "The same deal at the same amount closes at most 30 days earlier or later, over the edge of a pay period of the same year.",
    SPLIT: "The two parts add up to the deal; both are on its day, or one is over an edge, at most 30 days away.",
    MERGE: "The merged deal is the sum of two deals of one account and product that are at most 30 days apart, on the day of either.",
    DISCOUNT: "The customers pay the same in all: more is delivered for it, or the discount of one deal is given on another.",
    MIX: "The amount is the same; it is the product that differs, with its usual cost.",
}  # fmt: skip


@dataclass(frozen=True)
class Product:
    """A product that could be sold instead: its usual cost for each unit of amount, and within which days it is new."""

    pk: int
    name: str = ""
    cost_rate: Decimal | None = None
    new_from: date | None = None
    new_until: date | None = None  # the first day on which it is not new any more

    def is_new_on(self, day: date) -> bool:
        return self.new_from is not None and self.new_until is not None and self.new_from <= day < self.new_until


@dataclass(frozen=True)
class Move:
    """One move: the deals that go, and those that come in their place."""

    kind: str
    removed: tuple[Event, ...]
    added: tuple[Event, ...]

    @property
    def is_equal_revenue(self) -> bool:
        return sum(event.amount for event in self.removed) == sum(event.amount for event in self.added)


def shift_deal(event: Event, day: date) -> Move:
    return Move(SHIFT, (event,), (replace(event, day=day),))


def cut_event(event: Event, part: Decimal) -> tuple[Event, Event] | None:
    """Return the deal as two, the first of the given amount; None where one of them would be nothing."""
    part = part.quantize(CENT, ROUND_HALF_UP)
    if not 0 < part < event.amount:
        return None
    share = part / event.amount
    listed = (event.listed * share).quantize(CENT, ROUND_HALF_UP)
    cost = None if event.cost is None else (event.cost * share).quantize(CENT, ROUND_HALF_UP)
    rest_of_cost = None if event.cost is None or cost is None else event.cost - cost
    rest = replace(event, amount=event.amount - part, listed=event.listed - listed, cost=rest_of_cost)
    return replace(event, amount=part, listed=listed, cost=cost), rest


def split_deal(event: Event, part: Decimal, day: date) -> Move | None:
    """Split a part off and close it on the day, which may be the deal's own."""
    both = cut_event(event, part)
    return Move(SPLIT, (event,), (replace(both[0], day=day), both[1])) if both else None


def merge_deals(first: Event, second: Event, day: date) -> Move:
    cost = None if first.cost is None or second.cost is None else first.cost + second.cost
    merged = replace(
        first, day=day, amount=first.amount + second.amount, listed=first.listed + second.listed, cost=cost,
        name=f"{first.name} + {second.name}",
    )  # fmt: skip
    return Move(MERGE, (first, second), (merged,))


def deepen_discount(event: Event, discount: Decimal) -> Move:
    """Deliver more for the same money: the list price grows so that the discount is deeper by this share."""
    listed = (event.listed / (1 - discount)).quantize(CENT, ROUND_HALF_UP)
    return Move(DISCOUNT, (event,), (replace(event, listed=listed),))


def move_discount(event: Event, other: Event, limit: Decimal) -> Move | None:
    """Give so much of a deal's discount on another deal that its own is not over the limit; None where the other is too small."""
    amount = (event.listed * (1 - limit)).quantize(CENT, ROUND_CEILING)
    rest = other.amount - (amount - event.amount)
    if amount <= event.amount or rest <= 0:
        return None
    return Move(DISCOUNT, (event, other), (replace(event, amount=amount), replace(other, amount=rest)))


def swap_product(event: Event, product: Product) -> Move:
    cost = None if product.cost_rate is None else (event.amount * product.cost_rate).quantize(CENT, ROUND_HALF_UP)
    return Move(
        MIX, (event,), (replace(event, product=product.pk, cost=cost, is_new=product.is_new_on(event.day)),)
    )  # fmt: skip


def best_products(products: Sequence[Product], *, for_margin: bool) -> list[Product]:
    """Return the products worth a trial: those that are new within some days, and the one with the best margin."""
    trials = [product for product in products if product.new_from is not None]
    priced = [product for product in products if product.cost_rate is not None]
    if for_margin and priced:
        trials.append(min(priced, key=lambda product: (product.cost_rate, product.pk)))
    return list(dict.fromkeys(trials))
