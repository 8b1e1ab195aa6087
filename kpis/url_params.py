"""A question in an address, so that any view can be sent to a colleague: ?period=last_year&by=owner&territory=North.

Filters are written by the name of their dimension and the key of the part.
"""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import NoReverseMatch, reverse

from core import periods
from kpis.dashboard import Question
from kpis.dimensions import CUSTOM, DIMENSIONS
from kpis.grains import GRAINS
from team.models import Company


def read_question(query: QueryDict, today: date) -> Question:
    """Read period, filters and cut.

    Raises:
        BadPeriod: the words or dates name no period.
    """
    where = {name: query.get(name, "") for name in query if is_filter(name) and query.get(name)}
    return Question(periods.period_from_query(query, today, Company.get().fiscal_calendar), query.get("by", ""), where)


def is_filter(name: str) -> bool:
    return name in DIMENSIONS or name in GRAINS or name.startswith(CUSTOM)


def question_params(question: Question, **changes: Any) -> dict[str, str]:
    """Return the question as parameters of an address; what `changes` sets to nothing is left out."""
    period = question.period
    query: dict[str, Any] = {"period": period.name} if period.name else {}
    if not period.name:
        query |= {name: day.isoformat() for name, day in [("from", period.start), ("to", period.end)] if day}
        query = query or {"period": "all"}
    query |= {"by": question.by, **question.where, **changes}
    return {name: str(value) for name, value in query.items() if value}


def question_query(question: Question, **changes: Any) -> str:
    return urlencode(question_params(question, **changes))


def metric_url(key: str, question: Question, **changes: Any) -> str:
    """Return the address of a metric's own page with the same period and filters."""
    return _build_url("metric", key, question, changes)


def records_url(key: str, question: Question, **changes: Any) -> str:
    """Return the address of the records behind a number."""
    return _build_url("metric_records", key, question, changes)


def _build_url(name: str, key: str, question: Question, changes: dict[str, Any]) -> str:
    try:
        page = reverse(name, args=[key])
    except NoReverseMatch:
        return ""
    return f"{page}?{question_query(question, **changes)}"
