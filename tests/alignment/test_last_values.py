"""Pages of alignment do not wait for values: they show the last ones, and the worker computes new ones."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agreements import actions as agreeing
from alignment import tasks
from alignment.expectations.measured import measure_terms
from alignment.last_values import read_value, take_request
from alignment.plan.actions import draft_update
from alignment.prepared_values import prepare_values
from alignment.rounds.models import Round
from facts.engine import Facts
from facts.refresh import refresh
from facts.steps import ordered_steps
from team.models import Company, User
from tests.alignment.rounds import answering
from tests.alignment.test_matrix import terms as matrix_terms
from tests.alignment.test_plan import invoice, sign, sign_goal


def test_a_value_of_another_state_is_shown_and_requested() -> None:
    assert read_value("a", "monday", lambda: 1, waits=False) == 1  # never computed before: there is nothing to show
    assert not take_request()
    assert read_value("a", "tuesday", lambda: 2, waits=False) == 1
    assert take_request()
    assert not take_request()
    assert read_value("a", "tuesday", lambda: 2, waits=True) == 2
    assert read_value("a", "tuesday", lambda: 3, waits=True) == 2


@pytest.fixture
def plan_and_matrix(cmo: User, cro: User) -> None:
    sign_goal(cmo, cro)
    sign(cmo, cro, "accountability_matrix", "matrix", matrix_terms(metric="revenue"))


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("plan_and_matrix")
def test_pages_show_the_last_values_with_their_time_until_the_worker_has_new_ones(as_user: Any, cro: User) -> None:
    client = as_user(cro)
    invoice(300)
    first = refresh()
    pages = {
        "/plan/": ("€300 of", "€600 of"),
        "/accountability/": ("€300</strong>", "€600</strong>"),
    }
    for address, (old, _new) in pages.items():
        assert old in client.get(address).content.decode()
    invoice(300)
    refresh()
    for address, (old, _new) in pages.items():
        answer = client.get(address)
        assert old in answer.content.decode()
        assert answer.context["as_of"] == first.taken_at
    tasks.compute_requested_values()
    for address, (_old, new) in pages.items():
        answer = client.get(address)
        assert new in answer.content.decode()
        assert answer.context["as_of"] > first.taken_at
    assert client.get("/api/v1/plan/").json()["goals"][0]["value"] == 600


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("plan_and_matrix")
def test_prepared_pages_ask_the_facts_nothing(as_user: Any, cro: User, monkeypatch: pytest.MonkeyPatch) -> None:
    invoice(300)
    refresh()
    next(step for step in ordered_steps() if step.name == "alignment").work(lambda done, total, what: None)
    monkeypatch.setattr(Facts, "execute", lambda *_: pytest.fail("A page asked the facts."))
    client = as_user(cro)
    assert "€300 of" in client.get("/plan/").content.decode()
    assert "€300</strong>" in client.get("/accountability/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_an_update_is_presented_with_the_figures_of_the_day(cmo: User, cro: User) -> None:
    sign_goal(cmo, cro)
    invoice(300)
    refresh()
    prepare_values()
    invoice(300)
    refresh()
    assert "€600 of" in draft_update(by=cro).sales_text


def test_what_the_data_show_is_measured_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    term = {"key": "owed.owed.qualified_leads", "name": "qualified_leads"}
    values = iter(["first", "second"])
    monkeypatch.setattr("alignment.expectations.measured._measure", lambda terms, day: {"term": next(values)})
    monkeypatch.setattr("alignment.expectations.measured.CURRENT_SECONDS", 10**9)
    assert measure_terms([term], date(2026, 1, 1)) == {"term": "first"}
    monkeypatch.setattr("alignment.expectations.measured.CURRENT_SECONDS", 10**8)
    assert measure_terms([term], date(2026, 1, 1), waits=False) == {"term": "first"}
    assert take_request()
    assert measure_terms([term], date(2026, 1, 1)) == {"term": "second"}


def count_queries(client: Any, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


PAGES = ("/alignment/", "/plan/", "/accountability/", "/lexicon/", "/lexicon/messages/", "/rounds/")


def test_pages_ask_as_many_queries_for_many_agreements_as_for_few(as_user: Any, cmo: User, cro: User) -> None:
    def sign_more(number: int) -> None:
        sign_goal(cmo, cro, f"goal-{number}", starts_on=(Company.today() - timedelta(days=number)).isoformat())
        for kind in ("term", "message", "persona"):
            sign(cmo, cro, kind, f"{kind}-{number}", {})
        answering.open_round(cmo, name=f"Round {number}")
        agreeing.draft_version(by=cro, kind="priority", key=f"p{number}", title=f"P {number}", text="First.")

    sign(cmo, cro, "accountability_matrix", "matrix", matrix_terms())
    sign_more(1)
    few = {address: count_queries(as_user(cmo), address) for address in PAGES}
    for number in (2, 3, 4):
        sign_more(number)
    assert {address: count_queries(as_user(cmo), address) for address in PAGES} == few
    assert max(few.values()) <= 24, few


def test_results_are_stored_and_answers_are_not(as_user: Any, ceo: User, cmo: User) -> None:
    opened, links = answering.open_round(cmo)
    answering.answer_all(links, {"marketing": [answering.sheet(2)] * 5, "sales": [answering.sheet(4)] * 6})
    answering.end(opened)
    cache.clear()
    prepare_values()
    client = as_user(ceo)
    address = f"/rounds/{opened.pk}/results/"
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    assert not any("answersheet" in query["sql"] for query in queries.captured_queries)
    assert Round.objects.count() == 1
