"""What a question to a metric is answered with: exact sums, the figure made of them, and its parts."""

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Self

from core.periods import Period

Number = Decimal | float | int | None
CENT = Decimal("0.01")


def round_to_cents(value: Decimal) -> Decimal:
    """Round money to the cent, half up, as accountants do."""
    return value.quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True)
class Quartiles:
    """How a set of values is spread; quantiles are interpolated linearly between neighbours."""

    q1: float
    median: float
    q3: float
    p90: float
    mean: float
    lowest: float | None
    highest: float | None

    def as_json(self) -> dict[str, float | None]:
        return {
            "q1": self.q1,
            "median": self.median,
            "q3": self.q3,
            "p90": self.p90,
            "mean": self.mean,
            "min": self.lowest,
            "max": self.highest,
        }


def compute_quartiles(counts: Mapping[int, int], scale: int = 1) -> Quartiles | None:
    """Return the spread of whole values given how often each occurs, divided by `scale`; None of nothing."""
    values = sorted(counts)
    n = sum(counts.values())
    if not n:
        return None
    ends, seen = [], 0
    for value in values:
        seen += counts[value]
        ends.append(seen)

    def quantile(share: float) -> float:
        rank = (n - 1) * share
        low, high = (values[bisect_right(ends, around)] for around in (math.floor(rank), math.ceil(rank)))
        return (low + (high - low) * (rank - math.floor(rank))) / scale

    mean = sum(value * count for value, count in counts.items()) / n / scale
    return Quartiles(
        quantile(0.25), quantile(0.5), quantile(0.75), quantile(0.9), mean, values[0] / scale, values[-1] / scale
    )


@dataclass(frozen=True, kw_only=True)
class Figures:
    """A value with all that it was made of. A rate is a fraction; money is in `currency`; None is not a value."""

    value: Number = None
    numerator: Number = None
    denominator: Number = None
    n: int = 0
    currency: str = ""
    low: float | None = None
    high: float | None = None
    quartiles: Quartiles | None = None

    @property
    def is_small(self) -> bool:
        """Whether chance may move the value much, so that its interval is worth showing."""
        return self.low is not None and self.n < 100

    def without_single_values(self) -> Self:
        """Return the figures without values of single records: no least, no greatest, quartiles of money to two digits."""
        if not self.quartiles:
            return self
        if not self.currency:
            return replace(self, quartiles=replace(self.quartiles, lowest=None, highest=None))
        spread = self.quartiles
        marks = {name: float(f"{getattr(spread, name):.1e}") for name in ("q1", "median", "q3", "p90")}
        rounded = replace(spread, lowest=None, highest=None, **marks)
        return replace(self, quartiles=rounded, value=round_to_cents(Decimal(str(rounded.median))))

    def figures_as_json(self) -> dict[str, Any]:
        values: dict[str, Any] = {
            "value": _number_to_json(self.value),
            "numerator": _number_to_json(self.numerator),
            "denominator": _number_to_json(self.denominator),
            "n": self.n,
        }
        if self.low is not None:
            values |= {"low": self.low, "high": self.high}
        if self.quartiles:
            values["quartiles"] = self.quartiles.as_json()
        return values


def _number_to_json(number: Number) -> float | int | None:
    return float(number) if isinstance(number, Decimal) else number


@dataclass(frozen=True, kw_only=True)
class Part(Figures):
    """One value of the dimension; `key` is what a filter takes to mean exactly this part."""

    label: str
    key: str
    external_id: str = ""
    records: tuple[tuple[str, int], ...] = ()  # fact table and how many of its rows count

    def as_json(self, *, is_money: bool = False) -> dict[str, Any]:
        identity = {"label": self.label, "key": self.key}
        if self.external_id:
            identity["external_id"] = self.external_id
        return identity | self.figures_as_json() | ({"currency": self.currency} if is_money else {})


@dataclass(frozen=True, kw_only=True)
class Result(Figures):
    key: str
    name: str
    unit: str
    per: str = ""
    period: Period
    as_of: datetime | None
    by: str = ""
    where: dict[str, str] = field(default_factory=dict)
    basis: str = ""
    gap: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    records: tuple[tuple[str, int], ...] = ()  # fact table and how many of its rows count
    parts: tuple[Part, ...] = ()
    is_money: bool = False
    is_readable_only: bool = False  # counted over nothing but what the reader may read
    flagged: int = 0  # rows that the warnings count: without an amount, without a date
    model: str = ""  # the attribution model, where records are divided by one
    unrecorded: tuple[str, ...] = ()  # what would have to be on record for a value: “spend”

    def as_json(self) -> dict[str, Any]:
        """Return what the command and the API answer: rates as fractions, money exact to the cent."""
        document: dict[str, Any] = {"key": self.key, "name": self.name, "unit": self.unit, "currency": self.currency}
        document |= {"per": self.per} if self.per else {}
        document |= self.figures_as_json()
        document |= {
            "from": self.period.start.isoformat() if self.period.start else None,
            "to": self.period.end.isoformat() if self.period.end else None,
            "period": self.period.label,
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "warnings": list(self.warnings),
        }
        document |= {"where": self.where} if self.where else {}
        document |= {"readable_only": True} if self.is_readable_only else {}
        document |= {"basis": self.basis} if self.basis else {}
        document |= {"model": self.model} if self.model else {}
        document |= {"gap": {name: _number_to_json(value) for name, value in self.gap.items()}} if self.gap else {}
        if self.by:
            document |= {"by": self.by, "parts": [part.as_json(is_money=self.is_money) for part in self.parts]}
        return document
