"""JSON bodies as the database can hold them."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from core.request_values import BadValue, read_json


class StorableJSONParser(JSONParser):
    """Refuses what JSON can write and PostgreSQL cannot keep: NUL, lone surrogates, NaN, numbers beyond 64 bits, deep nesting."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        encoding = (parser_context or {}).get("encoding", settings.DEFAULT_CHARSET)
        try:
            return read_json(stream.read().decode(encoding))
        except (BadValue, LookupError, UnicodeDecodeError) as error:
            raise ParseError(f"JSON parse error: {error}") from None
