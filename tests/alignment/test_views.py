"""The front door, met by a visitor without account, without cookie and without JavaScript."""

import re
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
import time_machine
from django.conf import settings as project
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from alignment import detector, views
from alignment.models import DetectorResult
from alignment.tasks import run_daily_checks
from team.models import Company, User
from team.setup import SetupDetails, claim_deployment, new_token

SETUP = {
    "company_name": "Nordlicht AG", "currency": "EUR", "time_zone": "Europe/Berlin", "name": "Clara Weiss",
    "email": "clara@nordlicht.example", "password": "five quiet words walk home",
    "password_again": "five quiet words walk home",
}  # fmt: skip
ALL_NO = {"plan": "no", "people": "no", "reward": "no"}
pytestmark = pytest.mark.django_db


@pytest.fixture
def visitor(company: Company) -> Client:
    """A person whose browser is checked for forged posts, as in life."""
    return Client(enforce_csrf_checks=True)


def ask(visitor: Client, said: dict[str, str], **more: Any) -> Any:
    return visitor.post(reverse("front_door"), said, **more)


def test_a_visitor_meets_three_questions_and_no_cookie(visitor: Client) -> None:
    page = visitor.get("/")
    html = page.content.decode()
    assert page.status_code == 200
    assert html.count("<fieldset") == 3
    assert html.count('type="radio"') == 6
    assert reverse("account_login") in html
    assert not page.cookies
    assert not page.headers.get("Set-Cookie")


def test_the_page_works_without_a_script_and_asks_no_other_host(visitor: Client) -> None:
    html = visitor.get("/").content.decode()
    form = re.search(r"<form[^>]*>", html)
    assert form
    assert 'method="post"' in form.group()
    assert 'action="/"' in form.group()
    assert not re.search(r'(src|href)="(https?:)?//', html)


@pytest.mark.parametrize("said", list(product(["yes", "no"], repeat=3)))
def test_each_of_the_eight_answers_leads_to_its_result(visitor: Client, said: tuple[str, ...]) -> None:
    cache.clear()
    answers = dict(zip(["plan", "people", "reward"], said, strict=True))
    answered = ask(visitor, answers)
    assert answered.status_code == 302
    assert not answered.cookies
    verdict = detector.judge({key: value == "yes" for key, value in answers.items()})
    page = visitor.get(answered.url)
    html = page.content.decode()
    assert page.status_code == 200
    assert verdict.sentence in html
    assert verdict.degree.urgency in html
    for question in detector.QUESTIONS:
        assert (question.danger.title in html) is (answers[question.key] == "no")
        assert (question.danger.steps[0] in html) is (answers[question.key] == "no")


def test_the_link_cannot_be_guessed_and_opens_for_anyone_who_has_it(visitor: Client) -> None:
    link = ask(visitor, ALL_NO).url
    token = link.strip("/").rpartition("/")[2]
    assert re.fullmatch(r"[\w-]{22}", token)  # 128 bits in base64
    assert Client().get(link).status_code == 200
    assert Client().get(reverse("detector_result", args=["a" * 22])).status_code == 404
    assert len({ask(visitor, ALL_NO).url for _ in range(3)}) == 3


def test_the_result_shows_its_link_is_hidden_from_search_engines_and_sets_no_cookie(visitor: Client) -> None:
    link = ask(visitor, ALL_NO).url
    page = visitor.get(link)
    assert f"{project.SITE_URL}{link}" in page.content.decode()
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert not page.cookies


@pytest.mark.parametrize("token", ["a" * 22, "a" * 21, "A-wrong-token", "%F0%9F%94%A5"])
def test_a_wrong_link_shows_a_plain_404_page_to_no_one_but_its_reader(visitor: Client, token: str) -> None:
    page = visitor.get(f"/detector/{token}/")
    html = page.content.decode()
    assert page.status_code == 404
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in page.headers["Cache-Control"]
    assert not page.cookies
    assert not any(degree.advice in html for degree in detector.DEGREES)


def test_a_link_with_a_changed_letter_is_a_wrong_link(visitor: Client) -> None:
    link = ask(visitor, ALL_NO).url
    assert visitor.get(link.lower()).status_code == 404
    assert visitor.get(f"{link[:-2]}{'A' if link[-2] != 'A' else 'B'}/").status_code == 404


def test_the_address_of_a_result_goes_to_no_other_site(visitor: Client, as_user: Any, cmo: User) -> None:
    link = ask(visitor, ALL_NO).url
    assert visitor.get(link).headers["Referrer-Policy"] == "no-referrer"
    assert as_user(cmo).get(link).headers["Referrer-Policy"] == "same-origin"  # else signing out there is refused


