"""Pipedrive's values as its export writes them, and its two ways of writing a time."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from connectors.protocol import Window, to_cell


def value_at(row: dict[str, Any], key: str) -> Any:
    """Return the value at a dotted key; on the way, of a list the first."""
    value: Any = row
    for part in key.split("."):
        value = value[0] if isinstance(value, list) and value else value
        value = value.get(part) if isinstance(value, dict) else None
    return value


def nested_value(value: dict[str, Any]) -> str:
    return next((to_cell(value[name]) for name in ("value", "name", "id") if value.get(name) is not None), "")


def primary_value(values: Any) -> str:
    """Return the primary one of some addresses or numbers."""
    if not isinstance(values, list):
        return to_cell(values)
    chosen = sorted((entry for entry in values if entry.get("value")), key=lambda one: not one.get("primary"))
    return to_cell(chosen[0]["value"]) if chosen else ""


def option_labels(field: dict[str, Any]) -> dict[str, str]:
    return {to_cell(option["id"]): to_cell(option["label"]) for option in field["options"]}


def deal_start(row: dict[str, Any]) -> dict[str, str]:
    return {"id": str(row["id"]), "stage": to_cell(row.get("stage_id")), "added": to_cell(row.get("add_time"))}


def has_moved(row: dict[str, Any], window: Window) -> bool:
    """Tell whether a deal's stages can be other than at the last pull: it is new to us, or has moved since."""
    times = [parse_time(row.get(name)) for name in ("stage_change_time", "add_time")]
    return window.since is None or any(time and time >= window.since for time in times)


def recent_rows(rows: Iterable[dict[str, Any]], window: Window) -> dict[str, str]:
    """Return {id: modified} of the rows that the next pull will meet again."""
    return {str(row["id"]): modified_text(row) for row in rows if (time := modified_at(row)) and time >= window.tail}


def modified_text(row: dict[str, Any]) -> str:
    return to_cell(row.get("update_time"))


def modified_at(row: dict[str, Any]) -> datetime | None:
    return parse_time(row.get("update_time"))


def is_within(row: dict[str, Any], window: Window) -> bool:
    time = modified_at(row)
    return time is None or ((window.since is None or time >= window.since) and time < window.until)


def is_before(row: dict[str, Any], window: Window) -> bool:
    time = modified_at(row)
    return bool(time and window.since and time < window.since)


def parse_time(word: Any) -> datetime | None:
    """Read a time: v2 writes RFC 3339, v1 writes UTC without saying so."""
    try:
        time = datetime.fromisoformat(to_cell(word))
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def to_rfc3339(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
