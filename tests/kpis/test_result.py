"""Exact sums, quantiles and intervals, without any database."""

from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.result import compute_quartiles, round_to_cents


@given(st.lists(st.integers(-400, 4000), min_size=1, max_size=60))
def test_quartiles_are_those_of_pandas(values: list[int]) -> None:
    import pandas as pd

    series, spread = pd.Series(values), compute_quartiles(Counter(values))
    assert spread
    expected = [series.quantile(share) for share in (0.25, 0.5, 0.75, 0.9)]
    assert [spread.q1, spread.median, spread.q3, spread.p90] == pytest.approx(expected)
    assert spread.mean == pytest.approx(series.mean())
    assert (spread.lowest, spread.highest) == (min(values), max(values))


def test_there_are_no_quartiles_of_nothing() -> None:
    assert compute_quartiles({}) is None


def test_money_is_rounded_half_up_as_accountants_do() -> None:
    assert [round_to_cents(Decimal(text)) for text in ("0.125", "0.135", "-0.125")] == [
        Decimal("0.13"),
        Decimal("0.14"),
        Decimal("-0.13"),
    ]