def test_a_result_is_deleted_after_24_months(visitor: Client) -> None:
    with time_machine.travel(datetime(2026, 2, 28, 12, tzinfo=UTC), tick=False):
        link = ask(visitor, ALL_NO).url
    with time_machine.travel(datetime(2028, 2, 28, 12, tzinfo=UTC), tick=False):
        younger = ask(visitor, ALL_NO).url
        run_daily_checks()
        assert visitor.get(link).status_code == 200
    with time_machine.travel(datetime(2028, 3, 1, 12, tzinfo=UTC), tick=False):
        assert visitor.get(link).status_code == 404  # before the task has run, too
        assert DetectorResult.objects.count() == 2
        run_daily_checks()
        assert [row.get_absolute_url() for row in DetectorResult.objects.all()] == [younger]
        assert visitor.get(link).status_code == 404


def test_the_deletion_is_started_by_the_schedule() -> None:
    assert "alignment.days" in {entry["task"] for entry in project.CELERY_BEAT_SCHEDULE.values()}
    assert run_daily_checks.name == "alignment.days"


def test_a_flood_from_many_addresses_stores_little_and_still_shows_every_result(
    visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "STORED_PER_MINUTE", 3)
    answered = [ask(visitor, ALL_NO, REMOTE_ADDR=f"203.0.113.{number}") for number in range(8)]
    assert [page.status_code for page in answered] == [302] * 3 + [200] * 5
    assert DetectorResult.objects.count() == 3
    html = answered[-1].content.decode()
    assert detector.DEGREES[3].urgency in html
    assert "has no link" in html
    assert answered[-1].headers["X-Robots-Tag"] == "noindex"


def test_all_addresses_together_store_a_limited_number_a_day(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "STORED_PER_DAY", 2)
    for number in range(4):
        ask(visitor, ALL_NO, REMOTE_ADDR=f"203.0.113.{number}")
    assert DetectorResult.objects.count() == 2


def test_each_no_says_what_it_costs_and_which_pages_repair_it(visitor: Client) -> None:
    Company.objects.update(claimed_at="2026-01-01T00:00:00Z")
    html = visitor.get(ask(visitor, {**ALL_NO, "people": "yes"}).url).content.decode()
    for question in detector.QUESTIONS:
        is_missing = question.key != "people"
        assert (question.danger.cost.words in html) is is_missing
        for remedy in question.danger.remedies:
            assert (remedy.purpose in html) is is_missing
            assert (f'href="{reverse(remedy.url_name)}"' in html) >= is_missing


def test_pages_that_need_an_account_are_no_links_before_there_are_accounts(visitor: Client) -> None:
    html = visitor.get(ask(visitor, ALL_NO).url).content.decode()
    assert detector.PLAN.danger.remedies[0].purpose in html
    assert f'href="{reverse("agreements")}"' not in html


def test_the_set_up_goes_on_from_the_result_once(visitor: Client) -> None:
    link = ask(visitor, ALL_NO).url
    assert f'href="{reverse("setup")}?next={link}begin/"' in visitor.get(link).content.decode()
    details = SetupDetails("Acme", "EUR", "Europe/Berlin", "Clara", "ceo@acme.example", "correct horse 77")
    claim_deployment(token=new_token(), founding=details)
    assert reverse("setup") not in visitor.get(link).content.decode()
    assert visitor.get(reverse("setup")).status_code == 404


def test_nothing_is_kept_but_the_answers_and_the_day(visitor: Client) -> None:
    ask(visitor, ALL_NO, REMOTE_ADDR="203.0.113.7", HTTP_USER_AGENT="Curious/1.0")
    names = {field.name for field in DetectorResult._meta.get_fields()}
    assert names == {"id", "token", "plan", "people", "reward", "answered_on"}
    row = DetectorResult.objects.values().get()
    assert "203.0.113.7" not in str(row)
    redis = cache._cache.get_client()  # type: ignore[attr-defined]
    kept = [(key, redis.get(key)) for key in redis.scan_iter("*")]
    assert kept
    assert "203.0.113.7" not in str(kept)


@pytest.mark.parametrize(
    ("said", "open_questions"),
    [
        ({}, ["plan", "people", "reward"]),
        ({"plan": "yes", "people": "no"}, ["reward"]),
        ({"plan": "maybe", "people": "no", "reward": "yes"}, ["plan"]),
        ({"plan": "yes\0", "people": "no", "reward": "yes"}, ["plan"]),
    ],
)
def test_a_missing_answer_is_named_and_the_others_are_kept(
    visitor: Client, said: dict[str, str], open_questions: list[str]
) -> None:
    page = ask(visitor, said)
    html = page.content.decode()
    assert page.status_code == 200
    assert [key for key in ["plan", "people", "reward"] if f'id="fault-{key}"' in html] == open_questions
    for key, value in said.items():
        if value in {"yes", "no"}:
            assert re.search(rf'name="{key}" value="{value}" checked', html)
    assert not DetectorResult.objects.exists()
    assert not page.cookies


