"""The alignment index: three parts from 0 to 100, their mean, and what moved it. Pure.

A part is the mean of its inputs, the index the mean of its parts. What is missing is named and left out of the mean; it
counts neither as 0 nor as an average. Scores are rounded to a tenth where they are computed, so that what is shown adds
up.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any, Self

from core.formatting import NOTHING, format_rounded, with_sign

TENTH = Decimal("0.1")
FULL = Decimal(100)
LEAST_PARTS = 2  # a single part is not an index: it is shown as itself
ANSWERS, AGREED, BEHAVIOUR = "answers", "agreements", "behaviour"
MOVED, ARRIVED, LEFT = "moved", "arrived", "left"


def round_score(value: Decimal | Fraction | float) -> Decimal:
    """Round a score to a tenth, half up."""
    exact = Fraction(str(value)) if isinstance(value, float) else Fraction(value)
    return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(TENTH, ROUND_HALF_UP)


def share_score(share: float | Decimal | Fraction) -> Decimal:
    """Return a share as a score: 0.825 is 82.5. More than everything is 100."""
    exact = Fraction(str(share)) if isinstance(share, float) else Fraction(share)
    return round_score(min(Fraction(1), max(Fraction(0), exact)) * 100)


def mean_score(scores: Iterable[Decimal | None]) -> Decimal | None:
    """Return the mean of the scores that there are; None of none."""
    present = [Fraction(score) for score in scores if score is not None]
    return round_score(sum(present, Fraction(0)) / len(present)) if present else None


def format_score(score: Decimal | None) -> str:
    return NOTHING if score is None else format_rounded(score, 1)


@dataclass(frozen=True)
class Input:
    """What a part is computed from. `detail` says what the score was made of or, without a score, what is missing."""

    key: str
    label: str
    score: Decimal | None
    detail: str = ""

    @property
    def text(self) -> str:
        return format_score(self.score)

    def as_json(self) -> dict[str, Any]:
        score = None if self.score is None else str(self.score)
        return {"key": self.key, "label": self.label, "score": score, "detail": self.detail}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(stored["key"], stored["label"], _read_score(stored["score"]), stored["detail"])


@dataclass(frozen=True)
class Part:
    """A third of the index. `source` says what it was read from or, where no input has a score, what is missing."""

    key: str
    label: str
    inputs: tuple[Input, ...] = ()
    source: str = ""

    @cached_property
    def score(self) -> Decimal | None:
        return mean_score(row.score for row in self.inputs)

    @property
    def text(self) -> str:
        return format_score(self.score)

    @property
    def is_missing(self) -> bool:
        return self.score is None

    @property
    def present(self) -> tuple[Input, ...]:
        return tuple(row for row in self.inputs if row.score is not None)

    @property
    def missing(self) -> tuple[Input, ...]:
        return tuple(row for row in self.inputs if row.score is None)

    def as_json(self) -> dict[str, Any]:
        return {
            "key": self.key, "label": self.label, "source": self.source, "inputs": [row.as_json() for row in self.inputs],
        }  # fmt: skip

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        inputs = tuple(Input.from_json(row) for row in stored["inputs"])
        return cls(stored["key"], stored["label"], inputs, stored["source"])


@dataclass(frozen=True)
class Index:
    """The index on a day."""

    day: date
    parts: tuple[Part, ...]

    @cached_property
    def present(self) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if not part.is_missing)

    @property
    def missing(self) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if part.is_missing)

    @cached_property
    def score(self) -> Decimal | None:
        if len(self.present) < LEAST_PARTS:
            return None
        return mean_score(part.score for part in self.present)

    @property
    def text(self) -> str:
        return format_score(self.score)

    @property
    def formula(self) -> str:
        """The mean in figures: (62.5 + 71.4) ÷ 2 = 67.0."""
        if self.score is None:
            return ""
        terms = " + ".join(part.text for part in self.present)
        return f"({terms}) ÷ {len(self.present)} = {self.text}"


@dataclass(frozen=True)
class Contribution:
    """By how many points of the index a part moved it; `kind` is moved, arrived or left."""

    key: str
    label: str
    before: Decimal | None
    after: Decimal | None
    points: Decimal

    @property
    def kind(self) -> str:
        if self.before is None:
            return ARRIVED
        return LEFT if self.after is None else MOVED

    @property
    def text(self) -> str:
        return with_sign(format_score(self.points))

    @property
    def texts(self) -> tuple[str, str]:
        return format_score(self.before), format_score(self.after)


def split_change(before: Index, after: Index) -> tuple[Contribution, ...]:
    """Return what each part added to the change of the index, in tenths that add up to the change as it is shown.

    A part that both days have moves the index by its own change over the number of such parts. A part that only one day
    has moves it by its distance from the mean of the others, over the number of parts of that day. Nothing is returned
    where one of the days has no index.
    """
    if before.score is None or after.score is None:
        return ()
    labels = {part.key: part.label for part in (*before.parts, *after.parts)}
    old = {part.key: Fraction(part.score) for part in before.present if part.score is not None}
    new = {part.key: Fraction(part.score) for part in after.present if part.score is not None}
    shared = [key for key in labels if key in old and key in new]
    points = {key: _points(key, old, new, shared) for key in labels if key in old or key in new}
    rounded = round_to_total(list(points.values()), after.score - before.score)
    return tuple(
        Contribution(key, labels[key], _as_score(old.get(key)), _as_score(new.get(key)), share)
        for key, share in zip(points, rounded, strict=True)
    )


def _points(key: str, old: Mapping[str, Fraction], new: Mapping[str, Fraction], shared: Sequence[str]) -> Fraction:
    if key in shared:
        return (new[key] - old[key]) / len(shared)
    scores, sign = (new, 1) if key in new else (old, -1)
    rest = sum((scores[other] for other in shared), Fraction(0)) / len(shared) if shared else Fraction(0)
    return sign * (scores[key] - rest) / len(scores)


def round_to_total(values: Sequence[Fraction], total: Decimal) -> list[Decimal]:
    """Round values to tenths whose sum is the total: the largest remainders are rounded up."""
    tenths = [value * 10 for value in values]
    whole = [value.numerator // value.denominator for value in tenths]
    missing = int(total / TENTH) - sum(whole)
    order = sorted(range(len(values)), key=lambda position: whole[position] - tenths[position])
    for step in range(abs(missing)):
        whole[order[step % len(order)] if missing > 0 else order[-1 - step % len(order)]] += 1 if missing > 0 else -1
    return [tenth * TENTH for tenth in whole]


def moved_inputs(before: Part | None, after: Part | None) -> list[tuple[Input | None, Input | None]]:
    """Return the inputs of a part whose score changed, arrived or left: each before and after, the widest change first."""
    old = {row.key: row for row in before.present} if before else {}
    new = {row.key: row for row in after.present} if after else {}
    pairs = [(old.get(key), new.get(key)) for key in {**old, **new}]
    changed = [(first, second) for first, second in pairs if _score_of(first) != _score_of(second)]
    return sorted(
        changed, key=lambda pair: -abs((_score_of(pair[1]) or Decimal(0)) - (_score_of(pair[0]) or Decimal(0)))
    )


def _score_of(row: Input | None) -> Decimal | None:
    return row.score if row else None


def _as_score(value: Fraction | None) -> Decimal | None:
    return None if value is None else round_score(value)


def _read_score(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
