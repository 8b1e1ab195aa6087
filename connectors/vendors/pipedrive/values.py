"""Pipedrive's values as its export writes them, and its two ways of writing a time."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from connectors.protocol import Window, cell


def reach(row: dict[str, Any], key: str) -> Any:
    """Return the value at a dotted key; on the way, of a list the first."""
    found: Any = row
    for part in key.split("."):
        found = found[0] if isinstance(found, list) and found else found
        found = found.get(part) if isinstance(found, dict) else None
    return found


def inner(value: dict[str, Any]) -> str:
    return next((cell(value[name]) for name in ("value", "name", "id") if value.get(name) is not None), "")


def primary(found: Any) -> str:
    """Return the primary one of some addresses or numbers."""
    if not isinstance(found, list):
        return cell(found)
    chosen = sorted((one for one in found if one.get("value")), key=lambda one: not one.get("primary"))
    return cell(chosen[0]["value"]) if chosen else ""


def options(one: dict[str, Any]) -> dict[str, str]:
    return {cell(option["id"]): cell(option["label"]) for option in one["options"]}


def begun(row: dict[str, Any]) -> dict[str, str]:
    return {"id": str(row["id"]), "stage": cell(row.get("stage_id")), "added": cell(row.get("add_time"))}


def moved(row: dict[str, Any], window: Window) -> bool:
    """Tell whether a deal's stages can be other than at the last pull: it is new to us, or has moved since."""
    times = [moment(row.get(name)) for name in ("stage_change_time", "add_time")]
    return window.since is None or any(time and time >= window.since for time in times)


def recent(rows: Iterable[dict[str, Any]], window: Window) -> dict[str, str]:
    """Return {id: modified} of the rows that the next pull will meet again."""
    return {str(row["id"]): modified(row) for row in rows if (time := changed(row)) and time >= window.tail}


def modified(row: dict[str, Any]) -> str:
    return cell(row.get("update_time"))


def changed(row: dict[str, Any]) -> datetime | None:
    return moment(row.get("update_time"))


def is_within(row: dict[str, Any], window: Window) -> bool:
    time = changed(row)
    return time is None or ((window.since is None or time >= window.since) and time < window.until)


def is_before(row: dict[str, Any], window: Window) -> bool:
    time = changed(row)
    return bool(time and window.since and time < window.since)


def moment(word: Any) -> datetime | None:
    """Read a time: v2 writes RFC 3339, v1 writes UTC without saying so."""
    try:
        found = datetime.fromisoformat(cell(word))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def rfc3339(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
