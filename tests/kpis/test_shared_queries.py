"""What is answered together is what each question is answered alone, in fewer questions."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from core.periods import Period, month_period, quarter_period, year_period
from facts.engine import Facts
from kpis import dashboard, shared_queries, snapshots
from kpis.compute import compute_metric, compute_trend, evenings_of, scope_of
from kpis.dashboard import METRICS, Question, build_dashboard
from kpis.models import MetricSnapshot
from kpis.registry import all_metrics, get_metric
from kpis.shared_queries import SharedQueries
from team.models import User
from tests.kpis.memory_facts import MemoryFacts

pytestmark = pytest.mark.slow

TODAY = date(2026, 11, 22)


@pytest.fixture(autouse=True)
def november() -> Any:
    with time_machine.travel(datetime(2026, 11, 22, 12, tzinfo=UTC), tick=False):
        yield


def company_facts() -> MemoryFacts:
    days = [
        date(2024, 5, 31),
        date(2024, 12, 31),
        date(2025, 1, 1),
        date(2025, 3, 31),
        date(2025, 4, 1),
        date(2025, 12, 31),
    ]
    deals = [
        {"outcome": outcome, "closed_on": day, "opened_on": date(2024, 3, 1), "amount": Decimal(100 + n * 7), "owner_id": n % 2 + 1,
         "currency": "USD" if n % 5 == 4 else "EUR"}
        for n, (outcome, day) in enumerate((outcome, day) for outcome in ("won", "lost", "no_decision") for day in days)
    ]  # fmt: skip
    deals += [
        {"outcome": "open", "opened_on": day, "amount": Decimal(500), "probability": Decimal("0.5"), "owner_id": 1}
        for day in days
    ]
    return MemoryFacts(
        owners=[{"name": "Rita"}, {"name": "Sam"}],
        opportunities=deals,
        invoices=[{"issued_on": day, "amount": Decimal(1000 + n), "currency": "EUR"} for n, day in enumerate(days)],
        spend=[{"spent_on": day, "amount": Decimal(300 + n), "side": "sales"} for n, day in enumerate(days)],
        leads=[
            {"first_contact_on": day, "created_at": datetime(day.year, day.month, day.day, tzinfo=UTC), "owner_id": 2}
            for day in days
        ],
    )


@pytest.mark.parametrize(
    "period",
    [
        year_period(2025),
        quarter_period(date(2025, 1, 1)),
        month_period(date(2025, 1, 9)),
        Period(date(2024, 12, 31), date(2025, 3, 31)),
    ],
)
@pytest.mark.parametrize(("where", "all_trended"), [({}, True), ({"owner": "Rita"}, True), ({"owner": "Rita"}, False)])
def test_together_is_alone(company: Any, period: Period, where: dict[str, str], all_trended: bool) -> None:
    facts: Any = company_facts()
    evenings = evenings_of(period, "month", scope_of(period, facts).today).values()
    metrics = [get_metric(key) for key in METRICS if all(name in get_metric(key).dimensions for name in where)]
    assert len(metrics) >= 8
    trended = metrics if all_trended else []
    shared = SharedQueries(period, period.before, metrics=metrics, grain="month", evenings=evenings, trended=trended)
    for metric in metrics:
        for one in filter(None, (period, period.before)):
            alone, together = (
                compute_metric(metric, one, where=where, facts=facts),
                compute_metric(metric, one, where=where, facts=facts, shared=shared),
            )
            assert together == alone
        assert compute_trend(metric, period, where=where, facts=facts, shared=shared) == compute_trend(
            metric, period, where=where, facts=facts
        )


def test_the_figures_of_the_night_are_those_of_each_question_alone(company: Any) -> None:
    """Every metric, for all spans that are kept, whole, by parts and by month."""
    facts: Any = company_facts()
    metrics = [metric for metric in all_metrics() if any(facts._given.get(table) for table in metric.tables)]
    assert len(metrics) >= 30
    spans = snapshots.list_spans(facts)
    shared = snapshots.share_queries(metrics, spans, facts)
    for metric in metrics:
        together = [_comparable(row) for row in snapshots.compute_rows(metric, facts, spans, shared)]
        assert together == [_comparable(row) for row in snapshots.compute_rows(metric, facts, spans, None)], metric.key


def _comparable(row: MetricSnapshot) -> tuple[Any, ...]:
    return (
        row.starts_on, row.ends_on, row.dimension, row.part, row.label, row.value, row.numerator, row.denominator, row.n,
        row.currency, row.quartiles,
    )  # fmt: skip


def test_what_cannot_be_asked_together_is_asked_alone(company: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record on which one measure fails must not keep the others from being answered."""
    facts: Any = company_facts()
    period = year_period(2025)
    metrics = [get_metric(key) for key in ("close_rate", "loss_rate", "won_revenue")]
    ask = shared_queries.query_measures

    def fail_together(scope: Any, measures: Any, cut: Any) -> Any:
        if len(measures) > 1:
            raise ValueError("a record that cannot be read")
        return ask(scope, measures, cut)

    monkeypatch.setattr(shared_queries, "query_measures", fail_together)
    shared = SharedQueries(period, metrics=metrics)
    for metric in metrics:
        assert compute_metric(metric, period, facts=facts, shared=shared) == compute_metric(metric, period, facts=facts)


@pytest.mark.parametrize("start", [None, date(2025, 1, 1)])
@pytest.mark.parametrize("end", [None, date(2025, 12, 31)])
def test_an_open_period_is_a_sum_of_sections_too(company: Any, start: date | None, end: date | None) -> None:
    facts: Any = company_facts()
    periods = (Period(start, end), year_period(2024), Period())
    metrics = [get_metric(key) for key in ("won_revenue", "sales_cycle_time", "leads")]
    shared = SharedQueries(*periods, metrics=metrics)
    for metric in metrics:
        for one in periods:
            assert compute_metric(metric, one, facts=facts, shared=shared) == compute_metric(metric, one, facts=facts)


def test_a_new_filter_costs_less_than_half_of_the_questions(
    sold: Facts, cfo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    execute = Facts.execute
    monkeypatch.setattr(Facts, "execute", lambda self, expression: asked.append(1) or execute(self, expression))
    board = build_dashboard(Question(year_period(2025), where={"owner": "Rita"}), TODAY, cfo, sold)
    assert len(board.readings) >= 8
    together = len(asked)
    asked.clear()
    monkeypatch.setattr(dashboard, "_share_queries", lambda *_: None)
    build_dashboard(Question(year_period(2025), where={"owner": "Sam"}), TODAY, cfo, sold)
    assert together <= 10
    assert len(asked) >= 2.5 * together
