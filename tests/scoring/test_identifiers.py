"""What is never a rule: ids, serial numbers, and words that mean nothing."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from scoring.fields import _make_custom_column
from scoring.identifiers import is_identifier, stands_for_nothing
from scoring.learned.candidates import fit_rules

N = 400
CHANCE = np.random.default_rng(5)
ORDER = pd.Series(range(N))


@pytest.mark.parametrize(
    "word", ["Select", "-- Select --", "--None--", "-", "--", "n/a", "N.A.", "Unknown", "(blank)", "?", "unbekannt"]
)
def test_words_that_stand_for_nothing(word: str) -> None:
    assert stands_for_nothing(word)


@pytest.mark.parametrize("word", ["", " ", "0", "No", "Other", "Selection", "NASA", "Norway", "1-10"])
def test_words_that_say_something(word: str) -> None:
    assert not stands_for_nothing(word)


@pytest.mark.parametrize(
    ("label", "values", "names_records"),
    [
        ("Lead Number", range(660_737, 660_737 - N, -1), True),  # counts down with the leads
        ("Nummer", CHANCE.permutation(N), True),
        ("Ticket", np.arange(N) * 3 + 7, True),  # in the order in which leads came
        ("HubSpot contact", CHANCE.choice(10**6, N, replace=False) + 928_000_000_000, True),
        ("Created by Id", CHANCE.integers(1, 9, N), True),
        ("Total visits", CHANCE.poisson(3, N), False),
        ("Annual revenue", np.round(10 ** CHANCE.uniform(4, 8, N)), False),
        ("Seconds on the site", np.round(CHANCE.gamma(1.1, 500, N)), False),
        ("Share", CHANCE.random(N), False),
        ("Employee number", CHANCE.choice([10, 50, 200], N), False),
    ],
)
def test_serial_numbers_are_told_from_amounts(label: str, values: Any, names_records: bool) -> None:
    assert is_identifier(label, pd.Series(values, dtype=float), ORDER) is names_records


@pytest.mark.parametrize(
    ("label", "values", "names_records"),
    [
        ("Landing page", ["88740e65d5d6b056e0cda098e1ea6313", ""] * 9, True),
        ("OwnerId", ["005A", "005B"], True),
        ("Made by", ["0055g00000ABCdEAAW", "0055g00000XYZdEAAW"], True),
        ("Mobile", ["4915112345678", "4915112345679"], True),
        ("Origin", ["Web", "Trade fair"], False),
        ("Paid", ["yes", "no"], False),
        ("Identity checked", ["by post", "online"], False),
    ],
)  # fmt: skip
def test_ids_are_told_from_words(label: str, values: list[str], names_records: bool) -> None:
    assert is_identifier(label, pd.Series(values, dtype="str"), pd.Series(range(len(values)))) is names_records


def test_columns_of_known_systems_are_typed_by_what_they_hold() -> None:
    def kind_of(*cells: str) -> str:
        return _make_custom_column("Some field", "text", list(cells)).kind

    assert kind_of("1", "2.5", "", "Select") == "number"
    assert kind_of("true", "false", "--") == "yes_no"
    assert kind_of("Yes", "No", "n/a") == "yes_no"
    assert kind_of("01234", "99999") == "text"
    assert kind_of("1", "many") == "text"


def test_of_many_different_words_the_rarest_are_told_apart_from_nothing_alone() -> None:
    cells = [f"page {place % 300}" for place in range(900)] + ["page 1"] * 5 + [""]
    codes = _make_custom_column("Landing page", "text", cells).codes
    assert (codes[1], codes[-2], codes[-1], int(codes.max())) == (1, 1, 0, 200)


def test_fillers_make_no_rule() -> None:
    cells = ["Select"] * 150 + ["Finance"] * 150 + [""] * 100
    (column,) = [_make_custom_column("Specialization", "text", cells)]
    rules = fit_rules([column])
    assert [(one.name, one.rule) for one in rules] == [
        ("Specialization: Finance", {"field": "custom.Specialization", "is": "is", "value": "Finance"})
    ]
