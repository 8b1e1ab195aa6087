"""The three questions and all eight ways to answer them."""

import re
from itertools import product

import pytest
from django.urls import reverse

from alignment import detector

CASES = [
    # plan, people, reward, degree, name, urgency
    (True, True, True, 0, "Safe", "Check again in three months"),
    (False, True, True, 1, "Smoke", "Act this quarter"),
    (True, False, True, 1, "Smoke", "Act this quarter"),
    (True, True, False, 1, "Smoke", "Act this quarter"),
    (False, False, True, 2, "Fire", "Act this month"),
    (False, True, False, 2, "Fire", "Act this month"),
    (True, False, False, 2, "Fire", "Act this month"),
    (False, False, False, 3, "Blaze", "Act this week"),
]
EVERY_ANSWER = [dict(zip(["plan", "people", "reward"], said, strict=True)) for said in product([True, False], repeat=3)]


@pytest.mark.parametrize(("plan", "people", "reward", "degree", "name", "urgency"), CASES)
def test_each_no_raises_the_degree(
    plan: bool, people: bool, reward: bool, degree: int, name: str, urgency: str
) -> None:
    verdict = detector.judge({"plan": plan, "people": people, "reward": reward})
    assert (verdict.degree.number, verdict.degree.name, verdict.degree.urgency) == (degree, name, urgency)
    assert verdict.safe is (degree == 0)


@pytest.mark.parametrize("answers", EVERY_ANSWER, ids=str)
def test_the_killers_are_the_questions_answered_with_no_in_their_order(answers: dict[str, bool]) -> None:
    killers = [question.key for question in detector.judge(answers).killers]
    assert killers == [key for key, yes in answers.items() if not yes]


def test_every_case_has_a_sentence_of_its_own() -> None:
    sentences = {detector.judge(answers).sentence for answers in EVERY_ANSWER}
    assert len(sentences) == len(EVERY_ANSWER) == len(detector.SENTENCES) == 8


def test_a_missing_answer_is_not_taken_for_a_no() -> None:
    with pytest.raises(KeyError):
        detector.judge({"plan": True, "people": True})


def test_every_no_says_what_the_danger_is_and_what_to_do_next() -> None:
    for question in detector.QUESTIONS:
        assert question.words.endswith("?")
        assert question.danger.title
        assert question.danger.words
        assert len(question.danger.steps) >= 3


def test_every_no_says_what_it_costs_with_the_source_or_that_there_is_none() -> None:
    costs = [question.danger.cost for question in detector.QUESTIONS]
    assert len({cost.words for cost in costs}) == 3
    assert all(re.search(r"\d+%", cost.words) for cost in costs)
    assert [cost.origin for cost in costs] == [
        "Demand Metric, year not given",
        "rule of thumb, no source named",
        "Aberdeen, 2013",
    ]


def test_every_no_names_pages_of_accord_that_exist() -> None:
    for question in detector.QUESTIONS:
        assert len(question.danger.remedies) >= 2
        for remedy in question.danger.remedies:
            assert reverse(remedy.url_name)


def test_every_figure_says_where_it_comes_from_or_that_no_one_knows() -> None:
    assert detector.Fact("x", "Aberdeen", "2013").origin == "Aberdeen, 2013"
    assert detector.Fact("x", "McKinsey").origin == "McKinsey, year not given"
    assert detector.Fact("x").origin == "rule of thumb, no source named"
    assert all(figure.origin for figure in [*detector.STAKES, detector.GROWTH])
