"""`make bench` (all) or `make bench NAME=import`: measure ours and the reference in turns, in one run.

Prints a table and writes `benchmarks/results.json`: name, ours, reference, unit, ratio, machine. Data is made once, under
`benchmarks/data` or the folder that BENCH_DATA names.
"""

import argparse
import json
import os
import platform
import tempfile
from dataclasses import asdict
from pathlib import Path

from benchmarks.result import DATA, Result

RESULTS = Path(__file__).resolve().parent / "results.json"
NAMES = [
    "import", "classify", "clocks", "score", "alignment", "alarms", "attribution", "forecast", "plan_replay", "nightly", "pages",
]  # fmt: skip


def describe_machine() -> dict[str, str | int]:
    model = next(
        (line.split(":")[1].strip() for line in _read_lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor(),
    )
    memory = next((int(line.split()[1]) // 1024 for line in _read_lines("/proc/meminfo") if "MemTotal" in line), 0)
    return {
        "cpu": model,
        "cores": os.cpu_count() or 0,
        "memory_mb": memory,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def _read_lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one or more of: {', '.join(NAMES)}")
    parser.add_argument("--rows", type=int, default=1_000_000, help="fewer rows for a smoke test")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each; the median counts")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the figures are written")
    options = parser.parse_args()
    unknown = set(options.names) - set(NAMES)
    if unknown:
        raise SystemExit(f"No benchmark is called {', '.join(sorted(unknown))}. There are: {', '.join(NAMES)}.")
    _set_up_django()
    report_results(
        [_run_benchmark(name, options.rows, options.rounds) for name in options.names or NAMES], options.results
    )


def _set_up_django() -> None:
    """Work in folders and a database of our own: no one's records are touched."""
    DATA.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("DATA_DIR", str(DATA / "home"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "revops.settings")
    from revops.services import ensure_services

    ensure_services()
    import django

    django.setup()


def _run_benchmark(name: str, rows: int, rounds: int) -> Result:
    # they ask for the settings, which are ready only now
    from benchmarks import (
        alarms,
        alignment_pages,
        attribution,
        classify,
        clocks,
        forecast,
        imports,
        nightly,
        pages,
        plan_replay,
        score,
    )

    with tempfile.TemporaryDirectory(dir=DATA) as folder:
        benchmarks = {
            "import": imports.run, "classify": classify.run, "clocks": clocks.run, "score": score.run,
            "alignment": alignment_pages.run, "alarms": alarms.run, "attribution": attribution.run,
            "forecast": forecast.run, "plan_replay": plan_replay.run, "nightly": nightly.run, "pages": pages.run,
        }  # fmt: skip
        return benchmarks[name](rows, rounds, Path(folder))


def report_results(results: list[Result], to: Path = RESULTS) -> None:
    print(f"{'name':<12}{'ours':>12}{'reference':>12}  {'unit':<8}{'ratio':>6}{'goal':>6}")
    for result in results:
        met = "met" if result.ratio >= result.goal else "missed"
        print(
            f"{result.name:<12}{result.ours:>12,.0f}{result.reference:>12,.0f}  {result.unit:<8}"
            f"{result.ratio:>6.2f}{result.goal:>6.2f}  {met}"
        )
        for what, value in result.notes.items():
            print(f"    {what}: {value:,}" if not isinstance(value, str) else f"    {what}: {value}")
    lines = [{**asdict(result), "ratio": round(result.ratio, 3), "machine": describe_machine()} for result in results]
    to.write_text(json.dumps(lines, indent=2) + "\n")


if __name__ == "__main__":
    main()