def test_a_program_that_fills_in_every_field_gets_no_result(visitor: Client) -> None:
    page = ask(visitor, {**ALL_NO, "reference": "https://spam.example"})
    assert page.status_code == 200
    assert "asks for nothing" in page.content.decode()
    assert not DetectorResult.objects.exists()


def test_an_address_gets_ten_results_an_hour_and_keeps_its_answers_then(visitor: Client) -> None:
    for _ in range(views.RESULTS_PER_HOUR):
        assert ask(visitor, ALL_NO).status_code == 302
    page = ask(visitor, ALL_NO)
    assert page.status_code == 429
    assert page.content.decode().count("checked") == 3
    assert DetectorResult.objects.count() == views.RESULTS_PER_HOUR
    assert ask(visitor, ALL_NO, REMOTE_ADDR="203.0.113.7").status_code == 302


def test_a_forwarded_address_that_no_proxy_vouches_for_changes_nothing(visitor: Client) -> None:
    for number in range(views.RESULTS_PER_HOUR):
        ask(visitor, ALL_NO, HTTP_X_FORWARDED_FOR=f"198.51.100.{number}")
    assert ask(visitor, ALL_NO, HTTP_X_FORWARDED_FOR="198.51.100.99").status_code == 429


def test_only_an_unclaimed_accord_offers_to_be_set_up(visitor: Client) -> None:
    link = ask(visitor, ALL_NO).url
    assert reverse("setup") in visitor.get(link).content.decode()
    Company.objects.update(is_demo=True)
    assert reverse("setup") not in visitor.get(link).content.decode()
    Company.objects.update(is_demo=False, claimed_at="2026-01-01T00:00:00Z")
    assert reverse("setup") not in visitor.get(link).content.decode()


def test_someone_signed_in_may_take_it_too(as_user: Any, cmo: User) -> None:
    client = as_user(cmo)
    assert client.get("/").status_code == 200
    assert client.get(client.post("/", ALL_NO).url).status_code == 200


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_the_door_knows_no_other_verbs(visitor: Client, method: str) -> None:
    assert getattr(visitor, method)("/").status_code == 405


def test_answers_sent_twice_from_one_page_come_to_one_result(client: Client, db: None) -> None:
    key = re.findall(r'name="form_key" value="([\w-]+)"', client.get("/").content.decode())[-1]
    answers = {"plan": "yes", "people": "no", "reward": "yes", "form_key": key}
    first, second = client.post("/", answers), client.post("/", answers)
    assert first.headers["Location"] == second.headers["Location"]
    assert DetectorResult.objects.count() == 1
    assert client.post("/", {**answers, "plan": "no"}).headers["Location"] != first.headers["Location"]
    assert client.post("/", {**answers, "form_key": "short"}).headers["Location"] != first.headers["Location"]


def test_remedies_lead_to_the_pages_that_the_reader_may_open(
    visitor: Client, as_user: Any, ceo: User, rep: User
) -> None:
    address = ask(visitor, ALL_NO).url
    for reader, may_see_rounds in ((ceo, True), (rep, False)):
        html = as_user(reader).get(address).content.decode().partition("<main")[2]
        assert f'href="{reverse("plan")}"' in html
        assert f'href="{reverse("workspace")}"' in html
        assert (f'href="{reverse("rounds")}"' in html) is may_see_rounds


def test_the_result_comes_along_into_the_new_workspace_and_is_shown_there_once(visitor: Client) -> None:
    address = ask(visitor, ALL_NO).url
    onward = f"{reverse('setup')}?next={address}begin/"
    assert f'href="{onward}"' in visitor.get(address).content.decode()
    ceo = Client()
    page = ceo.post(onward, {**SETUP, "token": new_token()}, follow=True)
    assert page.redirect_chain[-1][0] == reverse("workspace")
    assert "The detector’s result was “Blaze”." in page.content.decode()
    assert f'href="{address}"' in page.content.decode()
    for again in (reverse("workspace"), f"{address}begin/"):
        assert "The detector’s result" not in ceo.get(again, follow=True).content.decode()


@pytest.mark.usefixtures("company")
def test_setting_up_leads_to_no_other_site() -> None:
    answer = Client().post(f"{reverse('setup')}?next=https://evil.example/", {**SETUP, "token": new_token()})
    assert answer.url == reverse("home")
