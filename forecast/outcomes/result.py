"""A computed forecast as it is stored: plain numbers, money in the company's currency, days as ISO dates. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from forecast.outcomes.projection import StagePart
from forecast.outcomes.record import Baselines


@dataclass(frozen=True)
class QuarterForecast:
    """One quarter: the interval (10 %, 50 %, 90 %) and what it is made of; `open` and `unborn` are expected values."""

    start: str
    end: str
    low: float
    median: float
    high: float
    won: float
    open: float
    unborn: float
    is_calibrated: bool
    stages: tuple[StagePart, ...]
    baselines: Baselines

    @property
    def key(self) -> str:
        return self.start

    @property
    def first_day(self) -> date:
        return date.fromisoformat(self.start)

    @property
    def last_day(self) -> date:
        return date.fromisoformat(self.end)


@dataclass(frozen=True)
class RepQuarter:
    """What a rep's own open deals bring in a quarter on top of what is won; deals not yet created are not in it."""

    start: str
    low: float
    median: float
    high: float
    won: float
    open: float


@dataclass(frozen=True)
class RepForecast:
    """`owner`: the owner record that represents the rep, 0 for deals without one; `user`: the rep's account in Accord."""

    owner: int
    user: int | None
    deals: int
    quarters: tuple[RepQuarter, ...]


@dataclass(frozen=True)
class Ground:
    """What the forecast rests on, for the reader to judge it by."""

    closed: int
    won: int
    open: int
    unknown_amounts: int
    has_stages: bool
    has_amounts: bool
    is_amount_set_by_win: bool
    first_close: str
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ForecastResult:
    """The forecast of one day; without quarters where too few deals have ended."""

    quarters: tuple[QuarterForecast, ...]
    reps: tuple[RepForecast, ...]
    ground: Ground

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "ForecastResult":
        quarters = tuple(
            QuarterForecast(**{
                **quarter, "stages": tuple(StagePart(**part) for part in quarter["stages"]),
                "baselines": Baselines(**quarter["baselines"]),
            })
            for quarter in stored["quarters"]
        )  # fmt: skip
        reps = tuple(
            RepForecast(**{**rep, "quarters": tuple(RepQuarter(**quarter) for quarter in rep["quarters"])})
            for rep in stored["reps"]
        )
        return cls(quarters, reps, Ground(**stored["ground"]))

    def quarter(self, key: str) -> QuarterForecast | None:
        """Return the quarter that starts on the day; the running one for an empty key."""
        return next((quarter for quarter in self.quarters if key in ("", quarter.key)), None)
