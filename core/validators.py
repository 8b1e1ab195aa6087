"""Bounds of every date that comes in by a form, the admin or the API."""

from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from rest_framework import serializers

from core.dates import FIRST_DAY, LAST_DAY, is_plausible


def check_date(value: date) -> None:
    """Refuse a day or moment that cannot be meant.

    Raises:
        ValidationError: it is before 1900 or after 2199.
    """
    if not is_plausible(value):
        raise ValidationError(f"This date is out of range. Use a date from {FIRST_DAY} to {LAST_DAY}.")


def bound_dates() -> None:
    """Let every date field of a model, a form or a serializer check its bounds, so that none can forget it."""
    for field in (
        models.DateField,
        forms.DateField,
        forms.DateTimeField,
        serializers.DateField,
        serializers.DateTimeField,
    ):
        setattr(field, "default_validators", [check_date])  # noqa: B010  mypy takes it for an instance's
