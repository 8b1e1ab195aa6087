"""Fields that take what they say and nothing that could be read as it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

from django.core.exceptions import PermissionDenied, ValidationError
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied as Refused


class Words(serializers.CharField):
    """A text; a number is none."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Whole(serializers.IntegerField):
    """A whole number; neither a text nor yes or no is one."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


@extend_schema_field({"type": "object", "additionalProperties": True})
class Terms(serializers.JSONField):
    """Machine-readable terms by name."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise serializers.ValidationError("Write the terms as an object.")
        return cast(dict[str, Any], super().to_internal_value(data))


@contextmanager
def errors_as_responses(*denials: type[Exception]) -> Iterator[None]:
    """Turn what an action refuses into an answer: 400 with its words, 403 where the person may not."""
    denied: tuple[type[Exception], ...] = (PermissionDenied, *denials)
    try:
        yield
    except ValidationError as error:
        raise serializers.ValidationError(error.messages) from None
    except denied as error:
        raise Refused(str(error) or "You do not have permission to do this.") from None


def read_body(form: Callable[..., serializers.Serializer[Any]], data: Any) -> dict[str, Any]:
    """Read a body by a serializer.

    Raises:
        rest_framework.exceptions.ValidationError: with what is wrong with which field.
    """
    serializer = form(data=data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)
