"""What was learned, as it is kept and shown. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Self

from core.date_formatting import format_day
from core.formatting import format_count, format_decimal, format_exact, format_percent
from scoring.learned.regularization import Strength, is_chance
from scoring.proof.evidence import Evidence
from scoring.proof.measures import ENOUGH
from scoring.proof.verdict import WEAK, Verdict


@dataclass(frozen=True)
class Reason:
    """A proposed rule with why: of `n` leads learned from that fulfil it `won` were won, of the others `other_rate`."""

    name: str
    words: str
    points: float
    n: int
    won: int
    other_rate: float | None
    cap: float | None = None  # of the points, where each event brings some

    @property
    def rate(self) -> float | None:
        return self.won / self.n if self.n else None

    @property
    def points_words(self) -> str:
        signed = f"{'+' if self.points > 0 else '−'}{format_exact(abs(self.points))}"
        return signed if self.cap is None else f"{signed} each, at most {format_exact(self.cap)}"


@dataclass(frozen=True)
class Part:
    """The leads of a part: how many, how many were won, and from when to when, where dates say so."""

    n: int
    won: int
    first: str = ""
    last: str = ""

    @property
    def rate(self) -> float | None:
        return self.won / self.n if self.n else None


@dataclass(frozen=True)
class Other:
    """The active model, held against the same leads; it may score fewer of them."""

    title: str
    number: int
    key: str
    evidence: Evidence


@dataclass(frozen=True)
class Result:
    """Everything that is said of a learned model. `refusal` is said instead where there is too little to learn from."""

    goal: str  # won | converted
    is_dated: bool
    total: int
    total_won: int
    refusal: str = ""
    seed: int = 0
    learned: Part | None = None
    held_out: Part | None = None
    suspects: list[dict[str, Any]] = field(default_factory=list)
    put_back: list[str] = field(default_factory=list)
    candidates: int = 0
    rules: list[Reason] = field(default_factory=list)
    terms: dict[str, Any] = field(default_factory=dict)
    base: float = 0.0
    slope: float = 0.0
    tried: list[Strength] = field(default_factory=list)
    evidence: Evidence | None = None
    other: Other | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read what `as_json` wrote."""
        other = stored["other"]
        return cls(**{
            **stored,
            "learned": Part(**stored["learned"]) if stored["learned"] else None,
            "held_out": Part(**stored["held_out"]) if stored["held_out"] else None,
            "rules": [Reason(**row) for row in stored["rules"]],
            "tried": [Strength(**row) for row in stored["tried"]],
            "evidence": Evidence.from_json(stored["evidence"]) if stored["evidence"] else None,
            "other": Other(**{**other, "evidence": Evidence.from_json(other["evidence"])}) if other else None,
        })  # fmt: skip

    @property
    def verdict(self) -> Verdict:
        return judge_result(self)

    @property
    def works(self) -> bool:
        """Whether it may become a draft: on leads it had not seen it is better than chance."""
        return self.verdict.kind in {"works", "weak"}

    @property
    def left_out(self) -> list[dict[str, Any]]:
        return [suspect for suspect in self.suspects if suspect["field"] not in self.put_back]

    @property
    def taken_in(self) -> list[dict[str, Any]]:
        return [suspect for suspect in self.suspects if suspect["field"] in self.put_back]

    @property
    def how_held_out(self) -> str:
        assert self.learned
        assert self.held_out
        if self.is_dated:
            return (
                f"It learned from {format_count(self.learned.n)} leads of {_format_iso_day(self.learned.first)} to {_format_iso_day(self.learned.last)}, and is proven on the "
                f"{format_count(self.held_out.n)} that came later, up to {_format_iso_day(self.held_out.last)}: no model saw them."
            )
        return (
            f"No dates say which leads came later, so {format_percent(self.held_out.n / (self.held_out.n + self.learned.n))} were held "
            f"out at random (drawn with the fixed number {self.seed}): it learned from {format_count(self.learned.n)} leads, and is proven on "
            f"{format_count(self.held_out.n)} that it did not see."
        )


def _format_iso_day(day: str) -> str:
    return format_day(date.fromisoformat(day) if day else None)


def refusal_reason(won: int, others: int, goal: str) -> str:
    """Say why nothing is learned, and what is missing; empty where there is enough."""
    wins = "wins" if goal == "won" else "conversions"
    if won < ENOUGH:
        return (
            f"There is not enough data to learn from: {format_count(won)} of the {ENOUGH} {wins} needed are known, {format_count(ENOUGH - won)} are "
            "missing. Import older leads with their outcomes, or wait."
        )
    if others < ENOUGH:
        return (
            f"There is not enough data to learn from: of the {ENOUGH} leads needed that came to nothing {format_count(others)} are known, "
            f"{format_count(ENOUGH - others)} are missing. Import the lost leads too."
        )
    return ""


def judge_result(result: Result) -> Verdict:
    """Say in one sentence whether what was learned works on the leads that were held out."""
    evidence = result.evidence
    if result.refusal:
        return Verdict("few", result.refusal)
    done = "were won" if result.goal == "won" else "converted"
    if evidence is None or not result.rules:
        return Verdict(
            "chance",
            f"This score does not work: no rule separates the leads that {done} from the others better than chance.",
        )
    area = f"AUC {format_decimal(evidence.auc or 0, 2)}, between {format_decimal(evidence.auc_low or 0, 2)} and {format_decimal(evidence.auc_high or 0, 2)}; 0.50 is chance, 1 perfect"
    if evidence.auc_low is None or evidence.auc_low <= 0.5 or is_chance(result.tried):
        return Verdict(
            "chance",
            f"This score does not work: on leads that were not used for training it separates those that {done} from the others no better than "
            "chance.",
            (f"{area}.",),
        )
    doubts = _find_doubts(evidence)
    kind, how = ("weak", "helps a little") if (evidence.auc or 0) < WEAK or doubts else ("works", "works")
    top = evidence.top
    lift = f"{format_decimal(top.lift or 0, 1)} times as often as the average" if top else ""
    verb = "is won" if result.goal == "won" else "converts"
    share = format_percent(top.n / evidence.n) if top else ""
    return Verdict(
        kind,
        f"This score {how}: among leads that were not used for training the best-scored {share} {verb} {lift}.",
        (f"{area}.", *doubts),
    )


def _find_doubts(evidence: Evidence) -> list[str]:
    """Say what keeps a score that tells leads apart from working: chances no better than the average, bands that do not rise."""
    doubts = []
    if evidence.calibration is None or evidence.calibration.brier >= evidence.calibration.base_brier:
        doubts.append("The chances that it gives are no better than giving every lead the average (Brier score).")
    if not evidence.rises:
        doubts.append("Leads with more points do not end well more often from band to band.")
    return doubts


def compare_with_other(result: Result) -> str:
    """Say which of the two tells the held-out leads apart better, if one can tell."""
    learned, other = result.evidence, result.other and result.other.evidence
    if not learned or not other or None in (learned.auc_low, learned.auc_high, other.auc_low, other.auc_high):
        return ""
    if learned.auc_low > other.auc_high:  # type: ignore[operator]  # none is missing
        return "The learned model separates these leads better than the active one, beyond chance."
    if other.auc_low > learned.auc_high:  # type: ignore[operator]
        return "The active model separates these leads better than the learned one, beyond chance."
    return "Neither separates these leads better than the other beyond chance: their intervals meet."
