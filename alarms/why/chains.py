"""The links that a metric is the product of: revenue is the number of deals times their average."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from alarms.why.parts import round_parts
from core.decomposition import decompose_product
from kpis.registry import Metric
from kpis.result import Result

OWN = ""  # the result of the metric itself
STEPS = {"money": Decimal("0.01"), "percent": Decimal("0.000001"), "count": Decimal("0.000001")}
Read = Callable[[Mapping[str, Result]], Fraction | None]


@dataclass(frozen=True)
class Link:
    """A factor of a metric; a divisor makes it smaller. `metric` has a page of its own."""

    label: str
    unit: str
    read: Read
    is_divisor: bool = False
    metric: str = ""


@dataclass(frozen=True)
class Chain:
    """Links whose product, less `less`, is the metric; `sources` are the other metrics they are read from."""

    links: tuple[Link, ...]
    sources: tuple[str, ...] = ()
    less: int = 0


@dataclass(frozen=True)
class LinkChange:
    """What a link did to the change of the metric."""

    link: Link
    before: Fraction
    now: Fraction
    part: Decimal


NAMES = {"opportunities": "deals", "handoffs": "hand-offs"}


def name_records(table: str) -> str:
    """Return what the records of a table are called on screen."""
    return NAMES.get(table, table.replace("_", " "))


_chains: dict[str, Chain] = {}


def register_chain(metric: str, *links: Link, sources: tuple[str, ...] = (), less: int = 0) -> None:
    """Declare the links of a metric."""
    _chains[metric] = Chain(links, sources, less)


def chain_of(metric: Metric) -> Chain | None:
    """Return the declared links; money that is a sum over records is their number times their average."""
    if metric.key in _chains:
        return _chains[metric.key]
    is_sum = metric.unit == "money" and not (metric.is_rate or metric.is_spread or metric.factors)
    if not is_sum or "spend" in metric.tables:
        return None
    records = name_records(metric.tables[0]) if len(metric.tables) == 1 else "records"
    return Chain(
        (Link(f"Number of {records}", "count", count_records), Link("Average amount", "money", average_amount))
    )


def decompose_chain(
    metric: Metric, chain: Chain, before: Mapping[str, Result], now: Mapping[str, Result], change: Fraction
) -> tuple[LinkChange, ...]:
    """Return what each link did to the change; nothing where a link has no value or the links do not make the metric."""
    values = [(_value_of(link, before), _value_of(link, now)) for link in chain.links]
    olds = [old for old, _ in values if old is not None]
    news = [new for _, new in values if new is not None]
    if len(olds) < len(values) or len(news) < len(values):
        return ()
    if not math.isclose(math.prod(news) - math.prod(olds), change, rel_tol=1e-6, abs_tol=1e-6):
        return ()
    parts = decompose_product([float(old) for old in olds], [float(new) for new in news])
    step = STEPS.get(metric.unit, Decimal("0.01"))
    rounded = _add_up_to(change, round_parts(parts, step), step)
    return tuple(
        LinkChange(link, _shown(link, old), _shown(link, new), part)
        for link, old, new, part in zip(chain.links, olds, news, rounded, strict=True)
    )


def _add_up_to(change: Fraction, parts: Sequence[Decimal], step: Decimal) -> list[Decimal]:
    """Give what logarithms round away to the largest part, so that the sum is the change."""
    goal = round_parts([change], step)[0]
    largest = max(range(len(parts)), key=lambda index: abs(parts[index]))
    return [part + goal - sum(parts) if index == largest else part for index, part in enumerate(parts)]


def _value_of(link: Link, results: Mapping[str, Result]) -> Fraction | None:
    value = link.read(results)
    if value is None or (link.is_divisor and not value):
        return None
    return 1 / value if link.is_divisor else value


def _shown(link: Link, value: Fraction) -> Fraction:
    return 1 / value if link.is_divisor else value


def count_records(results: Mapping[str, Result]) -> Fraction | None:
    return Fraction(results[OWN].n)


def average_amount(results: Mapping[str, Result]) -> Fraction | None:
    own = results[OWN]
    return Fraction(own.numerator or 0) / own.n if own.n else Fraction(0)


def read_sum(name: str, key: str = OWN) -> Read:
    """Return how the numerator or denominator of a metric is read."""
    return lambda results: Fraction(getattr(results[key], name) or 0)


def read_rate(key: str) -> Read:
    """Return how a rate is read exactly."""

    def read(results: Mapping[str, Result]) -> Fraction | None:
        result = results[key]
        return Fraction(result.numerator or 0) / Fraction(result.denominator) if result.denominator else None

    return read


def read_mean(key: str) -> Read:
    """Return how the mean of a spread is read."""

    def read(results: Mapping[str, Result]) -> Fraction | None:
        spread = results[key].quartiles
        return Fraction(spread.mean) if spread else None

    return read


def _read_revenue(results: Mapping[str, Result]) -> Fraction | None:
    """Return revenue, which is what is above the line of a return plus the spend that was taken off."""
    own = results[OWN]
    return Fraction(own.numerator or 0) + Fraction(own.denominator or 0)


RETURN = (Link("Spend", "money", read_sum("denominator"), is_divisor=True),)
register_chain("smroi", Link("Revenue", "money", _read_revenue, metric="revenue"), *RETURN, less=1)
register_chain("smroi_gross_profit", Link("Gross profit", "money", _read_revenue), *RETURN, less=1)
register_chain("campaign_roi", Link("Revenue of campaigns", "money", _read_revenue), *RETURN, less=1)
register_chain(
    "sm_share_of_revenue",
    Link("Spend", "money", read_sum("numerator"), metric="sm_spend"),
    Link("Revenue", "money", read_sum("denominator"), is_divisor=True, metric="revenue"),
)
register_chain(
    "average_revenue_per_transaction",
    Link("Won revenue", "money", read_sum("numerator"), metric="won_revenue"),
    Link("Deals won", "count", read_sum("denominator"), is_divisor=True, metric="opportunities_won"),
)
CLOSE = Link("Deals closed", "count", read_sum("denominator", "close_rate"), metric="opportunities_closed")
CLOSE_RATE = Link("Close rate", "percent", read_rate("close_rate"), metric="close_rate")
AVERAGE = "average_revenue_per_transaction"
register_chain(
    "won_revenue",
    CLOSE,
    CLOSE_RATE,
    Link("Average revenue of a deal", "money", read_rate(AVERAGE), metric=AVERAGE),
    sources=("close_rate", AVERAGE),
)
register_chain("opportunities_won", CLOSE, CLOSE_RATE, sources=("close_rate",))
for _key, _rate, _label in (
    ("opportunities_lost", "loss_rate", "Loss rate"),
    ("opportunities_undecided", "no_decision_rate", "No-decision rate"),
):
    register_chain(
        _key,
        Link("Deals closed", "count", read_sum("denominator", _rate), metric="opportunities_closed"),
        Link(_label, "percent", read_rate(_rate), metric=_rate),
        sources=(_rate,),
    )
register_chain(
    "leads_converted",
    Link("Leads", "count", read_sum("denominator", "lead_conversion_rate"), metric="leads"),
    Link("Lead conversion rate", "percent", read_rate("lead_conversion_rate"), metric="lead_conversion_rate"),
    sources=("lead_conversion_rate",),
)
register_chain(
    "lead_rejections",
    Link("Verdicts", "count", read_sum("denominator", "lead_rejection_rate")),
    Link("Lead rejection rate", "percent", read_rate("lead_rejection_rate"), metric="lead_rejection_rate"),
    sources=("lead_rejection_rate",),
)
register_chain(
    "pipeline_velocity",
    Link("Open opportunities", "count", read_sum("numerator", "opportunities_open"), metric="opportunities_open"),
    CLOSE_RATE,
    Link("Average revenue of a deal", "money", read_rate(AVERAGE), metric=AVERAGE),
    Link("Mean sales cycle", "days", read_mean("sales_cycle_time"), is_divisor=True, metric="sales_cycle_time"),
    sources=("opportunities_open", "close_rate", AVERAGE, "sales_cycle_time"),
)
