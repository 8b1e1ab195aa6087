import numpy as np
import pytest

from attribution.methods.journeys import Journeys, build_journeys, derive_seed, number_paths
from attribution.methods.markov import attribute_markov
from attribution.methods.resampling import (
    Sample,
    Statistic,
    build_sample,
    compute_point,
    judge_stability,
    linear_statistic,
    markov_statistic,
    rate_shapley_statistic,
    resample_companies,
    shapley_statistic,
)
from attribution.methods.shapley import attribute_shapley, attribute_shapley_by_rate
from tests.attribution.paths import journeys_of, random_journeys


def _all_models(sample: Sample) -> dict[str, Statistic]:
    return {
        "markov": markov_statistic(sample),
        "shapley": shapley_statistic(sample),
        "rate": rate_shapley_statistic(sample),
    }


def _shuffle(journeys: Journeys, seed: int) -> Journeys:
    """Return the same journeys in another order of rows."""
    order = np.random.default_rng(seed).permutation(len(journeys.value))
    numbers = np.argsort(order)
    return build_journeys(
        numbers[journeys.journey], journeys.channel, conversions=journeys.conversions[order], nulls=journeys.nulls[order],
        value=journeys.value[order], channels=journeys.channels, company=journeys.company[order],
    )  # fmt: skip


@pytest.mark.parametrize("companies", [0, 25])
def test_merging_companies_leaves_every_model_as_it_is(companies: int) -> None:
    journeys = random_journeys(3, journeys=300, channels=3, untouched=2, companies=companies)
    sample = build_sample(journeys)
    models = _all_models(sample)
    assert compute_point(sample, models["markov"]) == pytest.approx(attribute_markov(journeys).value)
    assert compute_point(sample, models["shapley"]) == pytest.approx(attribute_shapley(journeys).value)
    assert compute_point(sample, models["rate"]) == pytest.approx(attribute_shapley_by_rate(journeys).value)


def test_companies_with_the_same_failed_path_are_merged() -> None:
    journeys = journeys_of([("AB", 0, 1), ("AB", 0, 1), ("AAB", 0, 1), ("BA", 0, 1), ("AB", 1, 0), ("AB", 1, 0)])
    sample = build_sample(journeys)
    assert sample.classes == 4
    assert len(sample.class_of_company) == 6
    assert build_sample(journeys, credited=np.array([0])).classes == 5


def test_each_resample_equals_the_model_on_the_companies_drawn() -> None:
    journeys = random_journeys(5, journeys=40, channels=3, companies=15)
    sample = build_sample(journeys)
    resampled = resample_companies(sample, _all_models(sample), 3)
    random = np.random.default_rng(sample.seed)
    for number in range(3):
        drawn = random.integers(0, 15, 15, dtype=np.int32)
        again = _repeat_companies(journeys, np.bincount(drawn, minlength=15))
        assert resampled["markov"][number] == pytest.approx(attribute_markov(again).value)
        assert resampled["shapley"][number] == pytest.approx(attribute_shapley(again).value)
        assert resampled["rate"][number] == pytest.approx(attribute_shapley_by_rate(again).value)


def _repeat_companies(journeys: Journeys, times: np.ndarray) -> Journeys:
    weights = times[journeys.company]
    return Journeys(
        journeys.journey, journeys.channel, journeys.channels, journeys.conversions * weights, journeys.nulls * weights,
        journeys.value * weights, journeys.company,
    )  # fmt: skip


def test_the_same_data_in_any_order_give_the_same_intervals() -> None:
    journeys = random_journeys(7, journeys=80, companies=40)
    results = []
    for rows in (journeys, journeys, _shuffle(journeys, 1)):
        sample = build_sample(rows)
        results.append(resample_companies(sample, {"markov": markov_statistic(sample)}, 50)["markov"])
    assert (results[0] == results[1]).all()
    assert results[2] == pytest.approx(results[0], rel=1e-9)


