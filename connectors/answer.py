"""The answer of a source to one request, read to its end."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from connectors.errors import Busy


class Answer:
    """What came back, read to its end."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    def json(self) -> Any:
        """Return the parsed body.

        Raises:
            Busy: it is not whole; the question is to be put again.
        """
        try:
            return json.loads(self.body)
        except ValueError:
            raise Busy("The response is incomplete: its JSON ends early") from None

    @property
    def message(self) -> str:
        """Say what the source says of an error: its own message where there is one."""
        try:
            content = json.loads(self.body)
        except ValueError:
            content = None
        return _error_message(content) or f"HTTP {self.status}"

    @property
    def server_time(self) -> datetime | None:
        """The source's own time."""
        try:
            moment = parsedate_to_datetime(self.headers.get("date", ""))
        except (ValueError, TypeError):
            return None
        return moment.replace(tzinfo=moment.tzinfo or UTC)


def _error_message(content: Any) -> str:
    if isinstance(content, list):
        content = content[0] if content else None
    if not isinstance(content, dict):
        return ""
    parts = [content.get(name) for name in ("errorCode", "error_description", "message", "error", "error_info")]
    return ": ".join(part for part in parts if isinstance(part, str))
