"""Years of reps and plans for the tests of pay."""

from datetime import date
from decimal import Decimal
from typing import Any

from kpis.plans.pay import Event, RepYear, Span
from kpis.plans.terms import PayPlan

YEAR: Span = (date(2025, 1, 1), date(2025, 12, 31))
QUARTERS: list[Span] = [
    (date(2025, 1, 1), date(2025, 3, 31)), (date(2025, 4, 1), date(2025, 6, 30)), (date(2025, 7, 1), date(2025, 9, 30)),
    (date(2025, 10, 1), date(2025, 12, 31)),
]  # fmt: skip


def event(day: date, amount: Any, pk: int = 1, **changes: Any) -> Event:
    amount = Decimal(str(amount))
    return Event(pk, day, amount, changes.pop("listed", amount), **changes)


def rep_year(*events: Event, quota: Any = 1000, spans: list[Span] | None = None, **changes: Any) -> RepYear:
    """A rep with the same volume quota in each of the spans, the year by default."""
    quotas = {"volume": tuple((span, Decimal(str(quota))) for span in spans or [YEAR])}
    return RepYear(1, "Rita", events, changes.pop("quotas", quotas), **changes)


def plan(**changes: Any) -> PayPlan:
    return PayPlan(**({"variable": Decimal(50_000), "currency": "EUR", "period": "year"} | changes))


OLD = plan(threshold=Decimal("0.5"), accelerator=Decimal(2))
NEW = plan(accelerator=Decimal("1.5"), cap=Decimal(2))
