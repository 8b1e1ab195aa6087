"""The funnel's question in an address: ?period=last_year&basis=event&lead_source=social&by=campaign&width=value."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from core import periods
from funnel.dimensions import CUTS
from funnel.patterns import BASES, COHORT, Question
from team.models import Company

WIDTHS = {"count": "Leads", "value": "Value"}


@dataclass(frozen=True)
class View:
    """A question, and how its answer is shown."""

    question: Question
    by: str = ""
    width: str = "count"

    def query(self, **changes: Any) -> str:
        """Return the address's query with changes; what is set to nothing, or is the default, is left out."""
        period = self.question.period
        params: dict[str, Any] = {"period": period.name} if period.name else {}
        if not period.name:
            params = {name: day.isoformat() for name, day in [("from", period.start), ("to", period.end)] if day}
        params |= {"basis": self.question.basis, "by": self.by, "width": self.width, **self.question.where, **changes}
        defaults = {"basis": COHORT, "width": "count"}
        return urlencode({name: value for name, value in params.items() if value and defaults.get(name) != value})


def read_view(query: QueryDict, today: date) -> View:
    """Read what is asked; words that mean nothing fall back to the default.

    Raises:
        BadPeriod: the words or dates name no period.
    """
    where = {name: query.get(name, "") for name in CUTS if query.get(name)}
    basis = query.get("basis", "")
    by, width = query.get("by", ""), query.get("width", "")
    return View(
        Question(
            periods.period_from_query(query, today, Company.get().fiscal_calendar),
            basis if basis in BASES else COHORT,
            where,
        ),
        by if by in CUTS else "",
        width if width in WIDTHS else "count",
    )
