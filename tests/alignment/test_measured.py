"""What the data show of a signed term: a measured 0 is a value, and where nothing was recorded there is none."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache

from alignment.expectations.marks import draw_lines
from alignment.expectations.measured import Measured, measure_terms
from alignment.rounds.csv_rows import _measured_cell
from alignment.rounds.results import ExpectationResult
from crm.models import Lead
from funnel.models import HandOff
from tests import make

DAY = date(2026, 6, 15)
LEADS = {"key": "owed.owed.qualified_leads", "name": "qualified_leads", "unit": "leads", "stage": ""}
PIPELINE = {"key": "owed.owed.pipeline_value", "name": "pipeline_value", "unit": "EUR", "stage": ""}
RESPONSE = {"key": "sla.mql.response", "name": "response", "unit": "business hours", "stage": "mql"}
IN_APRIL = datetime(2026, 4, 10, 12, tzinfo=UTC)


def measure(term: dict[str, Any]) -> Measured:
    return measure_terms([term], DAY)[term["key"]]


@pytest.mark.usefixtures("company")
@pytest.mark.parametrize("term", [LEADS, PIPELINE, RESPONSE])
def test_where_no_lead_was_recorded_there_is_no_value_but_a_reason(term: dict[str, Any]) -> None:
    measured = measure(term)
    assert measured.value is None
    assert measured.definition.startswith("No data: ")


@pytest.mark.usefixtures("company")
@pytest.mark.parametrize("term", [LEADS, PIPELINE])
def test_where_leads_came_and_none_was_handed_over_zero_is_the_value(term: dict[str, Any]) -> None:
    make.lead(created_at=IN_APRIL)
    assert measure(term).value == 0


def hand_over(lead: Lead) -> None:
    HandOff.objects.create(lead=lead, why="By territory", started_at=IN_APRIL, due_at=IN_APRIL + timedelta(hours=4))


@pytest.mark.usefixtures("company")
def test_opportunities_without_an_amount_in_the_currency_are_no_value() -> None:
    lead = make.lead(created_at=IN_APRIL)
    hand_over(lead)
    make.opportunity(lead=lead, opened_on=date(2026, 5, 4), amount=Decimal(900), currency="USD")
    assert measure(PIPELINE).definition == "No data: the opportunities of the 3 full months have no amount in EUR."
    make.opportunity(lead=lead, opened_on=date(2026, 5, 5), amount=Decimal(300))
    cache.clear()
    assert measure(PIPELINE).value == 100


def test_a_line_has_a_mark_at_zero_and_none_without_data() -> None:
    term = ExpectationResult(LEADS["key"], "How many?", "leads", 100.0, (), False)
    now = datetime(2026, 6, 15, tzinfo=UTC)
    (line,) = draw_lines([term], {term.key: Measured(0.0, 3, "Leads a month", now)})
    assert [(mark.kind, mark.value, mark.x) for mark in line.marks][-1] == ("measured", 0.0, 0.0)
    (line,) = draw_lines([term], {term.key: Measured(None, 0, "No data: none.", now)})
    assert [mark.kind for mark in line.marks] == ["signed"]


def test_a_file_says_no_data_and_not_measured() -> None:
    now = datetime(2026, 6, 15, tzinfo=UTC)
    cells = [
        _measured_cell(measured)
        for measured in (None, Measured(None, 0, "No data: none.", now), Measured(0.0, 3, "", now))
    ]
    assert cells == ["Not measured", "No data: none.", 0.0]
