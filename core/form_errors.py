"""The values of a valid form, and its errors as messages."""

from typing import Any

from django.core.exceptions import ValidationError
from django.forms import BaseForm


def cleaned_or_error(form: BaseForm) -> dict[str, Any]:
    """Return what the form holds.

    Raises:
        ValidationError: its errors, each behind the label of its field, for pages that show no form again.
    """
    if not form.is_valid():
        raise ValidationError(
            [
                f"{form.fields[name].label or name}: {fault}" if name in form.fields else fault
                for name, faults in form.errors.items()
                for fault in faults
            ]
        )
    return dict(form.cleaned_data)


def error_message(error: Exception) -> str:
    """Return the message of an error: what is wrong with a form or a record, or which permission is missing."""
    return " ".join(getattr(error, "messages", [str(error)]))