def test_other_data_draw_with_another_seed() -> None:
    seeds = set()
    for value in (100, 101):
        journeys = journeys_of([("AB", 1, 0), ("B", 1, 0)], value=[50, value])
        seeds.add(derive_seed(journeys, number_paths(journeys)))
    assert len(seeds) == 2


def test_a_small_chunk_draws_the_same_as_a_large_one(monkeypatch: pytest.MonkeyPatch) -> None:
    sample = build_sample(random_journeys(2))
    models = _all_models(sample)
    large = resample_companies(sample, models, 20)
    monkeypatch.setattr("attribution.methods.resampling.CHUNK_NUMBERS", 400)
    small = resample_companies(sample, models, 20)
    assert all(small[key] == pytest.approx(large[key]) for key in models)


def test_linear_credits_are_resampled_with_their_companies() -> None:
    journeys = journeys_of([("A", 1, 0), ("B", 1, 0)], value=[100, 10])
    sample = build_sample(journeys)
    credits = resample_companies(sample, {"last": linear_statistic(sample, [0, 1], [0, 1], [100, 10])}, 200)["last"]
    assert {tuple(row) for row in credits.tolist()} == {(200, 0), (100, 10), (0, 20)}


def test_intervals_of_many_equal_deals_follow_the_binomial() -> None:
    """Of 400 companies 100 won 1 each by A: the credit has the deviation √(400 · ¼ · ¾) = 8.66, 80 % within ± 1.28 of it."""
    journeys = journeys_of([("A", 1, 0)] * 100 + [("B", 0, 1)] * 300)
    sample = build_sample(journeys)
    credits = resample_companies(sample, {"shapley": shapley_statistic(sample)}, 2000)["shapley"]
    stability = judge_stability(compute_point(sample, shapley_statistic(sample)), credits)
    assert stability.low[0] == pytest.approx(100 - 1.28 * 8.66, abs=2)
    assert stability.high[0] == pytest.approx(100 + 1.28 * 8.66, abs=2)


def test_clear_ranks_are_told_apart_and_close_ones_are_not() -> None:
    paths = [("A", 1, 0)] * 90 + [("B", 1, 0)] * 31 + [("C", 1, 0)] * 30
    sample = build_sample(journeys_of(paths))
    model = shapley_statistic(sample)
    stability = judge_stability(compute_point(sample, model), resample_companies(sample, {"shapley": model})["shapley"])
    assert stability.rank.tolist() == [1, 2, 3]
    assert stability.are_apart(0, 1)
    assert not stability.are_apart(1, 2)
    assert not stability.are_apart(2, 1)
    assert (stability.rank_low.tolist(), stability.rank_high.tolist()) == ([1, 2, 2], [1, 3, 3])
    assert 0.4 < stability.top_holds < 0.7


def test_channels_of_the_very_same_journeys_cannot_be_told_apart() -> None:
    sample = build_sample(journeys_of([("AB", 1, 0)] * 50))
    model = shapley_statistic(sample)
    stability = judge_stability(compute_point(sample, model), resample_companies(sample, {"s": model}, 50)["s"])
    assert not stability.are_apart(0, 1)
    assert stability.top_holds == 0


def test_the_rate_form_credits_groups_of_channels() -> None:
    sample = build_sample(journeys_of([("AB", 1, 1), ("BC", 1, 0), ("C", 0, 3)], value=[70, 30, 0]))
    grouped = build_sample(journeys_of([("A", 1, 1), ("AB", 1, 0), ("B", 0, 3)], value=[70, 30, 0]))
    model = rate_shapley_statistic(sample, np.array([0, 0, 1]))
    assert compute_point(sample, model) == pytest.approx(compute_point(grouped, rate_shapley_statistic(grouped)))


def test_no_companies_give_no_credit() -> None:
    sample = build_sample(build_journeys([], [], conversions=[], value=[], channels=2))
    credits = resample_companies(sample, {"markov": markov_statistic(sample)}, 5)["markov"]
    assert credits.tolist() == [[0, 0]] * 5
