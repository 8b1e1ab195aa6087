from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.outcomes.curves import CAUSES, LOST, NO_DECISION, WON, Episodes, estimate_curve, estimate_stage_curve


def make_episodes(exits: Sequence[float], events: Sequence[int], entries: Sequence[float] | None = None) -> Episodes:
    entry = np.zeros(len(exits)) if entries is None else np.array(entries, dtype=float)
    return Episodes(entry, np.array(exits, dtype=float), np.array(events, dtype=np.int64))


EXITS = [10, 20, 20, 30, 30, 30, 40, 50, 60, 60, 70, 80]
EVENTS = [3, 1, 2, 1, 0, 2, 3, 1, 1, 0, 2, 0]
TWELVE_DEALS = make_episodes(EXITS, EVENTS)


def test_the_curve_has_the_golden_values_of_six_deals() -> None:
    curve = estimate_curve(make_episodes([1, 2, 3, 4, 5, 6], [0, 1, 1, 2, 2, 0]))
    assert curve.incidence_at(6, WON) == pytest.approx(0.4, abs=1e-9)
    assert curve.incidence_at(6, LOST) == pytest.approx(0.4, abs=1e-9)


def test_the_curve_has_the_golden_values_of_twelve_deals() -> None:
    curve = estimate_curve(TWELVE_DEALS)
    assert curve.survival_at(30) == pytest.approx(7 / 12, abs=1e-9)
    assert curve.incidence_at(60, WON) == pytest.approx(13 / 36, abs=1e-9)
    assert curve.incidence_at(70, LOST) == pytest.approx(0.3125, abs=1e-9)
    assert curve.incidence_at(80, NO_DECISION) == pytest.approx(13 / 72, abs=1e-9)
    assert curve.chance(30, 30) == pytest.approx(1 / 3, abs=1e-9)


def estimate_by_hand(episodes: Episodes, cause: int, age: float) -> float:
    """Sum S(u−)·d(u)/n(u) deal by deal."""
    survival, incidence = 1.0, 0.0
    for time in sorted({float(end) for end, event in zip(episodes.exit, episodes.event, strict=True) if event}):
        rows = list(zip(episodes.entry, episodes.exit, episodes.event, strict=True))
        at_risk = sum(entry < time <= end for entry, end, _ in rows)
        if time <= age:
            incidence += survival * sum(end == time and event == cause for _, end, event in rows) / at_risk
        survival *= 1 - sum(end == time and event != 0 for _, end, event in rows) / at_risk
    return incidence


stays = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 30), st.integers(0, 3)), min_size=1, max_size=30).map(
    lambda rows: make_episodes([a + b for a, b, _ in rows], [e for _, _, e in rows], [a for a, _, _ in rows])
)


@given(stays, st.integers(0, 60))
def test_the_curve_equals_a_sum_deal_by_deal_also_with_late_entry(episodes: Episodes, age: int) -> None:
    curve = estimate_curve(episodes)
    for cause in CAUSES:
        assert curve.incidence_at(age, cause) == pytest.approx(estimate_by_hand(episodes, cause, age), abs=1e-9)


@given(stays, st.integers(0, 60))
def test_every_deal_is_open_or_ended_by_one_cause(episodes: Episodes, age: int) -> None:
    curve = estimate_stage_curve(episodes.choose(np.arange(len(episodes)) % 2 == 0), episodes)
    ended = sum(curve.incidence_at(age, cause) for cause in CAUSES)
    assert curve.survival_at(age) + ended == pytest.approx(1, abs=1e-9)


def test_a_deal_that_was_open_when_history_starts_counts_only_from_then_on() -> None:
    late = make_episodes([40, 40, 10, 10], [WON, WON, LOST, LOST], [30, 30, 0, 0])
    blind = make_episodes([40, 40, 10, 10], [WON, WON, LOST, LOST])
    assert estimate_curve(late).incidence_at(10, LOST) == 1.0, "only two deals were watched at the age of ten days"
    assert estimate_curve(blind).incidence_at(10, LOST) == 0.5


def test_a_stage_without_deals_follows_the_company_and_one_with_many_follows_its_own() -> None:
    empty = TWELVE_DEALS.choose(np.zeros(len(TWELVE_DEALS), dtype=bool))
    company = estimate_curve(TWELVE_DEALS)
    assert np.allclose(estimate_stage_curve(empty, TWELVE_DEALS).incidence, company.incidence)
    winners = make_episodes([30.0] * 2_000, [WON] * 2_000)
    both = make_episodes([*EXITS, *winners.exit], [*EVENTS, *winners.event])
    assert estimate_stage_curve(winners, both).incidence_at(30) > 0.98


def test_the_hazard_of_a_small_stage_is_drawn_to_the_company_by_twenty_deals() -> None:
    stage = make_episodes([10] * 5, [WON] * 3 + [LOST] * 2)
    company = make_episodes([10] * 105, [WON] * 33 + [LOST] * 72)
    expected = (3 + 20 * 33 / 105) / (5 + 20)
    assert estimate_stage_curve(stage, company).incidence_at(10) == pytest.approx(expected, abs=1e-9)


def test_an_age_that_no_deal_has_passed_while_open_has_no_chance() -> None:
    curve = estimate_curve(make_episodes([5, 6, 7], [WON, WON, LOST]))
    assert curve.chance([10, 100], 90).tolist() == [0.0, 0.0]
    assert curve.chance(0, 0) == 0.0


def test_a_stay_that_ends_as_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="end after it begins"):
        make_episodes([5], [WON], [5])
    with pytest.raises(ValueError, match="same length"):
        make_episodes([5], [WON, LOST])
