"""The pipeline's question in an address: ?period=this_quarter&closes=all&territory=North&by=owner."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from core import periods
from kpis.pipeline.waterfall import ALL_OPEN, CLOSES, CLOSING_INSIDE, PipelineQuestion
from kpis.url_params import is_filter
from team.models import Company

DEFAULT_PERIOD = "this_quarter"


def read_pipeline_question(query: QueryDict, today: date) -> PipelineQuestion:
    """Read period, filters, cut, and which deals count; without dates, the quarter that runs.

    Raises:
        BadPeriod: the words or dates name no period.
    """
    calendar = Company.get().fiscal_calendar
    if not any(query.get(name) for name in ("period", "from", "to")):
        period = periods.preset_period(DEFAULT_PERIOD, today, calendar)
    else:
        period = periods.period_from_query(query, today, calendar)
    where = {name: query.get(name, "") for name in query if is_filter(name) and query.get(name)}
    closes = query.get("closes", "")
    return PipelineQuestion(period, where, query.get("by", ""), closes if closes in CLOSES else CLOSING_INSIDE)


def pipeline_query(question: PipelineQuestion, **changes: Any) -> str:
    """Return the question as the query of an address; what `changes` sets to nothing is left out."""
    period = question.period
    params: dict[str, Any] = {"period": period.name} if period.name else {}
    if not period.name:
        params = {name: day.isoformat() for name, day in [("from", period.start), ("to", period.end)] if day}
        params = params or {"period": "all"}
    closes = question.closes if question.closes == ALL_OPEN else ""
    params |= {"closes": closes, "by": question.by, **question.where, **changes}
    return urlencode({name: value for name, value in params.items() if value})
