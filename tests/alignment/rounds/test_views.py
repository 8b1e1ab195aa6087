"""The pages of a round: answered by link without an account or a script, and read by those who may."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from agreements.models import Signatory
from alignment.rounds import answer_views
from alignment.rounds.models import AnswerSheet, Round
from alignment.rounds.questionnaire import DIMENSIONS, statements
from team.models import Company, Role, SubmittedForm, User
from tests import make
from tests.alignment.rounds.answering import answer, answer_all, end, names, open_round, post_answers, sheet, token_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def respondent(company: Company) -> Client:
    """A person without an account, whose browser is checked for forged posts."""
    return Client(enforce_csrf_checks=True)


def page_of(link: Any) -> str:
    return reverse("answer_round", args=[token_of(link)])


def test_the_page_asks_all_dimensions_and_the_other_teams_view_without_a_script(respondent: Client, ceo: User) -> None:
    _, links = open_round(ceo)
    page = respondent.get(page_of(links[0]))
    html = page.content.decode()
    assert html.count('<fieldset class="statement">') == len(list(statements())) + len(DIMENSIONS)
    assert "And what do you think Sales answers to this?" in html
    assert 'method="post"' in html
    assert not page.cookies
    assert (page["X-Robots-Tag"], page["Referrer-Policy"]) == ("noindex", "no-referrer")


def test_the_page_says_who_will_see_what_before_it_asks(respondent: Client, ceo: User, cmo: User, cfo: User) -> None:
    deputy = make.user(Role.REP, name="Dora Deputy")
    Signatory.objects.create(seat="sales", holder=deputy, named_by=ceo)
    _, links = open_round(ceo, minimum=3)
    html = respondent.get(page_of(links[0])).content.decode()
    promises = html[html.index("Who sees what") : html.index('class="answer-form"')]
    for reader in ("Clara CEO (CEO)", "Mona CMO (CMO)", "Frank CFO (CFO)", "Dora Deputy (signs for Sales)"):
        assert reader in promises
    assert "at least 3 people of <em>each</em> side" in promises
    assert "cannot be lowered" in promises


def test_answers_are_sent_changed_in_the_same_browser_and_closed_to_others(respondent: Client, ceo: User) -> None:
    _, links = open_round(ceo)
    sent = post_answers(respondent, links[0], "4")
    assert sent.status_code == 302
    done = respondent.get(sent.url).content.decode()
    code = re.search(r'id="code">([\w-]+)<', done)
    assert code
    changed = respondent.get(page_of(links[0])).content.decode()
    assert "These are the answers you gave" in changed
    assert changed.count('value="4" checked') == len(list(statements()))
    stranger = Client()
    asked = stranger.get(page_of(links[0])).content.decode()
    assert "Answers were given already" in asked
    assert "checked" not in asked
    wrong = stranger.post(page_of(links[0]), {"code": "AAAA-BBBB-CCCC-DDDD"})
    assert wrong.status_code == 422
    right = stranger.post(page_of(links[0]), {"code": code.group(1).lower()}, follow=True)
    assert "These are the answers you gave" in right.content.decode()


def test_codes_cannot_be_tried_without_end(ceo: User, respondent: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr(answer_views, "CODES_PER_HOUR", 2)
    _, links = open_round(ceo)
    answer(links[0], sheet(3))
    for _ in range(3):
        page = respondent.post(page_of(links[0]), {"code": "AAAA-BBBB-CCCC-DDDD"})
    assert "Too many codes" in page.content.decode()


def test_what_is_left_open_or_unknown_is_not_stored(respondent: Client, ceo: User) -> None:
    _, links = open_round(ceo)
    data = {"lexicon.1": "5", "lexicon.2": "0", "guess:lexicon.1": "2"}
    respondent.post(page_of(links[0]), data)
    stored = AnswerSheet.objects.get()
    assert (stored.answers, stored.guesses) == ({"lexicon.1": 5}, {"lexicon.1": 2})


@pytest.mark.parametrize("data", [{}, {"lexicon.1": "0"}, {"lexicon.1": "9"}, {"guess:lexicon.1": "3"}])
def test_an_empty_or_impossible_sheet_is_refused(respondent: Client, ceo: User, data: dict[str, str]) -> None:
    _, links = open_round(ceo)
    page = respondent.post(page_of(links[0]), data)
    assert page.status_code == 422
    assert 'role="alert"' in page.content.decode()
    assert not AnswerSheet.objects.exists()


def test_a_wrong_link_and_a_closed_round_show_nothing(respondent: Client, ceo: User) -> None:
    opened, links = open_round(ceo)
    assert respondent.get("/answer/wrong/").status_code == 404
    end(opened)
    page = respondent.get(page_of(links[0])).content.decode()
    assert "This round has ended" in page
    assert "<form" not in page
    assert post_answers(respondent, links[0]).status_code == 200
    assert not AnswerSheet.objects.exists()


def test_a_signed_in_person_answers_as_a_visitor_and_leaves_no_trace_of_the_account(as_user: Any, ceo: User) -> None:
    _, links = open_round(ceo)
    client = as_user(ceo)
    html = client.get(page_of(links[0])).content.decode()
    assert "Clara CEO</" not in html.split("Who sees what")[0]
    assert "form_key" not in html  # by which a submitted form would be remembered under the account
    post_answers(client, links[0])
    assert AnswerSheet.objects.count() == 1
    assert not SubmittedForm.objects.exists()


def test_a_round_is_opened_on_the_page_and_its_links_are_shown_once(as_user: Any, ops: User, company: Company) -> None:
    client = as_user(ops)
    form = {
        "name": "Autumn",
        "closes_on": (Company.today() + timedelta(days=5)).isoformat(),
        "minimum": "5",
        "marketing_others": "\n".join(names("marketing", 5)),
        "sales_others": "\n".join(names("sales", 5)),
    }
    page = client.post(reverse("new_round"), form)
    html = page.content.decode()
    assert html.count("/answer/") == 10
    assert page["Cache-Control"] == "no-store, private"
    opened = Round.objects.get()
    progress = client.get(reverse("round", args=[opened.pk])).content.decode()
    assert "/answer/" not in progress
    assert progress.count("0 <span>of 5 answered") == 2
    assert client.post(reverse("new_round"), {**form, "sales_others": "one"}).status_code == 422


def test_progress_names_no_one_who_has_answered(as_user: Any, ops: User) -> None:
    opened, links = open_round(ops)
    before = as_user(ops).get(reverse("round", args=[opened.pk])).content.decode()
    answer(links[0], sheet(3))
    after = as_user(ops).get(reverse("round", args=[opened.pk])).content.decode()
    invited = [re.search(r"Who was invited.*?</details>", html, re.DOTALL) for html in (before, after)]
    assert invited[0]
    assert invited[1]
    assert invited[0].group() == invited[1].group()
    assert "1 <span>of 5 answered" in after


@pytest.mark.parametrize("role", Role.values)
def test_results_are_read_by_the_chiefs_and_the_cfo_alone(as_user: Any, company: Company, role: str) -> None:
    ceo = make.user(Role.CEO)
    opened, links = open_round(ceo)
    answer_all(links, {"marketing": [sheet(4)] * 5, "sales": [sheet(2)] * 6})
    end(opened)
    reader = make.user(role, is_superuser=role == Role.OPS)
    page = as_user(reader).get(reverse("round_results", args=[opened.pk]))
    assert page.status_code == (200 if role in {Role.CEO, Role.CMO, Role.CRO, Role.CFO} else 403)


def test_results_wait_until_the_round_has_ended(as_user: Any, ceo: User) -> None:
    opened, _ = open_round(ceo)
    page = as_user(ceo).get(reverse("round_results", args=[opened.pk]))
    assert page.status_code == 409
    assert "still open" in page.content.decode()


def test_the_page_writes_the_companys_number_format_and_the_file_one_for_machines(as_user: Any, ceo: User) -> None:
    opened, links = open_round(ceo)
    answer_all(links, {"marketing": [sheet(4, guess=4)] * 5, "sales": [sheet(2, guess=2)] * 5 + [sheet(3, guess=2)]})
    end(opened)
    url = reverse("round_results", args=[opened.pk])
    assert "−1.8" in as_user(ceo).get(url).content.decode()
    Company.objects.update(number_format="de_DE")
    assert "−1,8" in as_user(ceo).get(url).content.decode()
    assert "−1.8" in b"".join(as_user(ceo).get(url + "?format=csv")).decode("utf-8-sig")


def test_the_page_and_the_file_show_the_gaps(as_user: Any, ceo: User) -> None:
    opened, links = open_round(ceo)
    answer_all(links, {"marketing": [sheet(4, guess=4)] * 5, "sales": [sheet(2, guess=2)] * 5 + [sheet(3, guess=2)]})
    end(opened)
    html = as_user(ceo).get(reverse("round_results", args=[opened.pk])).content.decode()
    assert "Sales and Marketing see 14 of 14 dimensions differently" in html
    assert "−1.8" in html  # 2.2 against 4.0
    assert html.count('class="number reading-2"') == 14
    assert "style=" not in html
    url = reverse("round_results", args=[opened.pk]) + "?format=csv"
    rows = b"".join(as_user(ceo).get(url)).decode("utf-8-sig").splitlines()
    assert "−1.8" in next(row for row in rows if row.startswith("Common language"))


def test_a_small_side_is_not_shown_apart(as_user: Any, ceo: User) -> None:
    opened, links = open_round(ceo)
    answer_all(links, {"marketing": [sheet(5)] * 4, "sales": [sheet(2)] * 6})
    end(opened)
    html = as_user(ceo).get(reverse("round_results", args=[opened.pk])).content.decode()
    assert "A side is shown only if 5 people of each side answered" in html
    assert "Both sides together" in html
    assert "reading-2" not in html.split("Both sides together")[0]


def test_the_results_cost_the_same_number_of_queries_for_ten_people_and_twenty(
    as_user: Any, ceo: User, django_assert_max_num_queries: Any
) -> None:
    for number, size in enumerate((5, 15)):
        opened, links = open_round(ceo, name=f"R{number}", marketing=size, sales=size)
        answer_all(links, {"marketing": [sheet(4)] * size, "sales": [sheet(2)] * size})
        end(opened)
    client = as_user(ceo)
    for one in Round.objects.all():
        with django_assert_max_num_queries(25):
            client.get(reverse("round_results", args=[one.pk]))
