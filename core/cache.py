"""The cache of Redis; while Redis does not answer, each process uses its own memory.

So rate limits (allauth's too) never fail a sign-in and are never unlimited.
"""

import functools
import logging
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)
REDIS_METHODS = (
    "add", "get", "set", "touch", "delete", "get_many", "has_key", "incr", "set_many", "delete_many", "clear",
    "get_or_set",
)  # fmt: skip


def _with_fallback(name: str) -> Callable[..., Any]:
    """Return a method of the cache that asks Redis, and the memory of this process where Redis does not answer."""

    @functools.wraps(getattr(RedisCache, name))
    def ask(self: "FallbackRedisCache", *args: Any, **kwargs: Any) -> Any:
        try:
            return getattr(RedisCache, name)(self, *args, **kwargs)
        except RedisError:
            logger.warning("Redis does not respond; this process uses its own memory for %s.", name)
            return getattr(self.own_memory, name)(*args, **kwargs)

    return ask


class FallbackRedisCache(RedisCache):
    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self.own_memory = LocMemCache("fallback", params)


for _name in REDIS_METHODS:
    setattr(FallbackRedisCache, _name, _with_fallback(_name))
