"""How often one address may do a thing."""

from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import RequestFactory
from redis.exceptions import ConnectionError as RedisIsGone

from core import limits


def call(address: str = "203.0.113.7", what: str = "test", limit: int = 2) -> bool:
    return limits.is_within_limit(RequestFactory().get("/", REMOTE_ADDR=address), what=what, limit=limit)


def test_an_address_is_refused_beyond_the_limit_and_others_are_not() -> None:
    assert [call(), call(), call()] == [True, True, False]
    assert call("203.0.113.8")
    assert call(what="another")


def test_an_ipv6_network_counts_as_one() -> None:
    assert [call("2001:db8::1"), call("2001:db8::2"), call("2001:db8::3")] == [True, True, False]
    assert call("2001:db8:0:1::1")


def test_the_salt_changes_every_day_so_that_no_key_outlives_it() -> None:
    with time_machine.travel("2026-03-01 23:59:00+00:00", tick=False):
        assert [call(), call(), call()] == [True, True, False]
        before = set(cache._cache.get_client().scan_iter("*limits:test*"))  # type: ignore[attr-defined]
    with time_machine.travel("2026-03-02 00:01:00+00:00", tick=False):
        assert call()
        after = set(cache._cache.get_client().scan_iter("*limits:test*"))  # type: ignore[attr-defined]
    assert len(before) == 1
    assert len(after - before) == 1


def test_without_the_cache_each_process_counts_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*args: Any, **kwargs: Any) -> None:
        raise RedisIsGone

    monkeypatch.setattr(limits.cache, "add", gone)
    monkeypatch.setattr(limits.cache, "get_or_set", gone)
    limits.own_memory.clear()
    assert [call(), call(), call()] == [True, True, False]
