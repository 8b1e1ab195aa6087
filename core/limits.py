"""How often one address may do a thing, counted without keeping the address.

The key is a hash of the address under a salt that is drawn at random each day and forgotten after it, so nothing
in the cache leads back to a visitor. When the cache is gone the process counts for itself: never unlimited.
"""

import hashlib
import ipaddress
import logging
import secrets
from collections.abc import Callable

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.http import HttpRequest
from django.utils import timezone
from redis.exceptions import RedisError

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
IPV6_NETWORK = 64  # a household or an office holds a /64

logger = logging.getLogger(__name__)
own_memory = LocMemCache("limits", {})


def is_within_limit(request: HttpRequest, *, what: str, limit: int, seconds: int = HOUR) -> bool:
    """Count one more `what` from the caller's address; False when it is more than `limit` in the window."""
    return _count_with_fallback(what, seconds, lambda store: _hash_address(store, request)) <= limit


def count_use(what: str, who: str, seconds: int) -> int:
    """Count one more `what` of a person known by name, and return how many there were in the window."""
    return _count_with_fallback(what, seconds, lambda store: who)


def _count_with_fallback(what: str, seconds: int, who: Callable[[BaseCache], str]) -> int:
    try:
        return _count_in_window(cache, f"limits:{what}:{who(cache)}", seconds)
    except RedisError:
        logger.warning("The cache does not answer; this process counts “%s” alone.", what)
        return _count_in_window(own_memory, f"limits:{what}:{who(own_memory)}", seconds)


def _count_in_window(store: BaseCache, key: str, seconds: int) -> int:
    store.add(key, 0, seconds)
    try:
        return store.incr(key)
    except ValueError:  # the window closed between the two
        store.set(key, 1, seconds)
        return 1


def _hash_address(store: BaseCache, request: HttpRequest) -> str:
    salt = store.get_or_set(f"limits:salt:{timezone.now():%Y-%m-%d}", lambda: secrets.token_hex(16), DAY)
    return hashlib.sha256(f"{salt}{_network(request)}".encode()).hexdigest()


def _network(request: HttpRequest) -> str:
    address = ipaddress.ip_address(get_adapter().get_client_ip(request))
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, IPV6_NETWORK), strict=False))
    return str(address)
