"""Days, weeks, months, quarters and years: keys that name them, and no gap between them."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.periods import Period
from kpis.grains import GRAINS

DAYS = st.dates(date(1999, 12, 1), date(2031, 2, 1))


@given(DAYS, st.integers(0, 800), st.sampled_from(sorted(GRAINS)))
def test_units_cover_a_period_without_gap_or_overlap(start: date, days: int, name: str) -> None:
    period = Period(start, start + timedelta(days=days))
    units = list(GRAINS[name].all_in(period))
    assert units[0][1].start == period.start
    assert units[-1][1].end == period.end
    for (_, one), (_, following) in pairwise(units):
        assert one.end
        assert following.start == one.end + timedelta(days=1)


@given(DAYS, st.sampled_from(sorted(GRAINS)))
def test_a_key_reads_back_to_the_unit_that_holds_the_day(day: date, name: str) -> None:
    unit = GRAINS[name].parse_key(GRAINS[name].key_of(day))
    assert unit.start
    assert unit.end
    assert unit.start <= day <= unit.end


@pytest.mark.parametrize(
    ("name", "key"),
    [("month", "2025-13"), ("month", "2025"), ("quarter", "2025Q5"), ("day", "2025-02-30"), ("year", "25")],
)
def test_a_wrong_key_is_refused_with_an_example(name: str, key: str) -> None:
    with pytest.raises(ValueError, match=f"is not a valid {name}. Write it as"):
        GRAINS[name].parse_key(key)
