"""Where Accord listens, and the host names it answers to."""

import ipaddress
from urllib.parse import urlsplit

OWN = ["localhost", "127.0.0.1", "[::1]"]


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches what listens there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_any(host: str) -> bool:
    """Tell whether it represents every address of the machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_unspecified
    except ValueError:
        return False


def own_hosts(site_url: str, host: str) -> list[str]:
    """Return the names under which a copy that is not in production is reached: this machine's, and those it was given."""
    site = urlsplit(site_url).hostname or ""
    bracketed = [
        f"[{name}]" if ":" in name else name for name in (site, "" if is_any(host) else host.strip("[]")) if name
    ]
    return list(dict.fromkeys([*OWN, *bracketed]))


def reachable_host(host: str) -> str:
    """Return the address at which this machine itself reaches what listens there."""
    if is_any(host):
        return "::1" if ":" in host else "127.0.0.1"
    return host.strip("[]")
