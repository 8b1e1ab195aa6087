"""The disciplines of selling lead to the content that serves them, and holes are named."""

from typing import Any

import pytest

from agreements import actions
from agreements.models import Agreement
from alignment.disclosure import Reading, hide, show_mean
from alignment.rounds.content import ServedDiscipline
from alignment.rounds.models import Round
from alignment.rounds.questionnaire import DISCIPLINES
from alignment.rounds.results import DisciplineResult
from team.models import User
from tests.alignment.rounds.answering import answer_all, end, open_round, sheet
from tests.alignment.test_plan import sign


@pytest.mark.parametrize(
    ("readings", "has_content", "is_hole"),
    [
        ([show_mean(2.9, 12)], False, True),
        ([show_mean(2.9, 12)], True, False),
        ([show_mean(3.0, 12)], False, False),
        ([show_mean(4.0, 12), show_mean(2.0, 12)], False, True),
        ([show_mean(1.0, 12)], False, True),  # an end: “1.5 or less”
        ([hide("Too few.")], False, False),
    ],
)
def test_a_hole_is_rated_low_and_served_by_nothing(readings: list[Reading], has_content: bool, is_hole: bool) -> None:
    result = DisciplineResult(DISCIPLINES[0], tuple((str(number), reading) for number, reading in enumerate(readings)))
    assert ServedDiscipline(result, [Agreement()] if has_content else []).is_hole is is_hole


def rate(ceo: User, score: int) -> Round:
    opened, links = open_round(ceo, has_skills=True)
    ratings = {statement.key: score for discipline in DISCIPLINES for statement in discipline.statements}
    answer_all(links, {"marketing": [sheet(3)] * 5, "sales": [sheet(3, ratings=ratings)] * 6})
    return end(opened)


def test_results_link_to_signed_content_and_name_the_holes(as_user: Any, ceo: User, cmo: User, cro: User) -> None:
    first, second = DISCIPLINES[0], DISCIPLINES[1]
    version = sign(cmo, cro, "content", "guide", {"serves": [first.key], "format": "guide"})
    actions.propose_version(
        by=cmo,
        version=actions.draft_version(by=cmo, kind="message", key="m", text="New.", terms={"serves": [second.key]}),
    )  # a proposal serves nobody yet
    opened = rate(ceo, 2)
    client = as_user(cmo)
    page = client.get(f"/rounds/{opened.pk}/results/").content.decode()
    assert f'<a href="/agreements/{version.agreement_id}/">Guide</a>' in page
    assert page.count(">Hole<") == len(DISCIPLINES) - 1
    assert page.count("Propose content") == len(DISCIPLINES) - 1
    answer = client.get(f"/api/v1/rounds/{opened.pk}/results/").json()["disciplines"]
    assert [(row["served_by"], row["is_hole"]) for row in answer[:2]] == [([version.agreement_id], False), ([], True)]


@pytest.mark.usefixtures("cro")
def test_what_content_serves_is_chosen_on_the_form_and_said_in_words(as_user: Any, cmo: User) -> None:
    fields = {
        "title": "Calculator",
        "text": "Shows the return.",
        "format": "calculator",
        "serves": ["financial_justification"],
    }
    as_user(cmo).post("/agreements/new/?kind=content", fields)
    version = Agreement.objects.get().versions.get()
    assert version.terms == {"format": "calculator", "serves": ["financial_justification"]}
    page = as_user(cmo).get(f"/agreements/{version.agreement_id}/").content.decode()
    assert "Serves: Financial justification" in page
