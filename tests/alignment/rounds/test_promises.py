"""What the page of a round says before anybody answers is true: one test for each claim that code can check."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django import forms
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from alignment.rounds import actions
from alignment.rounds.forms import AnswerForm
from alignment.rounds.models import AnswerSheet, Invitation, InvitationLink, Round, SkillSheet
from alignment.rounds.queries import read_results, result_readers
from alignment.tasks import run_daily_checks
from team.access import has_right
from team.models import Role, Side, User
from tests import make
from tests.alignment.rounds.answering import answer, answer_all, end, open_round, post_answers, sheet, token_of

pytestmark = pytest.mark.django_db
TERM = {
    "key": "sla.mql.response",
    "name": "response",
    "question": "Hours?",
    "unit": "hours",
    "signed": 4.0,
    "stage": "mql",
}


def read_promises(link: Any) -> str:
    html = Client().get(reverse("answer_round", args=[token_of(link)])).content.decode()
    promises = html[html.index('<section class="promises"') : html.index('class="answer-form"')]
    return " ".join(strip_tags(promises).split())


def fields(model: Any) -> set[str]:
    return {field.name for field in model._meta.get_fields() if not field.auto_created or field.concrete}


def hold(ceo: User, marketing: int, sales: int, **options: Any) -> Round:
    """Hold a round that so many people of each side answer."""
    opened, links = open_round(ceo, marketing=max(5, marketing), sales=max(5, sales), **options)
    answer_all(links, {"marketing": [sheet(2)] * marketing, "sales": [sheet(4)] * sales})
    return end(opened)


def shown_groups(ceo: User, marketing: int, sales: int) -> dict[str, str]:
    return {group.key: group.mode for group in read_results(hold(ceo, marketing, sales)).groups}


def test_answers_are_stored_without_name_address_link_and_time() -> None:
    assert fields(AnswerSheet) == {"key", "round", "side", "answers", "guesses", "expectations"}
    assert fields(SkillSheet) == {"key", "round", "is_manager", "ratings"}


def test_an_invitation_records_who_which_side_and_whether_it_was_used() -> None:
    assert fields(Invitation) - {"id", "links"} == {"round", "side", "person", "is_used"}
    assert fields(InvitationLink) - {"id"} == {"invitation", "digest"}


def test_there_is_no_free_text(ceo: User) -> None:
    opened, links = open_round(ceo, has_skills=True)
    opened.terms = [TERM]
    form = AnswerForm(round=opened, side=Side.SALES)
    allowed = (forms.ChoiceField, forms.FloatField, forms.BooleanField)
    assert all(isinstance(field, allowed) for field in form.fields.values())
    assert "There is no free text" in read_promises(links[0])


@pytest.mark.parametrize(
    ("marketing", "sales", "shown"),
    [
        (5, 5, {"marketing": "numbers", "sales": "numbers"}),
        (6, 4, {"marketing": "hidden", "sales": "hidden", "both": "numbers"}),
        (6, 0, {"marketing": "numbers", "sales": "hidden"}),
        (3, 2, {"marketing": "hidden", "sales": "hidden", "both": "numbers"}),
        (2, 2, {"marketing": "hidden", "sales": "hidden"}),
    ],
)
def test_a_side_is_shown_only_beside_another_that_is_large_enough(
    ceo: User, marketing: int, sales: int, shown: dict[str, str]
) -> None:
    assert shown_groups(ceo, marketing, sales) == shown


def test_the_number_on_the_page_is_that_of_the_round(ceo: User) -> None:
    for minimum in (5, 3):
        _, links = open_round(ceo, name=f"From {minimum}", minimum=minimum)
        promises = read_promises(links[0])
        assert f"at least {minimum} people of each side answered, or if {minimum} of it did" in promises
        assert f"only if {minimum} people answered in all" in promises


def test_the_readers_on_the_page_are_those_whom_the_results_open_for(as_user: Any, ceo: User) -> None:
    people = [ceo, *(make.user(role, name=f"The {role.label}") for role in Role if role != Role.CEO)]
    opened = hold(ceo, 5, 5)
    readers = {reader.person for reader in result_readers()}
    assert readers == {person for person in people if has_right(person, "read_rounds")}
    for person in people:
        answers = [
            as_user(person).get(f"/rounds/{opened.pk}/results/{suffix}").status_code for suffix in ("", "?format=csv")
        ]
        answers.append(as_user(person).get(f"/api/v1/rounds/{opened.pk}/results/").status_code)
        assert answers == ([200] * 3 if person in readers else [403] * 3), person.role


def test_ops_admins_see_counts_and_who_was_invited_but_not_who_answered(as_user: Any, ceo: User, ops: User) -> None:
    pages = []
    for number, order in enumerate((1, -1)):
        opened, links = open_round(ceo, name=f"Round {number}")
        for link in links[::order][:2]:
            if link.side == ("marketing" if order == 1 else "sales"):
                answer(link, sheet(3))
        pages.append(as_user(ops).get(f"/rounds/{opened.pk}/").content.decode())
    assert all("marketing 1" in page and "sales 6" in page for page in pages)
    listed = [re.findall(r"<li>((?:marketing|sales) \d)</li>", page) for page in pages]
    assert listed[0] == listed[1]  # whoever has answered, the list is the same


def test_results_are_shown_to_nobody_before_the_end(as_user: Any, ceo: User) -> None:
    opened, links = open_round(ceo)
    answer_all(links, {"marketing": [sheet(2)] * 5, "sales": [sheet(4)] * 6})
    assert as_user(ceo).get(f"/rounds/{opened.pk}/results/").status_code == 409
    assert as_user(ceo).get(f"/api/v1/rounds/{opened.pk}/results/").status_code == 400


def test_answers_stay_and_links_do_not(ceo: User) -> None:
    opened, links = open_round(ceo)
    assert f"Links are deleted {actions.LINKS_STORED.days} days later." in read_promises(links[0])
    answer(links[0], sheet(3))
    with time_machine.travel(timezone.now() + timedelta(days=3 * 365)):
        run_daily_checks()
        assert (AnswerSheet.objects.count(), opened.invitations.count()) == (1, 11)
        assert not InvitationLink.objects.exists()


def test_the_code_is_stored_in_the_browser_for_this_link_alone_and_for_100_days(ceo: User) -> None:
    _, links = open_round(ceo)
    cookie = post_answers(Client(), links[0]).cookies["answer_code"]
    assert cookie["path"] == reverse("answer_round", args=[token_of(links[0])])
    assert cookie["max-age"] == 100 * 24 * 3600
    assert "for 100 days" in read_promises(links[1])


def test_the_page_speaks_of_terms_and_skills_only_where_they_are_asked(ceo: User) -> None:
    _, links = open_round(ceo)
    assert "median" not in read_promises(links[0])
    assert "exception" not in read_promises(links[0])
    opened, links = open_round(ceo, name="With skills", has_skills=True)
    assert "reps and managers are shown apart" in read_promises(links[-1])
    assert opened.has_skills
