"""One metric is one declaration: what it means, what it is counted from, what it can be cut by.

Tile, trend, cut, comparison, drill-down, API, CSV, glossary, snapshot and goal all derive from it.
The declarations live in `kpis/metrics/`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Literal

from kpis import dimensions
from kpis.dimensions import MODEL_LABELS
from kpis.grains import GRAINS
from kpis.rows import Build, Scope

Unit = Literal["percent", "money", "days", "minutes", "count", "ratio"]
Better = Literal["up", "down", ""]
OwnerSide = Literal["marketing", "sales", "joint"]


class UnknownMetric(LookupError):
    """No metric has this key; the message lists those that exist."""


class BadCut(ValueError):
    """The metric cannot be cut or filtered so; the message lists what it can be cut by."""


@dataclass(frozen=True)
class Check:
    """Rows that a reader must know of: those for which `condition` holds are counted and told in `message` ({n}).

    They are looked for among the rows that count, or among those that the metric leaves out.
    """

    condition: Build
    message: str
    is_left_out: bool = False


@dataclass(frozen=True)
class Measure:
    """What the rows of one fact table add to a metric.

    `day` places a row in a period; `keep` says which rows count. Numerator and denominator are summed over them;
    a `spread` collects whole numbers (days, cents) for median and quartiles instead. A `stock` is counted on the last evening
    of a period, from the rows that `source` gives for that day, and `day` then only serves cuts by time.

    A rate has no value, rather than one made of nothing, where a measure that `is_required` counts no row, where the
    table of a measure holds no row at all, or where nothing counts and a table that it `rests_on` holds none.

    With `credits` a record counts once in each part that one of its touches is in, and once in the whole.
    """

    table: str
    day: Build
    keep: Build | None = None
    numerator: Build | None = None
    denominator: Build | None = None
    spread: Build | None = None
    is_money: bool = False
    is_stock: bool = False
    source: Callable[[Scope], Any] | None = None
    checks: tuple[Check, ...] = ()
    basis: str = ""
    is_required: bool = False
    rests_on: tuple[str, ...] = ()
    credits: str = ""  # a table of `kpis.credits`: a record has a row for each touch, with a share of its value

    @property
    def dimension_table(self) -> str:
        """What it is cut by."""
        return self.credits or self.table

    def rows(self, scope: Scope) -> Any:
        return self.source(scope) if self.source else scope.table(self.table)


MeasureBases = tuple[Measure, ...]  # the first that has rows is taken, and the result says which
Gap = Callable[[Decimal, Decimal, Decimal], dict[str, Decimal]]


@dataclass(frozen=True)
class Metric:
    """A number with a name, a unit, a formula on screen, an owner, and the records behind it.

    `measures` add up; where one of them is a tuple, its first basis that has rows is taken. `factors` make a
    metric of other metrics instead, by `combine`, which then has no records of its own.
    """

    key: str
    name: str
    definition: str
    formula: str
    unit: Unit
    measures: tuple[Measure | MeasureBases, ...] = ()
    better: Better = "up"
    owner_side: OwnerSide = "joint"
    benchmark: str = ""  # key of the benchmark it is held against; empty: its own key
    is_proportion: bool = False  # counts of rows among the same rows: an interval can be given
    default_cut: str = ""
    gap: Gap | None = None
    factors: tuple[str, ...] = ()
    combine: Callable[[Mapping[str, Any]], tuple[Decimal, Decimal] | None] | None = None
    per: str = ""  # what the unit is per: "day"
    matures_days: int = 0  # so long after a period the outcomes of its rows still come in; 0: they are there at once
    section: str = "Records"

    @property
    def name_in_sentence(self) -> str:
        """Revenue → revenue; SMROI and S&M share stay as they are."""
        return self.name[0].lower() + self.name[1:] if self.name[1:2].islower() else self.name

    @property
    def benchmark_key(self) -> str:
        return self.benchmark or self.key

    @property
    def all_measures(self) -> tuple[Measure, ...]:
        """Return every measure that may be asked, all bases included."""
        own = [m for part in self.measures for m in (part if isinstance(part, tuple) else (part,))]
        return (*own, *(m for key in self.factors for m in get_metric(key).all_measures))

    @property
    def is_rate(self) -> bool:
        return any(measure.denominator for measure in self.all_measures)

    @property
    def is_credited(self) -> bool:
        """Whether records are divided over the touches before them, by a model that the reader chooses."""
        return any(measure.credits for measure in self.all_measures)

    @property
    def is_spread(self) -> bool:
        return any(measure.spread for measure in self.measures if isinstance(measure, Measure))

    @property
    def is_money(self) -> bool:
        return any(measure.is_money for measure in self.all_measures)

    @property
    def is_stock(self) -> bool:
        return any(measure.is_stock for measure in self.all_measures)

    @property
    def above(self) -> str:
        """What is above the line of the formula, in words; the whole formula where there is no line."""
        return self.formula.partition(" ÷ ")[0].strip("()")

    @property
    def below(self) -> str:
        """What is below the line of the formula, in words."""
        return self.formula.rpartition(" ÷ ")[2].partition(", by")[0].strip("()")

    @property
    def adds_up(self) -> bool:
        """Whether the months of a year add up to the year."""
        return not (self.is_rate or self.is_stock or self.is_spread or self.factors)

    @property
    def may_be_goal(self) -> bool:
        """Whether it may steer people: it is money, or a rate between two amounts of money."""
        return self.is_money and self.unit in {"money", "percent"}

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(measure.table for measure in self.all_measures))

    @property
    def has_custom(self) -> bool:
        """Whether its rows come from a source that may have columns of its own."""
        return not set(self.tables) & dimensions.OUR_OWN.keys()

    @property
    def dimensions(self) -> dict[str, str]:
        """Return name and label of all it can be cut by; `custom.<name>` comes on top when it has one table."""
        tables = dict.fromkeys(measure.dimension_table for measure in self.all_measures)
        shared = [dimensions.dimensions_of(table) for table in tables]
        names = [name for name in dimensions.DIMENSIONS if all(name in names_of_table for names_of_table in shared)]
        return {name: dimensions.get_dimension(name).label for name in [*names, *GRAINS]}

    def as_json(self) -> dict[str, Any]:
        """Return what the glossary says of it."""
        return {
            "key": self.key,
            "name": self.name,
            "definition": self.definition,
            "formula": self.formula,
            "unit": self.unit,
            "per": self.per,
            "better": self.better,
            "owner_side": self.owner_side,
            "section": self.section,
            "matures_days": self.matures_days,
            "default_cut": self.default_cut,
            "dimensions": self.dimensions,
            "models": dict(MODEL_LABELS) if self.is_credited else {},
        }

    def check_model(self, value: str) -> None:
        """Refuse a model of attribution that does not exist, or any where nothing is divided by one.

        Raises:
            BadCut: with the models that exist.
        """
        if not self.is_credited:
            raise BadCut(f"{self.key} does not depend on an attribution model. Remove the filter “model”.")
        if value not in MODEL_LABELS:
            raise BadCut(f"The attribution model “{value}” does not exist. Use one of: {', '.join(MODEL_LABELS)}.")

    def check_dimension(self, name: str) -> None:
        """Refuse a dimension that this metric does not have.

        Raises:
            BadCut: with the names that it has.
        """
        if name in self.dimensions or (self.has_custom and name.startswith(dimensions.CUSTOM)):
            return
        own = ", or custom.<name> for a custom field of the source" if self.has_custom else ""
        raise BadCut(f"{self.key} cannot be broken down by “{name}”. Use one of: {', '.join(self.dimensions)}{own}.")


_metrics: dict[str, Metric] = {}


def register_metric(metric: Metric) -> Metric:
    if metric.key in _metrics and _metrics[metric.key] != metric:
        raise ValueError(f"Two metrics are called {metric.key}.")
    _metrics[metric.key] = metric
    return metric


def _load_declarations() -> None:
    package = import_module("kpis.metrics")
    for module in iter_modules(package.__path__):
        import_module(f"kpis.metrics.{module.name}")


def get_metric(key: str) -> Metric:
    """Return the metric.

    Raises:
        UnknownMetric: with the keys that exist.
    """
    _load_declarations()
    try:
        return _metrics[key]
    except KeyError:
        raise UnknownMetric(f"The metric “{key}” does not exist. Available: {', '.join(sorted(_metrics))}.") from None


def find_metric(key: str) -> Metric | None:
    """Return the metric; None where none is declared, or none any more, under a key that was stored."""
    try:
        return get_metric(key)
    except UnknownMetric:
        return None


def all_metrics() -> list[Metric]:
    """Return every metric, the money first, by section and in the order of declaration."""
    _load_declarations()
    order = {section: position for position, section in enumerate(SECTIONS)}
    return sorted(_metrics.values(), key=lambda metric: order[metric.section])


SECTIONS = [
    "Money",
    "Pipeline",
    "Outcomes",
    "Leads",
    "Hand-offs",
    "Campaigns",
    "Attribution",
    "Market to cash",
    "Ideal customers",
    "Cost drivers",
    "Service",
    "CRM diligence",
    "Records",
]
