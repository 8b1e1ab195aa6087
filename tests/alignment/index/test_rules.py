"""The alignment index as pure rules: means, what is missing, and what moved it."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment.index.rules import (
    Index,
    Input,
    Part,
    mean_score,
    moved_inputs,
    round_to_total,
    share_score,
    split_change,
)

NOVEMBER, OCTOBER = date(2026, 11, 30), date(2026, 10, 31)
KEYS = ("answers", "agreements", "behaviour")


def part(key: str, *scores: str | None) -> Part:
    inputs = [
        Input(f"{key}-{n}", f"{key} {n}", None if score is None else Decimal(score)) for n, score in enumerate(scores)
    ]
    return Part(key, key.capitalize(), tuple(inputs))


def index(day: date, **scores: str | None) -> Index:
    return Index(day, tuple(part(key, scores.get(key)) for key in KEYS))


def test_the_index_is_the_mean_of_its_parts_and_a_part_the_mean_of_its_inputs() -> None:
    """Golden example: answers 57.5 and 42.5, 9 of 14 dimensions agreed, and five shares of behaviour."""
    answers = part("answers", "57.5", "42.5")
    agreed = part("agreements", *["100"] * 9, *["0"] * 5)
    behaviour = part("behaviour", "82.5", "91.3", "77.0", "40.0", "100")
    whole = Index(NOVEMBER, (answers, agreed, behaviour))
    assert [row.score for row in whole.parts] == [Decimal("50.0"), Decimal("64.3"), Decimal("78.2")]
    assert whole.score == Decimal("64.2")  # 192.5 ÷ 3 = 64.17
    assert whole.formula == "(50.0 + 64.3 + 78.2) ÷ 3 = 64.2"


def test_a_missing_part_is_named_and_counts_neither_as_nothing_nor_as_an_average() -> None:
    whole = index(NOVEMBER, answers="50", agreements="80")
    assert [row.key for row in whole.missing] == ["behaviour"]
    assert whole.score == Decimal(65)
    assert whole.formula == "(50.0 + 80.0) ÷ 2 = 65.0"


def test_a_missing_input_is_left_out_of_its_part() -> None:
    row = part("behaviour", "80", None, "60")
    assert row.score == Decimal(70)
    assert [missing.key for missing in row.missing] == ["behaviour-1"]


@pytest.mark.parametrize("scores", [{}, {"agreements": "80"}])
def test_fewer_than_two_parts_are_no_index(scores: dict[str, str]) -> None:
    whole = index(NOVEMBER, **scores)
    assert whole.score is None
    assert whole.formula == ""


def test_parts_that_both_days_have_move_the_index_by_their_own_change() -> None:
    rows = split_change(
        index(OCTOBER, answers="50", agreements="60", behaviour="70"),
        index(NOVEMBER, answers="56", agreements="57", behaviour="70"),
    )
    assert [(row.key, row.points) for row in rows] == [
        ("answers", Decimal("2.0")), ("agreements", Decimal("-1.0")), ("behaviour", Decimal("0.0")),
    ]  # fmt: skip


def test_a_part_that_arrives_moves_the_index_by_its_distance_from_the_others() -> None:
    rows = {
        row.key: row
        for row in split_change(
            index(OCTOBER, answers="60", agreements="60"),
            index(NOVEMBER, answers="60", agreements="60", behaviour="90"),
        )
    }
    assert rows["behaviour"].points == Decimal("10.0")
    assert rows["behaviour"].kind == "arrived"
    assert rows["answers"].points == rows["agreements"].points == 0


def test_a_part_that_leaves_takes_its_distance_with_it() -> None:
    rows = {
        row.key: row
        for row in split_change(
            index(OCTOBER, answers="60", agreements="60", behaviour="90"),
            index(NOVEMBER, answers="60", agreements="60"),
        )
    }
    assert rows["behaviour"].points == Decimal("-10.0")
    assert rows["behaviour"].kind == "left"


def test_without_an_index_on_both_days_there_is_no_change_to_split() -> None:
    assert split_change(index(OCTOBER, answers="60"), index(NOVEMBER, answers="60", agreements="60")) == ()


scores = st.one_of(st.none(), st.integers(0, 1000).map(lambda tenths: str(Decimal(tenths) / 10)))


@given(*[st.fixed_dictionaries(dict.fromkeys(KEYS, scores))] * 2)
def test_contributions_add_up_to_the_change_to_the_digit(
    before: dict[str, str | None], after: dict[str, str | None]
) -> None:
    first, second = index(OCTOBER, **before), index(NOVEMBER, **after)
    rows = split_change(first, second)
    if first.score is None or second.score is None:
        assert rows == ()
        return
    assert sum(row.points for row in rows) == second.score - first.score
    assert {row.key for row in rows} == {key for key in KEYS if before[key] is not None or after[key] is not None}


@given(st.lists(st.fractions(-100, 100, max_denominator=90), min_size=1, max_size=5))
def test_rounding_to_a_total_moves_no_value_by_more_than_a_tenth(values: list[Fraction]) -> None:
    exact = sum(values, Fraction(0))
    total = Decimal(round(exact * 10)) / 10
    rounded = round_to_total(values, total)
    assert sum(rounded) == total
    assert all(abs(Fraction(one) - value) <= Fraction(1, 5) for one, value in zip(rounded, values, strict=True))


def test_more_than_everything_is_everything() -> None:
    assert share_score(1.3) == share_score(1) == 100
    assert share_score(Fraction(2, 3)) == Decimal("66.7")
    assert mean_score([None, Decimal(10), Decimal(15)]) == Decimal("12.5")


def test_an_index_comes_back_from_what_is_stored() -> None:
    stored = part("behaviour", "80.5", None)
    assert Part.from_json(stored.as_json()) == stored


def test_the_inputs_that_moved_come_with_the_widest_change_first() -> None:
    before, after = part("agreements", "100", "0", "0"), part("agreements", "100", "50", "100")
    pairs = moved_inputs(before, after)
    assert [(new.key, old.score, new.score) for old, new in pairs if old and new] == [
        ("agreements-2", Decimal(0), Decimal(100)), ("agreements-1", Decimal(0), Decimal(50)),
    ]  # fmt: skip
