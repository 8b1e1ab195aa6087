"""A changed figure is a restatement once its month is settled, its cohort is mature, and it changed beyond rounding."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from alarms.restated.rules import Figure, is_mature, is_restated, is_settled
from kpis.registry import all_metrics, get_metric

END = date(2026, 3, 31)


@pytest.mark.parametrize(
    ("unit", "before", "after", "expected"),
    [
        ("money", "100.00", "100.01", True),
        ("money", "100.00", "100.0000001", False),
        ("percent", "0.36", "0.3605", True),
        ("percent", "0.36", "0.3604", False),
        ("count", "7", "8", True),
        ("minutes", "12", "12.4", False),
        ("ratio", "1.2", "1.2", False),
    ],
)
def test_what_is_lost_in_rounding_is_no_change(unit: str, before: str, after: str, expected: bool) -> None:
    assert is_restated(Figure(Decimal(before)), Figure(Decimal(after)), unit) is expected


def test_a_figure_that_appears_or_goes_away_or_changes_its_currency_is_restated() -> None:
    nothing, one = Figure(None), Figure(Decimal(1), currency="EUR")
    assert is_restated(nothing, one, "money")
    assert is_restated(one, nothing, "money")
    assert not is_restated(nothing, nothing, "money")
    assert is_restated(one, Figure(Decimal(1), currency="USD"), "money")


def test_a_month_is_settled_five_days_after_its_end() -> None:
    assert not is_settled(END, date(2026, 4, 5))
    assert is_settled(END, date(2026, 4, 6))


def test_a_cohort_by_first_contact_matures_for_a_year_and_a_sum_at_once() -> None:
    conversion, revenue = get_metric("lead_conversion_rate"), get_metric("revenue")
    assert not is_mature(conversion, END, END + timedelta(days=365))
    assert is_mature(conversion, END, END + timedelta(days=366))
    assert is_mature(revenue, END, END + timedelta(days=1))


def test_every_metric_whose_outcome_comes_later_says_how_long_it_matures() -> None:
    maturing = {metric.key for metric in all_metrics() if metric.matures_days}
    assert maturing == {
        "lead_conversion_rate", "lead_win_rate", "leads_converted", "speed_to_lead", "speed_to_lead_on_the_wall", "time_to_verdict",
        "never_followed_up", "never_followed_up_rate", "late_answers", "feedback_missing", "feedback_missing_rate", "sal_rate",
        "stale_leads", "stale_leads_rate", "nurture_untouched", "nurture_untouched_rate", "content_unused", "content_unused_rate",
        "content_time_to_open", "content_unopened_rate", "first_touch_resolution", "hands_per_enquiry", "silence_at_handover",
        "missing_deal_fields", "missing_deal_fields_rate", "missing_next_steps", "missing_next_steps_rate", "overdue_close_dates",
        "overdue_close_dates_rate", "won_and_invoiced", "won_not_yet_due", "won_not_invoiced", "invoiced_short", "invoiced_over",
        "paid_not_live", "billed_without_deal", "overdue_invoices", "days_to_invoice", "days_to_payment", "days_to_live",
    }  # fmt: skip


def test_every_unit_has_its_smallest_change() -> None:
    for metric in all_metrics():
        assert not is_restated(Figure(Decimal(1)), Figure(Decimal(1)), metric.unit)
