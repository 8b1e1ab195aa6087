"""The rows that other systems push: what each kind takes, and what is wrong with which line."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar

from django.db import models
from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.dates import is_empty_date
from crm.api.serializers import CUSTOM, ORIGIN
from crm.record_kind import RecordKind
from imports.push import MAX_ROWS, Refused
from team.models import Company

DATES = (serializers.DateField, serializers.DateTimeField)
MAX_ID = 2**63 - 1
NOT_AN_OBJECT = "Send each row as an object of fields and values."
WRONG_COUNT = "Send at most {most:,} rows in a request; this one has {found:,}."


@extend_schema_field({"oneOf": [{"type": "integer"}, {"type": "string"}], "nullable": True})
class Reference(serializers.Field[Any, Any, Any, Any]):
    """Another record: its id here as a number, or the id that it has in the row's source as a text."""

    default_error_messages = {"wrong": "Give its id here as a number, or its id in the source as a text."}

    def to_internal_value(self, data: Any) -> int | str:
        is_id = isinstance(data, int) and not isinstance(data, bool) and 0 < data <= MAX_ID
        is_theirs = isinstance(data, str) and 0 < len(data) <= 255 and "\0" not in data
        if not is_id and not is_theirs:
            self.fail("wrong")
        return data  # type: ignore[no-any-return]


class LocalDay(serializers.DateField):
    """A day; of a time with its zone, the day that it is on the company's clock."""

    def to_internal_value(self, value: Any) -> date:
        try:
            moment = parse_datetime(value) if isinstance(value, str) and len(value) > len("2025-03-31") else None
            if moment is not None and moment.tzinfo is not None:
                return moment.astimezone(Company.get().zone).date()
        except (ValueError, OverflowError):  # 30 February, a zone of +99:99, the day after 9999-12-31
            self.fail("invalid", format="YYYY-MM-DD")
        return super().to_internal_value(value)


class RowSerializer(serializers.ModelSerializer[Any]):
    """A row: the fields that are not given stay what they are."""

    serializer_field_mapping: ClassVar[Any] = {
        **serializers.ModelSerializer.serializer_field_mapping, models.DateField: LocalDay,
    }  # fmt: skip

    def build_relational_field(self, field_name: str, relation_info: Any) -> tuple[Any, dict[str, Any]]:
        return Reference, {"required": False, "allow_null": True}

    def to_internal_value(self, data: Any) -> Any:
        unknown_fields = set(data) - set(self.fields) if isinstance(data, Mapping) else set()
        if unknown_fields:
            sentence = f"This field does not exist. Available: {', '.join(self.fields)}."
            raise serializers.ValidationError({name: [sentence] for name in sorted(map(str, unknown_fields))})
        return super().to_internal_value(self._without_empty_dates(data) if isinstance(data, Mapping) else data)

    def _without_empty_dates(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Read what systems write where they have no date as none, and count it."""
        dates = {name for name, field in self.fields.items() if isinstance(field, DATES)}
        empty = {name for name in dates & data.keys() if isinstance(data[name], str) and is_empty_date(data[name])}
        if empty and "empty_dates" in self.context:
            self.context["empty_dates"].update(empty)
        return {name: None if name in empty else value for name, value in data.items()}

    def validate_custom(self, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise serializers.ValidationError("Send custom fields as an object.")
        return value


def push_serializer(kind: RecordKind) -> type[RowSerializer]:
    """Make the serializer of what is pushed of what is shown: the same fields but Accord's own id."""
    names = tuple(name for name in (*ORIGIN, *kind.fields, *CUSTOM) if name != "id")
    keys = {name: {"required": True, "allow_blank": False} for name in ("source", "external_id")}
    meta = type("Meta", (), {"model": kind.model, "fields": names, "validators": [], "extra_kwargs": keys})
    return type(f"New{kind.model.__name__}", (RowSerializer,), {"Meta": meta})


def parse_rows(form: type[RowSerializer], data: Any, empty_dates: Counter[str] | None = None) -> list[dict[str, Any]]:
    """Read one row or a list of them; `empty_dates` counts by field the dates that mean no date, like 0001-01-01.

    Raises:
        rest_framework.exceptions.ValidationError: with the line and the field of all that is wrong.
    """
    given = data if isinstance(data, list) else [data]
    if not 0 < len(given) <= MAX_ROWS:
        raise serializers.ValidationError(
            WRONG_COUNT.format(most=MAX_ROWS, found=len(given)) if given else "Send at least one row."
        )
    if wrong_lines := [line for line, row in enumerate(given, 1) if not isinstance(row, Mapping)]:
        raise validation_error({line: {"non_field_errors": NOT_AN_OBJECT} for line in wrong_lines})
    form_rows = form(data=given, many=True, context={"empty_dates": Counter() if empty_dates is None else empty_dates})
    if not form_rows.is_valid():
        raise validation_error(
            {
                line + 1: {name: " ".join(map(str, errors)) for name, errors in wrong.items()}
                for line, wrong in sorted(form_rows.errors.items())
            }
        )
    return [dict(row) for row in form_rows.validated_data]


def validation_error(error: Refused | Mapping[int, Mapping[str, str]]) -> serializers.ValidationError:
    """Say what is wrong, line by line; nothing was written."""
    lines = error.lines if isinstance(error, Refused) else error
    errors = {
        (line, name): message for line, errors_by_field in lines.items() for name, message in errors_by_field.items()
    }
    return serializers.ValidationError({f"line {line}: {name}": [message] for (line, name), message in errors.items()})
