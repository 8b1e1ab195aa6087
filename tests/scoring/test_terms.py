"""Terms of a score model: what is wrong is said, what is right is said in words, and both sides sign it."""

from typing import Any

import pytest

from agreements.api import checked_terms
from agreements.differences import compare_terms
from scoring.defaults import PQL_TERMS, TERMS
from scoring.definitions import in_force, propose_default
from scoring.descriptions import terms_in_words
from scoring.model_checks import find_faults
from scoring.terms import PQL, from_terms
from tests.scoring.conftest import rule, terms

EMPLOYEES = {"field": "employees", "is": ">=", "value": 50}
COUNT = {"count": "touches", "is": ">=", "value": 3}


def of_fit(**fields: Any) -> dict[str, Any]:
    return terms(fit={"Large": {"rule": EMPLOYEES, "points": 5, **fields}})


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ([], "The terms are an object"),
        (terms(), "at least one rule"),
        (of_fit() | {"threshold": "high"}, "The threshold must be a number"),
        (of_fit() | {"door": "back"}, "The door must be one of: mql, pql"),
        (of_fit() | {"colour": 1}, "“colour” is not part of a score model"),
        (of_fit(points=0), "“Large”: the points must be a number other than 0"),
        (of_fit(rule={"field": "shoe", "is": "filled"}), "The field “shoe” does not exist"),
        (of_fit(rule={"field": "score", "is": ">=", "value": 1}), "The field “score” does not exist"),
        (of_fit(rule=COUNT), "Fit does not count events"),
        (of_fit(rule={"field": "created_at", "is": "last_days", "value": 3}), "Compare with a date"),
        (terms(leads=COUNT, fit=of_fit()["fit"]), "Which leads it scores: Fit does not count"),
        (terms(engagement={"A": rule(5, half_life=0.1)}), "“A”: The half-life must be 1 to 3,650 days"),
        (terms(engagement={"A": rule(5, days=1.5)}), "“days” must be a whole number"),
        (terms(engagement={"A": rule(-5, cap=-5)}), "The cap must be more than 0"),
        (terms(engagement={"A": rule(5, group="Mail")}), "no group is called “Mail”"),
        (terms(engagement={"A": rule(5)}, groups={"Mail": {"cap": 0}}), "Group “Mail”: give it a “cap”"),
        (terms(engagement={"A": {"events": "dreams", "points": 5}}), "“events” must be one of: touches"),
        (
            terms(engagement={"A": rule(5, where={"field": "title", "is": "filled"})}),
            "The field “title” does not exist",
        ),
        (terms(engagement=[]), "at least one rule"),
        (terms(fit=[1]), "“fit” must be an object with a name"),
    ],
)
def test_what_is_wrong_says_what_to_change(wrong: Any, words: str) -> None:
    assert any(words in said for said in find_faults(wrong)), find_faults(wrong)


def test_terms_in_words_and_what_changed() -> None:
    first = terms(engagement={"Answered": rule(5, half_life=30, days=90, cap=40)}, fit=of_fit()["fit"])
    assert terms_in_words(first)[2:] == [
        "Large: +5 points when employees is at least 50",
        "Answered: +5 points for each of the touches in the last 90 days with a half-life of 30 days, "
        "at most 40 in either direction",
    ]
    second = terms(engagement={"Answered": rule(5, half_life=14, days=90, cap=40)}, fit=of_fit()["fit"])
    assert compare_terms(first, second) == ["engagement › Answered › half life: 30 → 14"]


def test_the_default_is_right_and_binds_no_one_before_both_signed(cmo: Any, cro: Any) -> None:
    for given in (TERMS, PQL_TERMS):
        assert not find_faults(given)
        assert checked_terms("score", given) == given
    version = propose_default(cmo)
    assert version is not None
    assert version.state == "proposed"
    assert in_force() == ()
    assert propose_default(cmo) is None
    by_use = propose_default(cmo, PQL)
    assert by_use is not None
    assert terms_in_words(by_use.terms)[1] == "Ready for Sales by its use of the product (PQL) from 20 points"


def test_a_letter_is_the_share_of_the_possible_points() -> None:
    model = from_terms(
        "m", of_fit() | {"fit": {"A": {"rule": EMPLOYEES, "points": 10}, "B": {"rule": EMPLOYEES, "points": -3}}}
    )
    assert [model.letter(points) for points in (10, 8, 7, 4, 2, 0, -3)] == ["A", "A", "B", "C", "D", "F", "F"]
