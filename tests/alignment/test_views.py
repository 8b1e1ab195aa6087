"""The front door, met by a visitor without account, without cookie and without JavaScript."""

import re
from itertools import product
from typing import Any

import pytest
from django.conf import settings as project
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from alignment import detector, views
from alignment.models import DetectorResult
from team.models import Company, User

ALL_NO = {"plan": "no", "people": "no", "reward": "no"}
pytestmark = pytest.mark.django_db


@pytest.fixture
def visitor(company: Company) -> Client:
    """Somebody whose browser is checked for forged posts, as in life."""
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


def test_the_link_cannot_be_guessed_and_opens_for_whoever_has_it(visitor: Client) -> None:
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


def test_somebody_signed_in_may_take_it_too(as_user: Any, cmo: User) -> None:
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
