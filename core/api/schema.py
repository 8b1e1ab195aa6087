"""What the description of the API says of every operation alike: what it shows, and how it errs."""

from inspect import cleandoc
from typing import Any

from drf_spectacular.openapi import AutoSchema

PROBLEM = {
    "type": "object",
    "required": ["status", "code", "detail"],
    "properties": {
        "status": {"type": "integer", "description": "The HTTP status."},
        "code": {"type": "string", "description": "A code for programs, such as invalid or throttled."},
        "detail": {"type": "string", "description": "A sentence for people."},
        "fields": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
            "description": "The errors by parameter.",
        },
    },
}
ERRORS = {
    "400": "A parameter is not valid.",
    "401": "You are not signed in, or the token is unknown, expired or revoked.",
    "403": "The token lacks the scope, or the user the permission.",
    "404": "The record does not exist, or you do not have permission to see it.",
    "406": "The API accepts only JSON.",
    "429": "Too many requests in this minute. Retry-After gives the seconds to wait.",
}


class DescribedByModel(AutoSchema):
    def get_description(self) -> str:  # type: ignore[override]  # as drf-spectacular has it
        """Describe a list of rows in the words of their model."""
        queryset = getattr(self.view, "queryset", None)
        return super().get_description() if queryset is None else cleandoc(queryset.model.__doc__ or "")


def describe_errors(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Add the errors to every operation (a post-processing hook of drf-spectacular)."""
    result["components"].setdefault("schemas", {})["Problem"] = PROBLEM
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for operations in result["paths"].values():
        for operation in operations.values():
            for status, description in ERRORS.items():
                operation["responses"].setdefault(status, {"description": description, "content": content})
    return result
