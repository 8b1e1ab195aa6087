"""One detector is one declaration: what it looks for, by which rule, what it costs, what to do, and who does it.

Page, settings, trial on the past, evaluation, alarm, notice and API derive from it. The declarations of this app are in
`alarms/detectors/`; apps above declare theirs in a module `detectors.py`, found when Django starts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib import import_module
from pkgutil import iter_modules
from typing import Literal

from alarms.context import Context
from alarms.costs import MoneyRange
from alarms.judging import Judgement
from alarms.rules import LimitRule, MetricRule
from team.models import Role

SECTIONS = ("Follow-up", "Lead quality", "Outcomes", "Money", "Agreements", "Data")
Section = Literal["Follow-up", "Lead quality", "Outcomes", "Money", "Agreements", "Data"]


class UnknownDetector(LookupError):
    """No detector has this key."""


@dataclass(frozen=True)
class Evidence:
    """What an alarm rests on: a page of Accord that lists it."""

    label: str
    url: str
    count: int | None = None


@dataclass(frozen=True)
class Finding:
    """What a detector saw.

    Attributes:
        sentence: what is wrong, in words with its figures; empty: it is written from the judgement and the metric.
        cost_cases: how many cases a year the cost counts, where the detector counts them itself.
        cost: what it costs a year, where the detector counts that itself.
    """

    judgement: Judgement
    sentence: str = ""
    evidence: tuple[Evidence, ...] = ()
    cost_cases: float | None = None
    cost: MoneyRange | None = None


def no_data(reason: str) -> Finding:
    """Return that nothing can be judged, with the reason in words."""
    return Finding(Judgement(reason=reason))


@dataclass(frozen=True)
class Cost:
    """What an alarm costs in a year.

    Attributes:
        formula: on screen, from the records to the money.
        estimate: computes it; None where the company has too few records to say.
        is_overall: it contains what other alarms cost, as the distance of a return to its benchmark does, and is not added
            to them.
    """

    formula: str
    estimate: Callable[[Context, Finding], MoneyRange | None]
    is_overall: bool = False


Observe = Callable[[Context], Finding]
ReadLimit = Callable[[Context], float | None]


@dataclass(frozen=True)
class Detector:
    """A detector: either a `rule` about a metric, or `observe` for what no metric counts.

    Attributes:
        looks_for: what it rings on, one sentence.
        owner: the role that acts on its alarms; where nobody has it, the leaders of both sides do.
        remedy: what to do, in the imperative.
        read_limit: reads the limit that was signed, a benchmark; None there: the limit of the rule. A setting of the
            company stands above both.
        limit_from: whose limit `read_limit` gives: “the signed SLA”.
        agreement: the kind of agreement that it belongs to.
        records: the metric that lists the records behind an alarm; empty: its own metric.
        requires: fact tables without which it has no data: what was never recorded is neither good nor bad.
        yields_to: the key of a detector that may see the same cause; while that one is bad, this one opens no alarm.
        where: filters by dimension of the metric.
        watches_data: it tells that data are late or broken; while it rings, tests are held.
        is_quiet: it has no cost and calls for no work; it is news of its own kind, as a changed definition is.
        can_be_edited: made by the company.
    """

    key: str
    name: str
    looks_for: str
    section: Section
    owner: Role
    remedy: str
    rule: MetricRule | None = None
    observe: Observe | None = None
    read_limit: ReadLimit | None = None
    limit_from: str = ""
    agreement: str = ""
    records: str = ""
    requires: tuple[str, ...] = ()
    yields_to: str = ""
    cost: Cost | None = None
    where: Mapping[str, str] = field(default_factory=dict)
    watches_data: bool = False
    is_quiet: bool = False
    can_be_edited: bool = False
    created_on: date | None = None

    def __post_init__(self) -> None:
        if (self.rule is None) == (self.observe is None):
            raise ValueError(f"The detector {self.key} needs either a rule or something to observe.")

    @property
    def metric(self) -> str:
        """The key of the metric that it judges; empty where it judges none."""
        return self.rule.metric if self.rule else ""

    @property
    def is_test(self) -> bool:
        """Whether chance can raise it: it then shares the allowed false alarms with all other tests."""
        return self.rule is not None and not isinstance(self.rule, LimitRule)


_detectors: dict[str, Detector] = {}


def register_detector(detector: Detector) -> Detector:
    """Declare a detector; a second one of the same key is refused."""
    if _detectors.get(detector.key, detector) != detector:
        raise ValueError(f"Two detectors are called {detector.key}.")
    _detectors[detector.key] = detector
    return detector


def declared_detectors() -> list[Detector]:
    """Return the detectors that come with Accord, by section and in the order of declaration."""
    package = import_module("alarms.detectors")
    for module in iter_modules(package.__path__):
        import_module(f"alarms.detectors.{module.name}")
    return sorted(_detectors.values(), key=lambda detector: SECTIONS.index(detector.section))
