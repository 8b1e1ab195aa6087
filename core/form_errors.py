"""What people say in forms and addresses, and the words in which they are told that it does not go."""

from typing import Any

from django.core.exceptions import ValidationError
from django.forms import BaseForm


def cleaned(form: BaseForm) -> dict[str, Any]:
    """Return what the form holds.

    Raises:
        ValidationError: its faults, each behind the label of its field, for pages that show no form again.
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


def refusal(error: Exception) -> str:
    """Return the words of a refusal: what is wrong with a form or a record, or why somebody may not."""
    return " ".join(getattr(error, "messages", [str(error)]))
