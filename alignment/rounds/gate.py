"""The one gate between the answers of a round and everything that shows them: pages, files, the API. Pure.

`release` takes all closed rounds in the order in which they ended and returns what may be shown of each. Whether a
figure is shown depends on the sizes of the groups, on who answered which rounds and on what was shown before, never on
the answers themselves. tests/alignment/rounds/test_audit.py tries to break what comes out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from alignment import statistics
from alignment.disclosure import (
    AGREEMENT_CAP,
    Earlier,
    Reading,
    hide,
    may_compare,
    may_show_group,
    may_show_means,
    may_show_spread,
    show_band,
    show_mean,
)
from alignment.expectations.beliefs import summarise_term
from alignment.rounds.gaps import NO_GAP, gap_between, gap_within, subtract
from alignment.rounds.questionnaire import DIMENSIONS, DISCIPLINES, Dimension, Statement
from alignment.rounds.results import (
    SIDES,
    DimensionResult,
    DisciplineResult,
    Gap,
    Group,
    RoundResults,
    SideResult,
    Spread,
)
from core.formatting import format_decimal

FEW_CHANGED = (
    "Between 1 and 4 people differ from those who answered “{name}”. Means would reveal how they answered, "
    "so bands are shown."
)
BOTH = "both"
SPLIT, MIXED = 0.5, 0.7
RELIABLE = 0.6


@dataclass(frozen=True)
class Sheet:
    """The answers of one respondent, without the person."""

    answers: Mapping[str, int]
    guesses: Mapping[str, int]
    expectations: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class SkillRating:
    """How one respondent of Sales rates the disciplines; it cannot be joined to their other answers."""

    is_manager: bool
    ratings: Mapping[str, int]


@dataclass(frozen=True)
class RawRound:
    """A closed round with its answers. `members` are those whose invitation was used; no answer belongs to one of them."""

    key: str
    name: str
    minimum: int
    members: Mapping[str, frozenset[str]]
    sheets: Mapping[str, Sequence[Sheet]]
    skills: Sequence[SkillRating] = ()
    terms: Sequence[Mapping[str, object]] = ()


@dataclass
class Row:
    """A group whose figures were shown: who is in it, and the readings by figure."""

    round_name: str
    group: str
    members: frozenset[str]
    size: int
    mode: str
    readings: dict[str, Reading] = field(default_factory=dict)


def release(rounds: Sequence[RawRound]) -> list[RoundResults]:
    """Return what may be shown of each round; the rounds come in the order in which they ended."""
    shown: list[Row] = []
    return [_Release(raw, shown).results() for raw in rounds]


class _Release:
    """One round on its way through the gate; `shown` are the groups shown of earlier rounds, and grows by its own."""

    def __init__(self, raw: RawRound, shown: list[Row]) -> None:
        self.raw, self.shown, self.before = raw, shown, list(shown)
        self.sheets = {side: sorted(raw.sheets.get(side, ()), key=_contents) for side in SIDES}
        self.sheets[BOTH] = [sheet for side in SIDES for sheet in self.sheets[side]]
        self.groups = self._decide_groups()
        self.rows = {row.group: row for row in self.shown[len(self.before) :]}

    def results(self) -> RoundResults:
        dimensions = tuple(self._dimension(dimension) for dimension in DIMENSIONS)
        return RoundResults(
            key=self.raw.key,
            name=self.raw.name,
            minimum=self.raw.minimum,
            groups=self.groups,
            dimensions=dimensions,
            disciplines=tuple(self._disciplines()),
            expectations=tuple(summarise_term(term, self._beliefs(str(term["key"]))) for term in self.raw.terms),
            compared_with={group: rows[-1].round_name for group, rows in self._comparable().items() if rows},
        )

    # Which groups, and how

    def _decide_groups(self) -> tuple[Group, ...]:
        sizes = {side: len(self.raw.sheets.get(side, ())) for side in SIDES}
        whole = sum(sizes.values())
        parts = {side: may_show_group(size, whole - size, self.raw.minimum) for side, size in sizes.items()}
        groups = [self._decide(side, sizes[side]) if parts[side] else self._too_few(side, sizes) for side in SIDES]
        if not any(parts.values()) and whole >= self.raw.minimum:
            groups.append(self._decide(BOTH, whole))
        return tuple(groups)

    def _too_few(self, side: str, sizes: Mapping[str, int]) -> Group:
        return Group(
            side, sizes[side], "hidden", f"A side is shown only if {self.raw.minimum} people of each side answered."
        )

    def _decide(self, key: str, size: int) -> Group:
        members = self._members(key)
        rows = [row for row in self.shown if row.mode == "numbers"]
        close = [row for row in self.shown if not may_compare(members, row.members)]
        if may_show_means(members, [row.members for row in rows], self.raw.minimum) and not close:
            mode, reason = "numbers", ""
        elif close and all(row.group == key for row in close):
            mode, reason = "bands", FEW_CHANGED.format(name=close[-1].round_name)
        else:
            return Group(key, size, "hidden", "Together with earlier rounds it would reveal how a few people answered.")
        self.shown.append(Row(self.raw.name, key, members, size, mode))
        return Group(key, size, mode, reason)

    def _members(self, key: str) -> frozenset[str]:
        if key == BOTH:
            return frozenset().union(*self.raw.members.values())
        return self.raw.members.get(key, frozenset())

    # Single figures

    def _read(self, key: str, name: str, values: Sequence[float]) -> Reading:
        """Return a mean as it may be shown, and note it for the rounds to come."""
        row = self.rows.get(key)
        if row is None:
            return hide(next((group.reason for group in self.groups if group.key == key), ""))
        mean = statistics.mean(values) if values else 0.0
        if row.mode == "numbers":
            reading = show_mean(mean, len(values), self.raw.minimum)
        else:
            reading = show_band(mean, len(values), self._earlier(row, name), self.raw.minimum)
        row.readings[name] = reading
        return reading

    def _earlier(self, row: Row, name: str) -> list[Earlier]:
        """Return what was shown of a figure in the rounds from which this one differs by a few people."""
        return [
            Earlier(
                before.readings.get(name, hide("")), before.size,
                len(row.members - before.members), len(before.members - row.members),
            )
            for before in self.before
            if not may_compare(row.members, before.members)
        ]  # fmt: skip

    def _comparable(self) -> dict[str, list[Row]]:
        """Return, by group shown in numbers, the earlier rounds that it may be set against, oldest first."""
        return {
            key: [
                before for before in self.before
                if (before.group, before.mode) == (key, "numbers") and may_compare(row.members, before.members)
            ]
            for key, row in self.rows.items() if row.mode == "numbers"
        }  # fmt: skip

    # Dimensions

    def _dimension(self, dimension: Dimension) -> DimensionResult:
        keys = [key for key in (*SIDES, BOTH) if key in self.rows]
        own = {key: self._scores(key, dimension.statements) for key in keys}
        sides = [self._side(key, dimension, own[key]) for key in keys]
        complete = self._complete(BOTH, dimension.statements)
        reliability, is_reliable = _show_reliability(complete) if self._are_numbers() else ("", None)
        agreement = NO_GAP
        if set(SIDES) <= set(keys):
            readings = {side.side: side.own for side in sides}
            agreement = gap_between(readings["sales"], readings["marketing"], own["sales"], own["marketing"])
            sides = [self._with_accuracy(side, dimension, sides) for side in sides]
        return DimensionResult(dimension, tuple(sides), agreement, reliability, is_reliable)

    def _are_numbers(self) -> bool:
        return bool(self.rows) and all(row.mode == "numbers" for row in self.rows.values())

    def _side(self, key: str, dimension: Dimension, scores: Sequence[float]) -> SideResult:
        item, guess = dimension.guessed, self._guesses(key, dimension.guessed)
        reading = self._read(key, dimension.key, scores)
        item_reading = self._read(key, item.key, self._answers(key, item))
        guess_reading = self._read(key, f"{item.key}?", guess) if key != BOTH else hide("")
        pairs = [
            (sheet.guesses[item.key], sheet.answers[item.key])
            for sheet in self.sheets[key] if item.key in sheet.guesses and item.key in sheet.answers
        ]  # fmt: skip
        comparable = self._comparable().get(key, [])
        series = tuple((before.round_name, before.readings.get(dimension.key, hide(""))) for before in comparable)
        return SideResult(
            side=key,
            own=reading,
            item=item_reading,
            guess=guess_reading,
            spread=self._spread(key, dimension),
            accuracy=NO_GAP,
            congruency=gap_within(guess_reading, item_reading, pairs),
            change=subtract(reading, series[-1][1]) if series else NO_GAP,
            series=series,
        )

    def _with_accuracy(self, side: SideResult, dimension: Dimension, sides: Sequence[SideResult]) -> SideResult:
        other = next(result for result in sides if result.side != side.side)
        guesses, answers = self._guesses(side.side, dimension.guessed), self._answers(other.side, dimension.guessed)
        accuracy: Gap = gap_between(side.guess, other.item, guesses, answers)
        return SideResult(**{**vars(side), "accuracy": accuracy})

    def _spread(self, key: str, dimension: Dimension) -> Spread:
        rows = self._complete(key, dimension.statements)
        if self.rows[key].mode != "numbers" or not may_show_spread(len(rows)):
            return Spread()
        return show_agreement(statistics.agreement_rwg_star(rows))

    def _answers(self, key: str, statement: Statement) -> list[float]:
        return [sheet.answers[statement.key] for sheet in self.sheets[key] if statement.key in sheet.answers]

    def _guesses(self, key: str, statement: Statement) -> list[float]:
        return [sheet.guesses[statement.key] for sheet in self.sheets[key] if statement.key in sheet.guesses]

    def _scores(self, key: str, statements: Sequence[Statement]) -> list[float]:
        """Return each respondent's mean over the statements they answered; those who answered none are left out."""
        scores = []
        for sheet in self.sheets[key]:
            answers = [sheet.answers[statement.key] for statement in statements if statement.key in sheet.answers]
            if answers:
                scores.append(statistics.mean(answers))
        return scores

    def _complete(self, key: str, statements: Sequence[Statement]) -> list[list[int]]:
        return [
            [sheet.answers[statement.key] for statement in statements]
            for sheet in self.sheets[key] if all(statement.key in sheet.answers for statement in statements)
        ]  # fmt: skip

    # The other questions

    def _disciplines(self) -> list[DisciplineResult]:
        """Return how reps and managers rate the disciplines; all of Sales where one of the two is too small."""
        parts = {
            "Sales reps": [sheet for sheet in self.raw.skills if not sheet.is_manager],
            "Sales managers": [sheet for sheet in self.raw.skills if sheet.is_manager],
        }
        sizes = [len(sheets) for sheets in parts.values()]
        if not all(may_show_group(size, sum(sizes) - size, self.raw.minimum) for size in sizes):
            parts = {"All of Sales": list(self.raw.skills)}
        sales = self.rows.get("sales")
        if not self.raw.skills or sales is None or sales.mode != "numbers":
            return []
        return [
            DisciplineResult(discipline, tuple((name, self._rate(sheets, discipline.statements)) for name, sheets in parts.items()))
            for discipline in DISCIPLINES
        ]  # fmt: skip

    def _rate(self, sheets: Sequence[SkillRating], statements: Sequence[Statement]) -> Reading:
        scores = []
        for sheet in sheets:
            ratings = [sheet.ratings[statement.key] for statement in statements if statement.key in sheet.ratings]
            if ratings:
                scores.append(statistics.mean(ratings))
        return show_mean(statistics.mean(scores) if scores else 0.0, len(scores), self.raw.minimum)

    def _beliefs(self, key: str) -> dict[str, list[float]]:
        """Return what each side believes of a term, for sides that are shown in numbers and answered often enough."""
        beliefs = {
            group: [sheet.expectations[key] for sheet in self.sheets[group] if key in sheet.expectations]
            for group, row in self.rows.items() if row.mode == "numbers"
        }  # fmt: skip
        return {group: values for group, values in beliefs.items() if len(values) >= self.raw.minimum}


def _contents(sheet: Sheet) -> tuple[list[tuple[str, float]], ...]:
    """Return what sheets are sorted by: sums of fractions depend on their order in the last digit."""
    return sorted(sheet.answers.items()), sorted(sheet.guesses.items()), sorted(sheet.expectations.items())


def show_agreement(index: float) -> Spread:
    """Return an agreement index in steps of 0.1; near full agreement only as “≥ 0.8”."""
    level = "agreed" if index >= MIXED else "mixed" if index >= SPLIT else "split"
    text = f"≥ {format_decimal(AGREEMENT_CAP, 1)}" if index >= AGREEMENT_CAP - 0.05 else format_decimal(index, 1)
    return Spread(text, level)


def _show_reliability(rows: Sequence[Sequence[int]]) -> tuple[str, bool | None]:
    """Return whether the statements hang together; where no one differs they do not.

    α in steps of 0.1 told in a few rounds that one whole side had answered alike: no other answers gave the same step.
    """
    if not may_show_spread(len(rows)):
        return "", None
    value = statistics.reliability(rows)
    is_reliable = value is not None and value >= RELIABLE
    return f"{'≥' if is_reliable else '<'} {RELIABLE}", is_reliable
