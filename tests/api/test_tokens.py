"""Who is let in, with what, and how often."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import redis
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from core import limits
from team.models import ApiToken, User
from team.tokens import create_token
from tests.api.conftest import Caller


def status_with(header: str) -> int:
    return Client(headers={"Authorization": header}).get("/api/v1/leads/").status_code


def test_no_one_signed_in_is_told_to_bring_a_token(company: Any, client: Client) -> None:
    answer = client.get("/api/v1/leads/")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json()["code"] == "not_authenticated"


def test_a_token_reads_until_it_is_revoked(cro: User) -> None:
    caller = Caller(cro)
    assert caller.get("leads/").status_code == 200
    ApiToken.objects.update(revoked_at=timezone.now())
    answer = caller.get("leads/")
    assert answer.status_code == 401
    assert answer.json() == {
        "status": 401,
        "code": "authentication_failed",
        "detail": "This token is unknown, expired or revoked.",
    }


def test_a_token_ends_with_its_time(cro: User) -> None:
    _, secret = create_token(owner=cro, name="short", lifetime=timedelta(days=2))
    assert status_with(f"Bearer {secret}") == 200
    with time_machine.travel(timezone.now() + timedelta(days=2, seconds=1)):
        assert status_with(f"Bearer {secret}") == 401


def test_a_token_ends_with_its_owner(cro: User) -> None:
    caller = Caller(cro)
    User.objects.filter(pk=cro.pk).update(is_active=False)
    assert caller.get("leads/").status_code == 401


def test_a_session_ends_with_its_user(cro: User, as_user: Any) -> None:
    page = as_user(cro)
    assert page.get("/api/v1/leads/").status_code == 200
    User.objects.filter(pk=cro.pk).update(is_active=False)
    assert page.get("/api/v1/leads/").status_code == 401


def test_a_token_without_the_scope_reads_nothing(cro: User) -> None:
    answer = Caller(cro, scopes=["something"]).get("leads/")
    assert answer.status_code == 403
    assert "scope" in answer.json()["detail"]


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Bearer x y", "Bearer accord_\xff\xfe", "Basic eDp5", "\xe9", "Bearer " + "a" * 9000],
)
def test_a_header_that_is_no_token_is_refused(company: Any, header: str) -> None:
    assert status_with(header) == 401


def test_the_secret_is_kept_nowhere(cro: User) -> None:
    token, secret = create_token(owner=cro, name="x")
    kept = "".join(str(value) for value in ApiToken.objects.filter(pk=token.pk).values().get().values())
    assert secret not in kept
    assert secret[len("accord_") :] not in kept


def test_using_a_token_is_noted(cro: User) -> None:
    caller = Caller(cro)
    caller.get("leads/")
    caller.token.refresh_from_db()
    assert caller.token.last_used_at is not None


def test_nothing_can_be_written(cro: User) -> None:
    caller = Caller(cro, scopes=["read", "write"])
    for method in ("post", "put", "patch", "delete"):
        assert getattr(caller.client, method)("/api/v1/accounts/").status_code == 405


def test_a_token_has_a_number_of_requests_a_minute(cro: User, settings: Any) -> None:
    settings.API_RATE_PER_MINUTE = 3
    one, other = Caller(cro), Caller(cro)
    with time_machine.travel("2026-03-02 10:00:20Z", tick=False):
        left = [one.get("leads/").headers["RateLimit-Remaining"] for _ in range(3)]
        refused = one.get("leads/")
        assert other.get("leads/").status_code == 200
    assert left == ["2", "1", "0"]
    assert refused.status_code == 429
    assert (refused.headers["Retry-After"], refused.headers["RateLimit-Limit"]) == ("40", "3")
    assert refused.json()["detail"] == "More than 3 requests in a minute. Go on in 40 s."
    with time_machine.travel("2026-03-02 10:01:00Z", tick=False):
        assert one.get("leads/").status_code == 200


def test_without_redis_each_process_counts_alone(cro: User, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*args: object) -> None:
        raise redis.ConnectionError("gone")

    monkeypatch.setattr(limits.cache, "add", gone)
    limits.own_memory.clear()
    settings.API_RATE_PER_MINUTE = 2
    caller = Caller(cro)
    with time_machine.travel("2026-03-02 10:00:20Z", tick=False):
        assert [caller.get("leads/").status_code for _ in range(3)] == [200, 200, 429]


def test_answers_are_kept_by_no_cache(cro: User, caller: Callable[..., Caller]) -> None:
    answer = caller(cro).get("leads/")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Cookie" in answer.headers["Vary"]


def test_the_command_prints_a_token_that_reads(cro: User) -> None:
    out, words = StringIO(), StringIO()
    call_command("api_token", cro.email.upper(), "--name", "BI", stdout=out, stderr=words)
    secret = out.getvalue().strip()
    assert secret.startswith("accord_")
    assert status_with(f"Bearer {secret}") == 200
    assert ApiToken.objects.get().name == "BI"


@pytest.mark.parametrize("words", [["nobody@example.com"], ["cro@example.com", "--days", "400"]])
def test_the_command_refuses_what_makes_no_sense(cro: User, words: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("api_token", *words)
