"""What ASGI says of a request, read once."""

import ipaddress
from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

IPV6_NETWORK = 64  # one customer of a provider holds a /64


class ClientGone(Exception):
    """The client has closed the connection; no one waits for an answer."""


def header_value(scope: Scope, name: bytes) -> str:
    """Return a header, several of one name joined by commas, empty where there is none."""
    return ",".join(value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name)


def client_network(scope: Scope) -> str:
    """Return the address that the request came from, behind the proxies that are trusted; of IPv6 its network."""
    peer = scope.get("client")
    text = peer[0] if peer else ""
    proxies = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    forwarded = [part.strip() for part in header_value(scope, b"x-forwarded-for").split(",") if part.strip()]
    if proxies and forwarded:
        text = forwarded[-min(proxies, len(forwarded))]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text[:64]
    if address.version == 6:
        return str(ipaddress.ip_network((address, IPV6_NETWORK), strict=False))
    return str(address)
