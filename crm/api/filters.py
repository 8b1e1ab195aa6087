"""What each list can be narrowed by; every filter is exact, and a range includes both its ends."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast

import django_filters as filters
from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.request_values import FIRST_DAY, LAST_DAY, BadValue, read_date, read_int
from crm.api.paging import table_identity
from crm.record_ids import SALESFORCE, ways_to_write
from crm.record_kind import kind_of
from team.models import Company

MAX_ID = 2**63 - 1
SYNC_FORM = "^[0-9]{1,18}-[0-9a-f]{8}$"
RFC_3339 = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})")


@extend_schema_field({"type": "integer", "minimum": 1, "maximum": MAX_ID})
class Reference(filters.Filter):
    """The id of another record; one that is not there matches nothing."""

    field_class = forms.IntegerField

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=MAX_ID, **options)


@extend_schema_field({"type": "boolean"})
class YesNo(filters.ChoiceFilter):
    def __init__(self, **options: Any) -> None:
        messages = {"invalid_choice": "Use one of: true, false."}
        choices = [("true", "true"), ("false", "false")]
        super().__init__(choices=choices, empty_label=None, error_messages=messages, **options)

    def filter(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        return super().filter(rows, {"true": True, "false": False}.get(value, ""))


class MomentField(forms.CharField):
    """A time with its zone, or a day, which is a whole day of the company's own zone."""

    def __init__(self, **options: Any) -> None:
        super().__init__(strip=False, **options)

    def clean(self, text: Any) -> datetime | date | None:
        text = super().clean(text)
        if not text:
            return None
        try:
            if len(text) == len("2025-03-31"):
                return cast(date, read_date(text))
            moment = parse_datetime(text) if RFC_3339.fullmatch(text) else None
            if moment is None or not FIRST_DAY <= moment.date() <= LAST_DAY:
                raise ValueError(text)
            return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            raise ValidationError("Write a time like 2025-03-31T14:00:00Z or a day like 2025-03-31.") from None


@extend_schema_field({"type": "string", "anyOf": [{"format": "date-time"}, {"format": "date"}]})
class Moment(filters.Filter):
    """One end of a range of times, included."""

    field_class = MomentField

    def filter(self, rows: QuerySet[Any], value: datetime | date | None) -> QuerySet[Any]:
        if value is None:
            return rows
        if isinstance(value, datetime):
            return rows.filter(**{f"{self.field_name}__{self.lookup_expr}": value})
        if self.lookup_expr == "gte":
            return rows.filter(**{f"{self.field_name}__gte": _start_of_day(value)})
        return rows.filter(**{f"{self.field_name}__lt": _start_of_day(value, later=1)})


class DayField(forms.CharField):
    """A day exactly as the description of the API says: Django's own field also takes 2025-3-1, and spaces around it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(strip=False, **options)

    def clean(self, text: Any) -> date | None:
        try:
            return read_date(super().clean(text))
        except BadValue as error:
            raise ValidationError("%(problem)s", params={"problem": str(error)}) from None


@extend_schema_field({"type": "string", "anyOf": [{"format": "date"}]})
class Day(filters.Filter):
    """One end of a range of days, included."""

    field_class = DayField


def _start_of_day(day: date, later: int = 0) -> datetime:
    return datetime.combine(day + timedelta(days=later), time.min, Company.get().zone)


@extend_schema_field({"type": "string", "pattern": SYNC_FORM})
class ChangedSince(filters.Filter):
    """The sync_token of an earlier list: the rows written since. Some may come twice, none is missed."""

    field_class = forms.RegexField

    def __init__(self) -> None:
        messages = {"invalid": "Pass the sync_token of an earlier list."}
        super().__init__(regex=SYNC_FORM, error_messages=messages, help_text=self.__doc__)

    def filter(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return rows
        since, _, where = value.partition("-")
        if where != table_identity(rows.model):
            raise serializers.ValidationError(
                {self.field_name: "This token belongs to another list. Start without a token."}
            )
        return rows.filter(changed_xid__gte=read_int(since))


class RecordFilter(filters.FilterSet):
    """What every record can be narrowed by."""

    source = filters.CharFilter(max_length=40)
    external_id = filters.CharFilter(max_length=255, method="with_external_id")
    changed_since = ChangedSince()

    def with_external_id(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Find a record by its id in the source, in whatever way a Salesforce id is written."""
        return rows.filter(external_id__in=ways_to_write(SALESFORCE, kind_of(rows.model), value))


def filters_for(
    model: type[models.Model], *, exact: tuple[str, ...], ranges: tuple[str, ...], search: tuple[str, ...]
) -> type[RecordFilter]:
    """Make the filters of one kind: `name` for equal, `name_from` and `name_to` for ranges, `search` for words."""
    made: dict[str, Any] = {name: _exact_filter(model, name) for name in exact}
    for name in ("created_at", "modified_at", *ranges):
        made |= {f"{name}_from": _range_filter(model, name, "gte"), f"{name}_to": _range_filter(model, name, "lte")}
    if search:
        made["search"] = _search_filter(search)
    return type(f"{model.__name__}Filter", (RecordFilter,), made)


def _exact_filter(model: type[models.Model], name: str) -> filters.Filter:
    field = model._meta.get_field(name)
    if isinstance(field, models.ForeignKey):
        return Reference(field_name=f"{name}_id")
    if isinstance(field, models.BooleanField):
        return YesNo(field_name=name)
    if getattr(field, "choices", None):
        choices = list(field.choices)  # type: ignore[arg-type,union-attr]
        message = f"Use one of: {', '.join(value for value, _ in choices)}."
        return filters.ChoiceFilter(
            field_name=name, choices=choices, empty_label=None, error_messages={"invalid_choice": message}
        )
    return filters.CharFilter(field_name=name, max_length=getattr(field, "max_length", None) or 255)


def _range_filter(model: type[models.Model], name: str, lookup: str) -> filters.Filter:
    field = model._meta.get_field(name)
    if isinstance(field, models.DateTimeField):
        return Moment(field_name=name, lookup_expr=lookup)
    if isinstance(field, models.DateField):
        return Day(field_name=name, lookup_expr=lookup)
    assert isinstance(field, models.DecimalField)
    return filters.NumberFilter(
        field_name=name, lookup_expr=lookup, max_digits=field.max_digits, decimal_places=field.decimal_places
    )


def _search_filter(fields: tuple[str, ...]) -> filters.Filter:
    def holds(rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        condition = Q()
        for field in fields:
            condition |= Q(**{f"{field}__icontains": value})
        return rows.filter(condition)

    return filters.CharFilter(method=holds, max_length=200, help_text=f"Part of {' or '.join(fields)}, in any case.")
