"""Without Redis pages answer, people sign in, and limits still count."""

from typing import Any

import pytest
from django.core.cache.backends.redis import RedisCache
from django.test import Client
from redis.exceptions import ConnectionError as RedisIsAway

from core.cache import REDIS_METHODS, FallbackRedisCache
from tests import make


@pytest.fixture
def away() -> FallbackRedisCache:
    cache = FallbackRedisCache("unix:///nowhere/redis.sock", {})
    cache.own_memory.clear()
    return cache


def test_what_is_kept_without_redis_is_found_in_this_process(away: FallbackRedisCache) -> None:
    away.set("a", [1, 2])
    assert away.add("a", 3) is False
    assert away.get_many(["a", "b"]) == {"a": [1, 2]}
    away.set_many({"n": 1})
    assert away.incr("n") == 2
    assert away.get_or_set("c", lambda: 5) == 5
    away.delete("a")
    assert away.get("a", "gone") == "gone"
    assert "n" in away


def test_every_way_to_ask_redis_falls_back() -> None:
    asking = {name for name in vars(RedisCache) if not name.startswith("_")}
    assert asking - {"get_backend_timeout"} <= set(REDIS_METHODS)


@pytest.mark.django_db
def test_people_sign_in_without_redis(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*args: Any, **kwargs: Any) -> None:
        raise RedisIsAway("Connection refused")

    for name in ("execute_command", "pipeline"):
        monkeypatch.setattr(f"redis.Redis.{name}", gone)
    person = make.user()
    person.set_password("correct horse battery")
    person.save()
    wrong = client.post("/accounts/login/", {"login": person.email, "password": "not the right one"})
    assert wrong.status_code == 200
    answer = client.post("/accounts/login/", {"login": person.email, "password": "correct horse battery"})
    assert answer.status_code == 302
    assert client.get("/notices/").status_code == 200
