"""Detectors: how long an evaluation of all of them takes with 1,000,000 leads, and how often they are wrong.

The time is that of the nightly step on facts that nothing was asked of yet. The errors come from a simulation: 200 years of
companies in which nothing changes, and falls of 30 % of the share of hand-offs that Sales accepts, at 50 hand-offs a week.
"""

import json
import os
import time
from pathlib import Path

from django.test.utils import override_settings

from benchmarks.alarm_simulation import YEARS, Simulated, simulate
from benchmarks.alignment_pages import build_company
from benchmarks.classify import refresh_facts
from benchmarks.imports import bench_database, run_in_process
from benchmarks.result import Result

GOAL_SECONDS = 5.0
MOST_FALSE_ALARMS = 1.0  # a quarter
MOST_WEEKS = 5.0
SLOWEST = 5  # detectors that are listed


def run(rows: int, rounds: int, folder: Path) -> Result:
    simulated = simulate()
    with bench_database(), override_settings(FACTS_DIR=str(folder / "facts")):
        build_company(rows, folder)
        run_in_process(refresh_facts, folder)
        load = os.getloadavg()[0]
        run_in_process(evaluate_all, folder)
    measured = json.loads((folder / "evaluation.json").read_text())
    notes: dict[str, float | int | str] = {
        "leads": rows,
        "load of the machine when the evaluation was timed": round(load, 1),
        "seconds of an evaluation": round(measured["seconds"], 2),
        "detectors": len(measured["times"]),
        **{f"seconds, {name}": round(seconds, 2) for name, seconds in measured["times"][:SLOWEST]},
        **describe_simulation(simulated),
    }
    return Result("alarms", 1 / measured["seconds"], 1 / GOAL_SECONDS, "runs/s", 1.0, notes)


def describe_simulation(simulated: Simulated) -> dict[str, float | int | str]:
    """Return the figures of the simulation with the goals that they meet or miss."""
    is_rare = simulated.false_alarms_a_quarter <= MOST_FALSE_ALARMS
    is_quick = simulated.weeks_to_find <= MOST_WEEKS
    return {
        "simulated null years": YEARS,
        "tests in each company": simulated.tests,
        "false alarms a quarter, all tests together": (
            f"{simulated.false_alarms_a_quarter:.2f} (at most {MOST_FALSE_ALARMS:g}: {'met' if is_rare else 'missed'})"
        ),
        "weeks until a fall of 30 % is found, median": (
            f"{simulated.weeks_to_find:g} (at most {MOST_WEEKS:g}: {'met' if is_quick else 'missed'}); "
            f"nine of ten within {simulated.slow_weeks_to_find:.0f}"
        ),
    }


def evaluate_all(folder: Path) -> None:
    """Evaluate all detectors once, and write the seconds of the whole and of each."""
    from alarms import evaluation
    from alarms.context import Context, open_context
    from alarms.judges import Watch
    from alarms.registry import Finding
    from alarms.setups import all_watches

    times: dict[str, float] = {}
    judge = evaluation.judge

    def judge_timed(context: Context, watch: Watch) -> Finding:
        begun = time.perf_counter()
        finding = judge(context, watch)
        times[watch.detector.name] = time.perf_counter() - begun
        return finding

    evaluation.judge = judge_timed
    begun = time.perf_counter()
    evaluation.evaluate(open_context(), all_watches())
    seconds = time.perf_counter() - begun
    slowest = sorted(times.items(), key=lambda item: -item[1])
    (folder / "evaluation.json").write_text(json.dumps({"seconds": seconds, "times": slowest}))
