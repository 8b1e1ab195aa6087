"""The zones that people and exports name: Europe/Berlin, UTC, UTC+2."""

import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def zone_named(word: str) -> str:
    """Return the name of a zone of whole hours or of the tz database; "" when it is none."""
    found = re.fullmatch(r"(?:UTC|GMT)(?:([+-])(\d{1,2})(?::?00)?)?", word.strip())
    if found:
        hours = int(found[2] or 0)
        # Etc/GMT counts the other way round: Etc/GMT-2 is two hours ahead of UTC.
        return "UTC" if not hours else f"Etc/GMT{'-' if found[1] == '+' else '+'}{hours}" if hours <= 12 else ""
    try:
        return ZoneInfo(word.strip()).key if "/" in word else ""
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ""
