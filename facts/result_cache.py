"""Answers of one snapshot never change, so they are remembered; without the cache they are computed again."""

import logging
from collections.abc import Callable
from typing import TypeVar

from django.core.cache import cache
from redis.exceptions import RedisError

KEPT_SECONDS = 36 * 3600  # until the answers of the next night are there
log = logging.getLogger(__name__)
Answer = TypeVar("Answer")


def cached_answer(address: str, answer: Callable[[], Answer]) -> Answer:
    """Return what is remembered under the address, or answer and remember it; an empty address is never remembered."""
    if not address:
        return answer()
    try:
        cached: Answer | None = cache.get(address)
    except RedisError:
        log.warning("The cache does not respond; metrics are computed again.")
        return answer()
    if cached is None:
        cached = answer()
        try:
            cache.set(address, cached, KEPT_SECONDS)
        except RedisError:
            log.warning("The cache does not respond; a result is not cached.")
    return cached
