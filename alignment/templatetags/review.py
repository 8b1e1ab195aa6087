"""Stored days and answers of a joint review, as its pages show them."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django import template

from alarms.costs import MoneyRange
from alarms.sentences import alarms_headline
from core.formatting import as_decimal

register = template.Library()


@register.filter
def stored_day(text: str) -> date | None:
    """Read a day that was frozen as text, for the filters “day” and “month”."""
    return date.fromisoformat(text) if text else None


@register.simple_tag
def answer_for(answers: Mapping[str, Any], *parts: str) -> Any:
    """Return what was answered of a part: {% answer_for wishes cut.key part.key as wish %}."""
    return answers.get(":".join(parts))


@register.simple_tag
def alarms_sentence(content: Mapping[str, Any]) -> str:
    """Say how many alarms were open and what they cost together, from the stored figures."""
    total = None
    if content["cost"] is not None:
        low, middle, high = (Decimal(content[name]) for name in ("cost_low", "cost", "cost_high"))
        total = MoneyRange(low, middle, high, content["currency"])
    return alarms_headline(content["count"], total, content["priced"], content["overall"])


@register.filter
def difference(value: Any, before: Any) -> Decimal | None:
    """Return how much more a figure is than another; None where one of them is missing."""
    now, then = as_decimal(value), as_decimal(before)
    return None if now is None or then is None else now - then


@register.filter
def share_of(part: Any, whole: Any) -> Decimal | None:
    """Return a part ÷ a whole; None where the whole is nothing."""
    part, whole = as_decimal(part), as_decimal(whole)
    return part / whole if part is not None and whole else None


@register.filter
def plus(value: int, other: int) -> int:
    return value + other
