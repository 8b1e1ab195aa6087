"""Where a connector may call: its vendor's own hosts over https, and nowhere else.

The domains of a connector are the guard against being sent to a machine of our own network: only the vendor names
hosts under them. A company that reaches its CRM through a gateway names the gateway's host in CONNECTOR_HOSTS.
"""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from connectors.registry import connector_type

HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")  # nothing that another reader of the address may take for its end


class ForbiddenAddress(ValueError):
    """Connectors must not call this address; the message says which are allowed."""


def allowed_base_url(source: str, url: str) -> str:
    """Return scheme, host and port of an address that this source may be called at.

    Raises:
        ForbiddenAddress: the address is not one of the vendor's.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise ForbiddenAddress(_hint(source)) from None
    if parts.username or parts.password or not parts.hostname:
        raise ForbiddenAddress(_hint(source))
    if not (_is_local_test(parts) or _is_vendor_host(source, parts, port)):
        raise ForbiddenAddress(_hint(source))
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")


def _is_vendor_host(source: str, parts: SplitResult, port: int | None) -> bool:
    host = parts.hostname or ""
    ours = host in settings.CONNECTOR_HOSTS or host.endswith(connector_type(source).domains)
    if not HOST.fullmatch(host):
        return False
    return parts.scheme == "https" and port in {None, 443, 8443} and ours


def _is_local_test(parts: SplitResult) -> bool:
    """Plain http to this machine, where the setting for rehearsals allows it."""
    if not settings.CONNECTOR_LOOPBACK or parts.scheme != "http":
        return False
    try:
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False


def _hint(source: str) -> str:
    declared = connector_type(source)
    names = " or ".join(f"*{domain}" for domain in declared.domains)
    return f"Enter an https address under {names}, such as {declared.example_url}."
