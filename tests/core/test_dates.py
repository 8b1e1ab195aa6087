"""Dates that cannot be meant are refused at every door; those that represent none are known."""

from datetime import UTC, date, datetime

import pytest
from django import forms
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models
from rest_framework import serializers

from core.dates import is_empty_date, is_plausible

EMPTY = [
    "0001-01-01", "0001-01-01T00:00:00", "0001-01-01T00:00:00Z", "0001-01-01 00:00:00.0000000", "1/1/0001 12:00:00 AM",
    "01.01.0001 00:00:00", "01/01/0001", "00010101", "0000-00-00", "0000-00-00 00:00:00", "00/00/0000", "1900-01-00",
    "1/0/1900", "1900-01-01", "1/1/1900", "1899-12-30", "12/30/1899", "30.12.1899", "1899-12-30T00:00:00.000Z",
    "1753-01-01", "1/1/1753 12:00:00 AM", "1601-01-01T00:00:00Z", "9999-12-31", "31.12.9999", "12/31/9999 11:59:59 PM",
    "9999-12-31T23:59:59.9999999", "2999-12-31", "1970-01-01", "1970-01-01T00:00:00Z", "1970-01-01 00:00:00+00:00",
    "1/1/1970 12:00 AM", "01.01.1970", "-62135596800000", "253402300799999",
]  # fmt: skip
MEANT = [
    "", "2026-01-01", "1970-01-01T08:30:00Z", "1970-01-02", "1971-01-01", "01/01/2026", "10.01.1970", "2026-11-30T00:00:00Z",
    "1901-01-01", "11/01/1900", "1900-01-10", "19000110", "soon", "0",
]  # fmt: skip


@pytest.mark.parametrize("text", EMPTY)
def test_what_systems_write_for_no_date_is_known(text: str) -> None:
    assert is_empty_date(text)


@pytest.mark.parametrize("text", MEANT)
def test_a_date_that_is_meant_is_not_taken_for_none(text: str) -> None:
    assert not is_empty_date(text)


@pytest.mark.parametrize(("day", "expected"), [
    (date(1899, 12, 31), False), (date(1900, 1, 1), True), (date(2199, 12, 31), True), (date(2200, 1, 1), False),
    (datetime(1, 1, 1, tzinfo=UTC), False), (datetime(9999, 12, 31, 23, tzinfo=UTC), False),
])  # fmt: skip
def test_bounds_are_the_years_1900_to_2199(day: date, expected: bool) -> None:
    assert is_plausible(day) == expected


@pytest.mark.parametrize("year", ["0001", "1899", "2200", "9999"])
def test_every_form_and_serializer_refuses_a_year_that_cannot_be_meant(year: str) -> None:
    for field in (forms.DateField(), forms.DateTimeField()):
        with pytest.raises(ValidationError, match="Use a date from 1900-01-01 to 2199-12-31"):
            field.clean(f"{year}-05-05")
    with pytest.raises(serializers.ValidationError):
        serializers.DateField().run_validation(f"{year}-05-05")
    with pytest.raises(serializers.ValidationError):
        serializers.DateTimeField().run_validation(f"{year}-05-05T10:00:00Z")


def test_every_date_of_every_model_has_bounds() -> None:
    fields = [
        field for model in apps.get_models() for field in model._meta.fields if isinstance(field, models.DateField)
    ]
    assert len(fields) > 100
    for field in fields:
        with pytest.raises(ValidationError):
            field.run_validators(datetime(1, 1, 1, tzinfo=UTC))
