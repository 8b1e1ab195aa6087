"""Months of a goal, and the days on which their leads are due."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from core.periods import Period
from kpis.leads_needed.calendar import AHEAD, OVER, RUNNING, build_months, share_amount, split_months

TODAY = date(2026, 12, 10)


def test_months_begin_and_end_with_the_goal_and_know_the_leap_day() -> None:
    months = split_months(date(2027, 12, 20), date(2028, 3, 5))
    assert [(month.start, month.end) for month in months] == [
        (date(2027, 12, 20), date(2027, 12, 31)), (date(2028, 1, 1), date(2028, 1, 31)),
        (date(2028, 2, 1), date(2028, 2, 29)), (date(2028, 3, 1), date(2028, 3, 5)),
    ]  # fmt: skip


def test_leads_are_due_earlier_by_the_time_to_the_win() -> None:
    horizon = Period(date(2027, 1, 1), date(2027, 4, 30))
    came = {date(2026, 10, 3): 10, date(2026, 10, 2): 99, date(2026, 12, 10): 4, date(2026, 12, 11): 50}
    months = build_months(Decimal(1200), horizon, [120.0, 12.0], [90, 0], [came, {}], TODAY)
    january, march, april = (months[index].windows[0] for index in (0, 2, 3))
    assert (january.start, january.end, january.state) == (date(2026, 10, 3), date(2026, 11, 2), OVER)
    assert (january.arrived, round(january.needed, 6)) == (10, 31.0)
    assert (march.start, march.end, march.state) == (date(2026, 12, 1), date(2026, 12, 31), RUNNING)
    assert (march.arrived, round(march.needed_by_today, 6)) == (4, 10.0)
    assert round(march.missing, 6) == 6
    assert (april.state, april.arrived, april.needed_by_today) == (AHEAD, 0, 0)
    assert [month.windows[1].start for month in months] == [month.period.start for month in months]


@given(
    st.dates(date(2024, 1, 1), date(2030, 1, 1)), st.integers(0, 800), st.decimals(0, 10**12, places=2), st.integers(0, 400)
)  # fmt: skip
def test_months_and_windows_add_up_without_a_gap(start: date, days: int, amount: Decimal, lag: int) -> None:
    horizon = Period(start, start + timedelta(days=days))
    months = build_months(amount, horizon, [360.0], [lag], [{}], TODAY)
    assert sum(month.revenue for month in months) == amount
    assert abs(sum(month.windows[0].needed for month in months) - 360) < 1e-6
    for before, after in pairwise(months):
        assert after.windows[0].start == before.windows[0].end + timedelta(days=1)


def test_an_amount_is_shared_by_days_to_the_cent() -> None:
    months = split_months(date(2027, 1, 1), date(2027, 3, 31))
    assert share_amount(Decimal(100), months) == [Decimal("34.44"), Decimal("31.12"), Decimal("34.44")]
