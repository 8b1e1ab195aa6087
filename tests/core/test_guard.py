"""What no reader would write is refused before a page or the database has to deal with it."""

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from core.guard import PlainAddressMiddleware
from core.request_values import read_date
from team.models import User
from team.tokens import issue


def test_a_nul_in_a_form_is_refused_with_a_sentence(as_user: Any, cmo: User) -> None:
    answer = as_user(cmo).post("/me/", {"name": "Mo\0na", "email": cmo.email})
    assert answer.status_code == 400
    assert "NUL character" in answer.content.decode()


def test_a_value_that_no_page_caught_is_a_refusal_and_no_fault() -> None:
    guard = PlainAddressMiddleware(lambda request: HttpResponse())
    try:
        read_date("2025-13-45")
    except ValueError as error:
        page = guard.process_exception(RequestFactory().get("/dashboard/"), error)
        problem = guard.process_exception(RequestFactory().get("/api/v1/leads/"), error)
    assert page is not None
    assert problem is not None
    assert (page.status_code, problem.status_code) == (400, 400)
    assert "YYYY-MM-DD" in page.content.decode()
    assert problem.headers["Content-Type"] == "application/json"
    assert guard.process_exception(HttpRequest(), KeyError("x")) is None


@pytest.mark.parametrize(
    "body",
    [b'{"name": "\\u0000"}', b'{"name": "\\ud800"}', b'{"name": ' + b"[" * 500 + b"]" * 500 + b"}", b'{"name": 1e400}', b"\xff\xfe",
     b'{"name": ' + b"9" * 5000 + b"}", b'{"name": NaN}', b"[" * 100_000],
)  # fmt: skip
def test_json_that_cannot_be_stored_is_a_problem_of_the_request(
    company: Any, ops: User, client: Client, body: bytes
) -> None:
    secret = issue(owner=ops, name="test", scopes=["read", "write"])[1]
    headers = {"Authorization": f"Bearer {secret}"}
    answer = client.post("/api/v1/calendars/", body, content_type="application/json", headers=headers)
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("JSON parse error")
