"""What no reader would write is refused before a page or the database has to deal with it."""

from typing import Any

import pytest
from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from core.request_values import read_date
from core.url_guard import PlainAddressMiddleware
from team.models import User
from team.tokens import create_token


def test_a_nul_in_a_form_that_the_database_refuses_is_refused_with_a_sentence() -> None:
    guard = PlainAddressMiddleware(lambda request: HttpResponse())
    for error in (ValueError("A string literal cannot contain NUL (0x00) characters."), DataError("\\u0000")):
        answer = guard.process_exception(RequestFactory().post("/inbox/", {"query": "a\0b"}), error)
        assert answer is not None
        assert answer.status_code == 400
        assert "NUL character" in answer.content.decode()
    assert guard.process_exception(RequestFactory().post("/inbox/", {"query": "ab"}), ValueError("A bug")) is None


def test_a_nul_in_a_field_of_a_form_is_a_fault_of_the_field(as_user: Any, cmo: User) -> None:
    answer = as_user(cmo).post("/me/", {"name": "Mo\0na"})
    assert answer.status_code < 500
    assert "Null characters are not allowed" in answer.content.decode()


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
    secret = create_token(owner=ops, name="test", scopes=["read", "write"])[1]
    headers = {"Authorization": f"Bearer {secret}"}
    answer = client.post("/api/v1/calendars/", body, content_type="application/json", headers=headers)
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("JSON parse error")
