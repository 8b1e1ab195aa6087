"""How fast credit with its intervals is: Markov, Shapley, its rate form and eight models by position, 500 resamples.

Ours merges companies that are alike, sums all resamples by one sparse product per model and solves all chains side by side. It
may take two seconds for 100,000 journeys on two quiet cores. In the notes stands the plain way in numpy, which tells how fast
the machine is: for each resample count every step again and solve the chain once more for each channel that is taken out; it
does Markov alone, with fewer resamples, and is scaled.
"""

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from attribution.methods.journeys import Journeys, build_journeys
from attribution.methods.markov import list_transitions
from attribution.methods.resampling import (
    RESAMPLES,
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
from benchmarks.result import Result

ROWS_PER_JOURNEY = 10  # so that a full run has 100,000 journeys
CHANNELS, RATE_CHANNELS = 30, 12
TOUCHES, WIN_RATE = 5, 0.08
LINEAR_MODELS = 8
REFERENCE_RESAMPLES = 10
ALLOWED_SECONDS = 2.0  # for 100,000 journeys


def run(rows: int, rounds: int, folder: Path) -> Result:
    journeys = make_journeys(max(rows // ROWS_PER_JOURNEY, 100))
    count = len(journeys.value)
    times: dict[str, list[float]] = {"ours": [], "reference": []}
    for _ in range(rounds):
        times["ours"].append(_time_call(lambda: attribute_all(journeys)))
        times["reference"].append(_time_call(lambda: resample_plainly(journeys)) * RESAMPLES / REFERENCE_RESAMPLES)
    ours, plain = statistics.median(times["ours"]), statistics.median(times["reference"])
    allowed = ALLOWED_SECONDS * max(count, 100_000) / 100_000
    notes: dict[str, float | int | str] = {
        "journeys": count,
        "touches": len(journeys.journey),
        "companies after merging": build_sample(journeys).classes,
        "models": LINEAR_MODELS + 3,
        "resamples": RESAMPLES,
        "seconds, ours": " ".join(f"{seconds:.2f}" for seconds in times["ours"]),
        "seconds, Markov the plain way": " ".join(f"{seconds:.2f}" for seconds in times["reference"]),
        "times as fast as Markov alone the plain way": round(plain / ours, 2),
    }
    return Result("attribution", count / ours, count / allowed, "journeys/s", 1.0, notes)


def _time_call(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def make_journeys(count: int) -> Journeys:
    """Return journeys of about five touches; some channels are used far more than others."""
    random = np.random.default_rng(20_250_101)
    lengths = random.geometric(1 / TOUCHES, count)
    popularity = 1 / np.arange(1, CHANNELS + 1)
    won = random.random(count) < WIN_RATE
    return build_journeys(
        np.repeat(np.arange(count), lengths),
        random.choice(CHANNELS, lengths.sum(), p=popularity / popularity.sum()),
        conversions=won,
        value=won * np.round(random.lognormal(9, 1, count), 2),
        channels=CHANNELS,
    )


def attribute_all(journeys: Journeys) -> None:
    """Compute every model, its intervals and the stability of its ranks."""
    sample = build_sample(journeys)
    groups = np.minimum(np.arange(CHANNELS), RATE_CHANNELS - 1)
    models = {
        "markov": markov_statistic(sample),
        "shapley": shapley_statistic(sample),
        "rate": rate_shapley_statistic(sample, groups),
        **_build_linear_models(sample, journeys),
    }
    resampled = resample_companies(sample, models)
    for key, model in models.items():
        judge_stability(compute_point(sample, model), resampled[key])


def _build_linear_models(sample: Sample, journeys: Journeys) -> dict[str, Statistic]:
    """Return models that share the value of a deal among its touches, as those by position do."""
    touches = np.flatnonzero(journeys.value[journeys.journey])
    owners = journeys.journey[touches]
    models = {}
    for number in range(LINEAR_MODELS):
        weights = 1.0 + (touches % (number + 2))
        shares = weights / np.bincount(owners, weights, minlength=len(journeys.value))[owners]
        credits = shares * journeys.value[owners]
        models[f"linear {number}"] = linear_statistic(
            sample, journeys.company[owners], journeys.channel[touches], credits
        )
    return models


def resample_plainly(journeys: Journeys) -> None:
    """Count the steps of each resample again, and solve the chain again without each channel."""
    random = np.random.default_rng(1)
    companies = len(journeys.value)
    steps, width = list_transitions(journeys), journeys.channels + 2
    cells = steps.origin * width + steps.target
    for _ in range(REFERENCE_RESAMPLES):
        times = np.bincount(random.integers(0, companies, companies), minlength=companies)
        weights = steps.weight * times[steps.journey]
        counts = np.bincount(cells, weights, minlength=(width - 1) * width).reshape(width - 1, width)
        chain = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        for channel in range(journeys.channels):
            rebuilt = chain.copy()
            rebuilt[:, channel] = 0
            between = np.hstack([np.zeros((width - 1, 1)), rebuilt[:, : width - 2]])
            np.linalg.solve(np.eye(width - 1) - between, rebuilt[:, width - 2])
