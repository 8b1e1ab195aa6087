"""The lost value of late answers: exact parts, golden numbers, and what is too little."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.decomposition import decompose_rate
from kpis.help_to_close.answers import IN_TIME, LATE, NEVER, Leads, count_groups, split_lost_value


def leads_of(*cells: tuple[int, int, int, int], amount: Decimal | None = Decimal(1000)) -> Leads:
    """Return leads of (stratum, answer, won, all), each of its own company."""
    strata, answers, won = [], [], []
    for stratum, answer, hits, size in cells:
        strata += [stratum] * size
        answers += [answer] * size
        won += [True] * hits + [False] * (size - hits)
    amounts = [amount if has_won else None for has_won in won]
    return Leads(np.array(strata), np.arange(len(strata)), np.array(answers), np.array(won, dtype=bool), amounts)


def test_the_golden_split_of_a_rate_comes_out_in_money() -> None:
    """Methods 1.3: the rate falls from .34 to .27; −.009 of it is rate, −.061 mix. 300 late leads at 1,000 a customer lose 21,000."""
    leads = leads_of(
        (0, IN_TIME, 50, 100), (1, IN_TIME, 30, 100), (2, IN_TIME, 5, 50),
        (0, LATE, 30, 60), (1, LATE, 42, 150), (2, LATE, 9, 90),
    )  # fmt: skip
    lost = split_lost_value(leads, LATE)
    assert lost
    assert (lost.total.value, lost.timing.value, lost.quality.value) == (21_000, 2_700, 18_300)
    parts = decompose_rate(count_groups(leads, LATE))
    assert sum(part.rate for part in parts.values()) == Fraction(-9, 1000)
    assert sum(part.mix for part in parts.values()) == Fraction(-61, 1000)


def test_at_equal_quality_all_is_timing_and_at_equal_rates_all_is_quality() -> None:
    timing = split_lost_value(leads_of((0, IN_TIME, 10, 50), (0, LATE, 5, 50)), LATE)
    assert timing
    assert (timing.total.value, timing.timing.value, timing.quality.value) == (5000, 5000, 0)
    quality = split_lost_value(
        leads_of((0, IN_TIME, 20, 40), (1, IN_TIME, 2, 20), (0, LATE, 10, 20), (1, LATE, 4, 40)), LATE
    )
    assert quality
    assert quality.timing.value == 0
    assert quality.quality.value == quality.total.value > 0


def test_leads_without_an_answer_are_a_group_of_their_own() -> None:
    leads = leads_of((0, IN_TIME, 10, 50), (0, LATE, 5, 25), (0, NEVER, 0, 30))
    late, never = split_lost_value(leads, LATE), split_lost_value(leads, NEVER)
    assert late
    assert never
    assert late.total.value == 0
    assert (never.late, never.total.value) == ((0, 30), 6000)


def test_a_stratum_that_was_never_answered_in_time_counts_as_quality() -> None:
    lost = split_lost_value(leads_of((0, IN_TIME, 10, 40), (1, LATE, 0, 40)), LATE)
    assert lost
    assert (lost.alone, lost.timing.value, lost.quality.value) == (40, 0, 10_000)


def test_too_few_leads_or_no_known_amount_give_no_answer() -> None:
    assert split_lost_value(leads_of((0, IN_TIME, 10, 40), (0, LATE, 1, 19)), LATE) is None
    assert split_lost_value(leads_of((0, IN_TIME, 4, 40), (0, LATE, 1, 40)), LATE) is None
    assert split_lost_value(leads_of((0, IN_TIME, 10, 40), (0, LATE, 1, 40), amount=None), LATE) is None


def test_the_interval_holds_the_figure_and_is_the_same_again() -> None:
    leads = leads_of((0, IN_TIME, 30, 150), (1, IN_TIME, 10, 100), (0, LATE, 6, 80), (1, LATE, 4, 120))
    lost = split_lost_value(leads, LATE)
    assert lost == split_lost_value(leads, LATE)
    assert lost
    for part in (lost.total, lost.timing, lost.quality):
        assert part.low is not None
        assert part.high is not None
        assert part.low < part.value < part.high


CELL = st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda pair: (min(pair), max(pair)))


@settings(max_examples=40)
@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=5), st.decimals(1, 10**7, places=2))
def test_parts_add_up_to_the_cent(cells: list[tuple[tuple[int, int], tuple[int, int]]], amount: Decimal) -> None:
    rows = [
        (stratum, answer, *side)
        for stratum, sides in enumerate(cells)
        for answer, side in zip((IN_TIME, LATE), sides, strict=True)
    ]
    lost = split_lost_value(leads_of(*rows, (9, IN_TIME, 5, 20), (9, LATE, 0, 20), amount=amount), LATE)
    assert lost
    assert lost.quality.value + lost.timing.value == lost.total.value
    difference = Fraction(lost.in_time[0], lost.in_time[1]) - Fraction(lost.late[0], lost.late[1])
    assert float(lost.total.value) == pytest.approx(float(difference * lost.late[1] * Fraction(amount)), abs=0.011)
