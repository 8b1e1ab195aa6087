"""How long 10,000 runs over 20,000 open deals take, of four quarters, with a common shock, past ratios and deals not born yet.

The pure rules alone are measured: no database. The memory is the most that the process held.
"""

import os
import resource
import statistics
import time
from pathlib import Path

import numpy as np

from benchmarks.result import Result
from forecast.outcomes.curves import Floats
from forecast.outcomes.simulation import RUNS, Births, Draws, OpenDeals, simulate_outcomes

DEALS, QUARTERS, WEEKS, STAGES = 20_000, 4, 52, 6
GOAL_SECONDS, MOST_MEGABYTES = 5.0, 1024
PAST_ROWS = 1_000_000  # of the other benchmarks, to which --rows refers: fewer make fewer deals here


def run(rows: int, rounds: int, folder: Path) -> Result:
    deals, births, won_amounts = make_pipeline(max(100, DEALS * min(rows, PAST_ROWS) // PAST_ROWS))
    load, seconds = os.getloadavg()[0], []
    draws: Draws | None = None
    for _ in range(rounds):
        begun = time.perf_counter()
        draws = simulate_outcomes(deals, births, won_amounts=won_amounts, shocks=(0.7, 0.9, 1.0, 1.1, 1.4), runs=RUNS)
        seconds.append(time.perf_counter() - begun)
    assert draws is not None
    taken, megabytes = statistics.median(seconds), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    low, high = np.quantile((draws.open + draws.unborn)[0], [0.1, 0.9])
    notes: dict[str, float | int | str] = {
        "open deals": deals.chances.shape[1],
        "runs": RUNS,
        "load of the machine when the runs were timed": round(load, 1),
        "seconds": round(taken, 2),
        "most memory in MB": f"{megabytes:.0f} (at most {MOST_MEGABYTES}: {'met' if megabytes <= MOST_MEGABYTES else 'missed'})",
        "80 % interval of the running quarter in M": f"{low / 1e6:.0f} to {high / 1e6:.0f}",
    }
    return Result("forecast", 1 / taken, 1 / GOAL_SECONDS, "runs/s", 1.0, notes)


def make_pipeline(deals: int) -> tuple[OpenDeals, Births, Floats]:
    """Return open deals of six stages, births of a year of weeks, and won amounts, all drawn at random."""
    rng = np.random.default_rng(14)
    chances = np.sort(rng.uniform(0.0, 0.4, (QUARTERS, deals)), axis=0)
    ratios = [rng.lognormal(0.0, 0.2, 400) for _ in range(STAGES)]
    opened = OpenDeals(chances, rng.lognormal(10, 1, deals), rng.integers(0, STAGES, deals), ratios)
    past = [rng.integers(0, deals // 40 + 2, 10).astype(float) for _ in range(WEEKS)]
    births = Births(past, np.sort(rng.uniform(0.0, 0.3, (QUARTERS, WEEKS)), axis=0))
    return opened, births, rng.lognormal(10, 1, 5_000)
