"""The zones that people and exports name: Europe/Berlin, UTC, UTC+2."""

import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def zone_named(name: str) -> str:
    """Return the name of a zone of whole hours or of the tz database; "" when it is none."""
    match = re.fullmatch(r"(?:UTC|GMT)(?:([+-])(\d{1,2})(?::?00)?)?", name.strip())
    if match:
        hours = int(match[2] or 0)
        # Etc/GMT counts the other way round: Etc/GMT-2 is two hours ahead of UTC.
        return "UTC" if not hours else f"Etc/GMT{'-' if match[1] == '+' else '+'}{hours}" if hours <= 12 else ""
    try:
        return ZoneInfo(name.strip()).key if "/" in name else ""
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ""
