"""The golden numbers of the survey statistics, and what must hold for any answers."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from alignment import statistics

SALES = [2, 3, 2, 1, 3, 2]
MARKETING = [4, 3, 4, 5, 4, 3, 4]
ANSWERS = st.lists(st.integers(1, 5), min_size=2, max_size=6)


def test_a_gap_of_means_has_welchs_interval() -> None:
    interval = statistics.welch_interval(SALES, MARKETING)
    assert f"{interval.gap:.3f}" == "-1.690"
    assert f"{interval.error:.4f}" == "0.4031"
    assert f"{interval.degrees:.2f}" == "10.33"
    assert (f"{interval.low:.3f}", f"{interval.high:.3f}") == ("-2.585", "-0.796")
    assert interval.excludes_zero


def test_a_gap_of_small_groups_has_an_exact_p_and_a_size() -> None:
    assert f"{statistics.exact_permutation_p(SALES, MARKETING):.5f}" == "0.00699"
    assert statistics.gap_p_value(SALES, MARKETING) == statistics.exact_permutation_p(SALES, MARKETING)
    assert f"{statistics.cliffs_delta(SALES, MARKETING):.3f}" == "-0.905"


@given(ANSWERS, ANSWERS)
def test_the_exact_p_equals_listing_every_split(first: list[int], second: list[int]) -> None:
    together, observed = first + second, sum(first)
    sums = [sum(split) for split in combinations(together, len(first))]
    tail = min(sum(each <= observed for each in sums), sum(each >= observed for each in sums))
    assert statistics.exact_permutation_p(first, second) == pytest.approx(min(1, 2 * tail / len(sums)))


def test_the_exact_p_takes_means_of_three_statements() -> None:
    thirds = [7 / 3, 8 / 3, 5 / 3], [11 / 3, 10 / 3, 13 / 3]
    whole = [7, 8, 5], [11, 10, 13]
    assert statistics.exact_permutation_p(*thirds) == statistics.exact_permutation_p(*whole) == 2 / 20


def test_a_paired_difference_has_an_exact_p_and_an_interval() -> None:
    assert statistics.exact_sign_flip_p([1, 1, 1, 1, 1]) == 2 / 32
    assert statistics.exact_sign_flip_p([1, -1]) == 1
    interval = statistics.paired_interval([1, 2, 3])
    assert (interval.gap, interval.degrees) == (2, 2)
    assert f"{interval.low:.3f}" == "-0.484"


def test_more_than_twenty_people_are_tested_by_welch() -> None:
    first, second = [1, 2, 2, 3, 3, 4, 5, 2, 3, 1, 4], [3, 4, 4, 5, 2, 3, 4, 5, 3, 4]
    assert statistics.gap_p_value(first, second) == pytest.approx(
        stats.ttest_ind(first, second, equal_var=False).pvalue
    )
    assert statistics.gap_p_value([1, 2] * 6, [4, 5] * 6) < 1e-9
    assert statistics.gap_p_value([1, 5] * 6, [1, 5] * 6) == 1


@pytest.mark.parametrize(
    ("answers", "raw", "rwg", "awg"),
    [
        ([4, 4, 5, 4, 3], "0.7500", "0.7500", "0.7333"),
        ([1, 5, 1, 5, 3], "-1.0000", "0.0000", "-0.6000"),
        ([2, 4, 2, 4, 3, 3], "0.6000", "0.6000", "0.6667"),
    ],
)
def test_agreement_within_a_side(answers: list[int], raw: str, rwg: str, awg: str) -> None:
    assert f"{statistics.raw_agreement_rwg(answers):.4f}" == raw
    assert f"{statistics.agreement_rwg(answers):.4f}" == rwg
    assert f"{statistics.agreement_awg(answers):.4f}" == awg


def test_agreement_over_several_statements_does_not_grow_with_their_number() -> None:
    rows = [(4, 4, 5), (4, 5, 4), (3, 4, 4), (5, 4, 4), (4, 3, 4)]
    assert f"{statistics.average_deviation([4, 4, 5, 4, 3]):.1f}" == "0.4"
    assert f"{statistics.agreement_rwg_j(rows):.4f}" == "0.9231"
    assert f"{statistics.agreement_rwg_star(rows):.1f}" == "0.8"


def test_unanimous_answers_at_an_end_count_as_agreement() -> None:
    assert statistics.agreement_awg([5, 5, 5]) == 1
    assert statistics.agreement_rwg([1, 1, 1]) == 1


def test_reliability_of_two_and_of_three_statements() -> None:
    pairs = [(1, 2), (2, 2), (3, 4), (4, 5), (5, 4)]
    first, second = zip(*pairs, strict=True)
    r = 7 / (10 * 7.2) ** 0.5  # Pearson's, by hand
    assert statistics.spearman_brown(first, second) == pytest.approx(2 * r / (1 + r))
    assert statistics.reliability(pairs) == statistics.spearman_brown(first, second)
    assert statistics.cronbach_alpha([(1, 1, 1), (3, 3, 3), (5, 5, 5)]) == pytest.approx(1)
    assert statistics.reliability([(1, 5, 3), (2, 4, 3), (5, 1, 3)]) is None
    assert statistics.reliability([(3, 1), (3, 5)]) is None


@given(ANSWERS)
def test_no_answers_spread_wider_than_their_mean_allows(answers: list[int]) -> None:
    widest = statistics.widest_variance(statistics.mean(answers), len(answers))
    assert statistics.variance(answers) <= widest + 1e-9
