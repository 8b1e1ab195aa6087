"""The part of the answers: made of what a round's page shows, and of nothing else."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from alignment.index.answers import NO_ROUND, build_answers_part
from alignment.rounds import gate
from alignment.rounds.gate import RawRound, Sheet
from alignment.rounds.questionnaire import DIMENSIONS, statements
from alignment.rounds.results import RoundResults

DAY = date(2026, 11, 12)


def sheets(scores: Iterable[int]) -> list[Sheet]:
    return [Sheet({statement.key: score for statement in statements()}, {}) for score in scores]


def released(marketing: Iterable[int], sales: Iterable[int], *, minimum: int = 5) -> RoundResults:
    answers = {"marketing": sheets(marketing), "sales": sheets(sales)}
    members = {side: frozenset(f"{side}{n}" for n in range(len(own))) for side, own in answers.items()}
    return gate.release([RawRound("1", "Autumn", minimum, members, answers)])[0]


def test_a_dimension_counts_as_the_side_that_rates_it_lower() -> None:
    part = build_answers_part(released([4, 4, 4, 4, 3, 3], [2, 2, 3, 3, 3, 3]), DAY)
    assert len(part.inputs) == len(DIMENSIONS)
    assert part.inputs[0].detail == "Marketing 3.7, Sales 2.7"
    assert part.score == Decimal("42.5")  # (2.7 − 1) ÷ 4
    assert part.source == "“Autumn”, ended on Nov 12, 2026"


def test_an_end_counts_as_the_edge_that_is_shown() -> None:
    part = build_answers_part(released([1] * 10, [4] * 10), DAY)
    assert part.inputs[0].detail == "Marketing ≤ 1.5, Sales 4.0"
    assert part.score == Decimal("12.5")


def test_sides_that_are_too_small_alone_count_together() -> None:
    part = build_answers_part(released([2, 3], [3, 4, 3]), DAY)
    assert part.inputs[0].detail == "Both sides together 3.0"
    assert part.score == Decimal("50.0")


def test_a_round_that_shows_nothing_is_missing_and_not_zero() -> None:
    part = build_answers_part(released([2, 3], [3, 4]), DAY)
    assert part.is_missing
    assert part.inputs == ()
    assert "“Autumn” shows no means." in part.source
    assert build_answers_part(None).source == NO_ROUND


def test_a_dimension_that_too_few_answered_is_missing() -> None:
    marketing, sales = sheets([3] * 6), sheets([3] * 6)
    first = {statement.key for statement in DIMENSIONS[0].statements}
    few = [Sheet({key: value for key, value in own.answers.items() if key not in first}, {}) for own in sales[:2]]
    members = {side: frozenset(f"{side}{n}" for n in range(6)) for side in ("marketing", "sales")}
    raw = RawRound("1", "Autumn", 5, members, {"marketing": marketing, "sales": [*few, *sales[2:]]})
    part = build_answers_part(gate.release([raw])[0], DAY)
    assert [row.key for row in part.missing] == [DIMENSIONS[0].key]
    assert part.inputs[0].detail == "Fewer than 5 people answered."
    assert part.score == Decimal("50.0")
