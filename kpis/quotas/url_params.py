"""The question of quotas in an address: ?category=volume&version=2025.1&period=last_year&potential=computed."""

from collections.abc import Mapping
from datetime import date
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from core import periods
from core.request_values import quote_text
from kpis.quotas.categories import CATEGORIES, VOLUME
from kpis.quotas.report import IMPORTED, POTENTIALS, QuotaQuestion, RepLine
from team.models import Company


class BadQuotaQuestion(ValueError):
    """The words name nothing that exists; the message says what does."""


def read_quota_question(query: QueryDict, today: date) -> QuotaQuestion:
    """Read category, period, version and potential; the last full year of volume without any.

    Raises:
        BadPeriod, BadQuotaQuestion: with what exists.
    """
    period = periods.period_from_query(query, today, Company.get().fiscal_calendar)
    return QuotaQuestion(
        _read_choice(query, "category", CATEGORIES, VOLUME), period, query.get("version"),
        _read_choice(query, "potential", POTENTIALS, IMPORTED),
    )  # fmt: skip


def default_question(today: date) -> QuotaQuestion:
    return read_quota_question(QueryDict(), today)


def _read_choice(query: QueryDict, name: str, choices: Mapping[str, object], default: str) -> str:
    value = query.get(name) or default
    if value not in choices:
        raise BadQuotaQuestion(f"The {name} {quote_text(value)} does not exist. Use one of: {', '.join(choices)}.")
    return value


def deals_url(line: RepLine, category: str) -> str:
    """Return the address of the records behind what a rep achieved: won deals, or invoices for churn."""
    first, last = line.days
    metric = "invoiced_revenue" if category == "churn" else "won_revenue"
    query = urlencode({"from": first.isoformat(), "to": last.isoformat(), "owner": f"id:{line.owner}"})
    return f"{reverse('metric_records', args=[metric])}?{query}"
