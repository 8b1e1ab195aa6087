"""While the database is away there is one page that says so and tries again; its absence is distinguished from other errors."""

import json
import threading
from typing import Any

import psycopg2
import pytest
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, connections
from django.test import Client

from core.database import is_connection_lost
from team.models import Company, Role, Territory, User
from tests import make


class WithState(psycopg2.OperationalError):
    """An error of psycopg2 with a SQLSTATE, which it only sets itself."""

    def __init__(self, state: str | None) -> None:
        super().__init__("an error")
        self.state = state

    @property
    def pgcode(self) -> str | None:  # type: ignore[override]
        return self.state


def error_with(state: str | None, kind: type[DatabaseError] = OperationalError) -> DatabaseError:
    error = kind("an error")
    error.__cause__ = WithState(state)
    return error


@pytest.mark.parametrize("state", [None, "57P01", "57P02", "57P03", "53300", "08006", "08001"])
def test_a_lost_connection_is_known(state: str | None) -> None:
    assert is_connection_lost(error_with(state))


@pytest.mark.parametrize("state", ["40P01", "57014", "55P03", "53100", "40001"])
def test_an_error_inside_a_working_connection_is_another(state: str) -> None:
    assert not is_connection_lost(error_with(state))


def test_what_it_was_turned_into_is_looked_through() -> None:
    wrapped = ValueError("no metric")
    wrapped.__cause__ = InterfaceError("connection already closed")
    assert is_connection_lost(wrapped)
    assert not is_connection_lost(ValueError("other"))
    assert not is_connection_lost(None)


@pytest.fixture
def without_database(monkeypatch: pytest.MonkeyPatch, client: Client) -> Client:
    """A client that sees answers where exceptions were, and a session that cannot be loaded."""

    def away(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("connection to server failed: Connection refused")

    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", away)
    client.cookies["accord"] = "k" * 32
    client.raise_request_exception = False
    return client


@pytest.mark.django_db
def test_a_page_says_that_the_database_restarts_and_tries_again(without_database: Client) -> None:
    answer = without_database.get("/home/")
    page = answer.content.decode()
    assert (answer.status_code, answer["Retry-After"], answer["Refresh"]) == (503, "5", "5")
    assert "The database is restarting" in page
    assert "This page tries again every 5 seconds." in page
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_a_form_is_not_sent_again_by_itself(without_database: Client) -> None:
    answer = without_database.post("/home/", {})
    assert answer.status_code == 503
    assert "Refresh" not in answer
    assert "may not have been saved" in answer.content.decode()


@pytest.mark.django_db
def test_a_region_gets_a_sentence_and_the_api_a_problem(without_database: Client) -> None:
    region = without_database.get("/home/", HTTP_HX_REQUEST="true")
    assert (region.status_code, region["Content-Type"]) == (503, "text/plain; charset=utf-8")
    assert "Refresh" not in region
    problem = without_database.get("/api/v1/leads/")
    assert problem.status_code == 503
    assert json.loads(problem.content)["code"] == "database_restarting"


@pytest.mark.django_db
def test_another_fault_stays_one(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **kwargs: Any) -> User:
        raise error_with("40P01")

    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", broken)
    client.cookies["accord"] = "k" * 32
    client.raise_request_exception = False
    answer = client.get("/home/")
    assert answer.status_code == 500
    assert "The database is restarting" not in answer.content.decode()


@pytest.mark.parametrize(("state", "status"), [("23505", 409), ("23503", 500), ("23514", 500)])
@pytest.mark.django_db
def test_what_another_request_wrote_first_is_a_conflict_and_no_fault(
    as_user: Any, ops: User, monkeypatch: pytest.MonkeyPatch, state: str, status: int
) -> None:
    """A check before the write cannot see what another request is writing; other constraints tell of faults."""

    def broken(*args: Any, **kwargs: Any) -> None:
        raise error_with(state, IntegrityError)

    monkeypatch.setattr("team.actions.save_territory", broken)
    client = as_user(ops)
    client.raise_request_exception = False
    answer = client.post("/company/territories/new/", {"name": "North", "parent": ""})
    assert answer.status_code == status
    assert ("Your entry was not saved" in answer.content.decode()) is (status == 409)


@pytest.mark.parametrize(
    ("page", "form"),
    [
        ("/company/territories/new/", {"name": "North", "parent": ""}),
        ("/people/new/", {"name": "Nora", "email": "nora@example.com", "role": "rep", "time_zone": ""}),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_two_who_save_the_same_at_once_get_one_row_and_no_fault(page: str, form: dict[str, str]) -> None:
    Company.get()
    user = make.user(Role.OPS, email="ops@example.com")
    start, statuses = threading.Barrier(4), list[int]()

    def submit() -> None:
        client = Client(raise_request_exception=False)
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        start.wait()
        statuses.append(client.post(page, form).status_code)
        connections.close_all()

    threads = [threading.Thread(target=submit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Territory.objects.count() + User.objects.exclude(pk=user.pk).count() == 1
    assert not [status for status in statuses if status >= 500]
