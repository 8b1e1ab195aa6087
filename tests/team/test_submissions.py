"""A form that is submitted twice has its effect once, and answers the same both times."""

import re
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from kpis.models import Goal
from team import submissions
from team.models import ApiToken, Company, Role, SubmittedForm, Territory, User
from tests import make

GOAL = {"target": "1000", "starts_on": "2027-01-01", "ends_on": "2027-12-31"}
PAGE = "/metrics/revenue/goal/"


@pytest.fixture
def leaders(cmo: User, cro: User) -> None:
    """Both leaders, who own a goal where nobody else is named."""


def key_of(client: Client, address: str = PAGE) -> str:
    """Return the key of the page's last form."""
    return re.findall(r'name="form_key" value="([\w-]+)"', client.get(address).content.decode())[-1]


def test_every_form_carries_a_key_of_its_own(as_user: Any, cmo: User) -> None:
    client = as_user(cmo)
    keys = re.findall(r'name="form_key" value="([\w-]+)"', client.get(PAGE).content.decode())
    assert len(set(keys)) == len(keys) >= 2
    assert key_of(client) != key_of(client)


@pytest.mark.usefixtures("leaders")
def test_a_goal_submitted_twice_is_set_once_and_answers_the_same(as_user: Any, cmo: User) -> None:
    client = as_user(cmo)
    sent = {**GOAL, "form_key": key_of(client)}
    first, second = client.post(PAGE, sent), client.post(PAGE, sent)
    assert (first.status_code, first.headers["Location"]) == (second.status_code, second.headers["Location"])
    assert first.status_code == 302
    assert Goal.objects.count() == 1
    assert "is set." in client.get(second.headers["Location"]).content.decode()


@pytest.mark.usefixtures("leaders")
def test_going_back_and_submitting_again_later_says_so(as_user: Any, cmo: User) -> None:
    client = as_user(cmo)
    sent = {**GOAL, "form_key": key_of(client)}
    client.post(PAGE, sent)
    SubmittedForm.objects.update(answered_at=timezone.now() - timedelta(minutes=5))
    assert submissions.AGAIN in client.post(PAGE, sent, follow=True).content.decode()
    assert Goal.objects.count() == 1


def test_what_is_shown_once_is_shown_by_both_answers_and_kept_encrypted(as_user: Any, ops: User) -> None:
    client = as_user(ops)
    sent = {"name": "Warehouse", "scopes": ["read"], "days": "30", "form_key": key_of(client, "/me/tokens/")}
    first, second = client.post("/me/tokens/", sent), client.post("/me/tokens/", sent)
    assert ApiToken.objects.count() == 1
    assert first.content == second.content
    assert first.context["secret"]
    assert first.context["secret"] not in SubmittedForm.objects.get().answer.token
    assert "no-store" in second.headers["Cache-Control"]


@pytest.mark.usefixtures("leaders")
def test_a_refused_form_may_be_corrected_and_sent_again(as_user: Any, cmo: User) -> None:
    client = as_user(cmo)
    key = key_of(client)
    assert client.post(PAGE, {**GOAL, "target": "much", "form_key": key}).status_code == 422
    assert client.post(PAGE, {**GOAL, "form_key": key}).status_code == 302
    assert Goal.objects.count() == 1


def test_other_content_under_the_same_key_is_a_submission_of_its_own(as_user: Any, ops: User) -> None:
    client = as_user(ops)
    address = "/company/territories/new/"
    key = key_of(client, address)
    for name in ("North", "South", "South"):
        client.post(address, {"name": name, "form_key": key})
    assert sorted(Territory.objects.values_list("name", flat=True)) == ["North", "South"]


def test_the_key_of_another_person_is_none(as_user: Any, cmo: User, cro: User) -> None:
    sent = {**GOAL, "form_key": key_of(as_user(cmo))}
    as_user(cmo).post(PAGE, sent)
    assert as_user(cro).post(PAGE, sent).status_code == 422  # there is a goal for these days


def test_a_form_that_waits_for_the_password_is_not_answered_yet(client: Client, ops: User) -> None:
    client.force_login(ops, backend="django.contrib.auth.backends.ModelBackend")
    sent = {"name": "Warehouse", "scopes": ["read"], "days": "30", "form_key": key_of(client, "/me/tokens/")}
    assert "reauthenticate" in client.post("/me/tokens/", sent).headers["Location"]
    assert not SubmittedForm.objects.exists()


@pytest.mark.usefixtures("leaders")
def test_an_abandoned_submission_is_taken_over(as_user: Any, cmo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client = as_user(cmo)
    sent = {**GOAL, "form_key": key_of(client)}
    SubmittedForm.objects.create(user=cmo, key=sent["form_key"], digest="x")
    monkeypatch.setattr(submissions, "WAIT_SECONDS", 0.0)
    assert client.post(PAGE, sent).status_code == 409
    SubmittedForm.objects.update(claimed_at=timezone.now() - submissions.ABANDONED_AFTER * 2)
    assert client.post(PAGE, sent).status_code == 302
    assert Goal.objects.count() == 1


def test_answers_are_kept_for_a_day(as_user: Any, cmo: User) -> None:
    client = as_user(cmo)
    client.post(PAGE, {**GOAL, "form_key": key_of(client)})
    SubmittedForm.objects.update(claimed_at=timezone.now() - submissions.KEPT_FOR * 2)
    client.post("/me/", {"form_key": key_of(client, "/me/")})
    assert SubmittedForm.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_two_at_once_have_one_effect_and_one_answer() -> None:
    Company.get()
    user = make.user(Role.OPS, email="ops@example.com")
    clients = [Client(), Client()]
    for client in clients:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    address = "/company/territories/new/"
    sent = {"name": "North", "form_key": key_of(clients[0], address)}
    start, answers = threading.Barrier(2), list[tuple[int, str]]()

    def submit(client: Client) -> None:
        start.wait()
        answer = client.post(address, sent)
        answers.append((answer.status_code, answer.headers["Location"]))
        connections.close_all()

    threads = [threading.Thread(target=submit, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Territory.objects.count() == 1
    assert answers == [(302, "/company/territories/")] * 2
