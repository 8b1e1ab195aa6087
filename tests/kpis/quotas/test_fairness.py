"""How evenly quotas are met: golden numbers, and what must always hold."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from kpis.quotas.audit import RepFigures, audit_quotas, compute_statistics
from kpis.quotas.fairness import (
    MIN_REPS,
    compute_gini,
    compute_variation,
    correlate_ranks,
    count_alike,
    count_bands,
)

SHARES = st.lists(st.floats(0, 10), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("values", "gini"), [([1, 1, 1, 1], 0), ([0, 0, 0, 1], 0.75), ([0.5, 0.8, 1, 1.2, 1.5], 0.192), ([3], 0)]
)
def test_golden_gini(values: list[float], gini: float) -> None:
    assert compute_gini(values) == pytest.approx(gini, abs=1e-12)


def test_no_gini_of_nothing_of_zeros_or_of_losses() -> None:
    assert compute_gini([]) is None
    assert compute_gini([0, 0]) is None
    assert compute_gini([-0.2, 1]) is None


@given(SHARES)
def test_gini_is_the_mean_difference_of_all_pairs(values: list[float]) -> None:
    gini, n, mean = compute_gini(values), len(values), math.fsum(values) / len(values)
    if gini is None:
        assert mean == 0
    elif mean > 1e-9:
        pairs = math.fsum(abs(a - b) for a in values for b in values) / (2 * n * n * mean)
        assert gini == pytest.approx(pairs, abs=1e-9)
        assert -1e-9 <= gini < 1


def test_variation_is_that_of_a_sample() -> None:
    assert compute_variation([80, 100, 120]) == pytest.approx(0.2)
    assert compute_variation([100]) is None
    assert compute_variation([-1, 1]) is None


def test_rank_correlation_has_n_p_and_an_interval() -> None:
    first, second = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [2, 1, 4, 3, 6, 5, 8, 7, 10, 9]
    found, expected = correlate_ranks(first, second), stats.spearmanr(first, second)
    assert found
    assert (found.rho, found.p, found.n) == (pytest.approx(expected.statistic), pytest.approx(expected.pvalue), 10)
    reach = 1.959963984540054 * math.sqrt((1 + found.rho**2 / 2) / 7)
    assert found.low == pytest.approx(math.tanh(math.atanh(found.rho) - reach))
    assert found.low < found.rho < found.high
    assert found.is_apart_from_zero


def test_a_perfect_rank_is_no_division_by_zero() -> None:
    found = correlate_ranks(list(range(9)), list(range(9)))
    assert found
    assert found.rho == pytest.approx(1)
    assert 0 < found.low <= found.high <= 1


def test_too_few_reps_or_equal_ones_have_no_correlation() -> None:
    assert correlate_ranks(list(range(MIN_REPS - 1)), list(range(MIN_REPS - 1))) is None
    assert correlate_ranks([1.0] * 9, list(range(9))) is None


@given(SHARES)
def test_every_rep_is_in_one_band(values: list[float]) -> None:
    assert sum(n for _, n in count_bands(values)) == len(values)


def test_a_band_begins_at_its_lower_edge() -> None:
    counts = [n for _, n in count_bands([-0.1, 0.4999, 0.5, 0.8, 0.9999, 1, 1.2, 3])]
    assert counts == [2, 1, 2, 1, 2]


def test_ratios_within_ten_percent_of_their_mean_are_alike() -> None:
    assert count_alike([0.9, 1.0, 1.1]) == (3, pytest.approx(1))
    assert count_alike([0.5, 1.0, 1.5]) == (1, pytest.approx(1))
    assert count_alike([]) is None


def reps(n: int, *, quota: float = 100, attainment: float = 1, potential: float | None = 100) -> list[RepFigures]:
    return [
        RepFigures(quota + i, attainment - 0.03 * (i % 5), potential and (potential + 2 * i)) for i in range(n)
    ]  # fmt: skip


def verdicts(figures: list[RepFigures]) -> dict[str, str]:
    return {rule.key: rule.verdict for rule in audit_quotas(compute_statistics(figures))}


def test_without_a_potential_there_is_no_verdict_that_needs_one() -> None:
    found = verdicts(reps(12, potential=None))
    assert {key for key, verdict in found.items() if verdict == "none"} == {"ratio", "attainment", "quota"}


def test_too_few_reps_give_no_verdict_at_all() -> None:
    rules = audit_quotas(compute_statistics(reps(MIN_REPS - 1)))
    assert {rule.verdict for rule in rules} == {"none"}
    assert all("Too few reps" in rule.finding for rule in rules)


def test_one_rep_far_from_the_mean_breaks_the_rule_of_ratios() -> None:
    even = [RepFigures(100, 1, 100) for _ in range(10)]
    assert verdicts(even)["ratio"] == "met"
    assert verdicts([*even, RepFigures(100, 1, 60)])["ratio"] == "not_met"


@pytest.mark.parametrize(("at_quota", "verdict"), [(5, "not_met"), (6, "met"), (7, "not_met")])
def test_55_to_65_percent_of_reps_at_quota_is_fair(at_quota: int, verdict: str) -> None:
    figures = [RepFigures(100, 1 if i < at_quota else 0.9, 100) for i in range(10)]
    assert verdicts(figures)["at_quota"] == verdict


def test_attainment_that_rises_with_potential_is_not_fair() -> None:
    figures = [RepFigures(100, 0.5 + i / 20, 100 + 5 * i) for i in range(12)]
    assert verdicts(figures)["attainment"] == "not_met"


def test_quotas_against_potential_are_not_fair() -> None:
    figures = [RepFigures(200 - 5 * i, 1 - 0.01 * (i % 3), 100 + 5 * i) for i in range(12)]
    assert verdicts(figures)["quota"] == "not_met"


def test_an_attainment_that_is_not_known_is_not_zero() -> None:
    statistics = compute_statistics([RepFigures(100, None, 100), RepFigures(100, 1.2, 100)])
    assert (statistics.judged, statistics.at_quota, statistics.share_at_quota) == (1, 1, 1)
    assert compute_statistics([]).share_at_quota is None
