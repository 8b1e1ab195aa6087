"""How long the nightly run takes for 1,000,000 leads, 5,000,000 touches and 200,000 deals: the first, and one after 1 % changed.

Each night runs in a fresh process, as a worker does, step by step. The reference for the metrics is one query for each
table, written by hand for DuckDB over the same files: the same figures for the same spans and months, which must agree.
"""

import json
import os
import resource
import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.test.utils import override_settings
from django.utils import timezone

from benchmarks.company import LEADS_PER_DEAL, TOUCHES_PER_LEAD, change_one_percent, fill_company
from benchmarks.imports import bench_database, run_in_process
from benchmarks.result import Result

FIRST_SECONDS, NEXT_SECONDS, MOST_MEGABYTES, MOST_RATIO = 120.0, 20.0, 4096, 2.0
HAND_WRITTEN = {  # metric: table, day, what is summed, which rows count
    "leads": ("leads", "coalesce(first_contact_on, CAST(created_at AS DATE))", "1", "true"),
    "touches": ("touches", "CAST(happened_at AS DATE)", "1", "true"),
    "activities": ("activities", "CAST(happened_at AS DATE)", "1", "true"),
    "opportunities_won": ("opportunities", "coalesce(closed_on, CAST(closed_at AS DATE))", "1", "outcome = 'won'"),
    "opportunities_closed": ("opportunities", "coalesce(closed_on, CAST(closed_at AS DATE))", "1", "outcome <> 'open'"),
}


def run(rows: int, rounds: int, folder: Path) -> Result:
    from revops.demo.load import load_demo

    with bench_database(), override_settings(FACTS_DIR=str(folder / "facts")):
        load_demo(timezone.localdate())
        fill_company(rows)
        load = os.getloadavg()[0]
        first = _run_night(folder)
        change_one_percent()
        following = _run_night(folder)
        run_in_process(compare_with_hand_written, folder)
    compared = json.loads((folder / "compared.json").read_text())
    ratio = compared["ours"] / compared["by hand"]
    notes: dict[str, float | int | str] = {
        "leads": rows,
        "touches": rows * TOUCHES_PER_LEAD,
        "deals": rows // LEADS_PER_DEAL,
        "load of the machine when the nights began": round(load, 1),
        "seconds, first night": _compare_to_limit(first["seconds"], FIRST_SECONDS),
        **{f"seconds, first night, {name}": seconds for name, seconds in first["steps"].items()},
        "seconds, a night with 1 % changed": _compare_to_limit(following["seconds"], NEXT_SECONDS),
        **{f"seconds, 1 % changed, {name}": seconds for name, seconds in following["steps"].items()},
        "memory of the process, MB": _compare_to_limit(max(first["memory"], following["memory"]), MOST_MEGABYTES),
        "metrics, times the queries by hand": _compare_to_limit(ratio, MOST_RATIO),
        "figures that agree": compared["figures"],
    }
    return Result("nightly", 1 / following["seconds"], 1 / NEXT_SECONDS, "nights/s", 1.0, notes)


def _compare_to_limit(value: float, most: float) -> str:
    return f"{value:,.1f} ({'met' if value <= most else 'missed'}: at most {most:g})"


def _run_night(folder: Path) -> dict[str, Any]:
    run_in_process(run_steps, folder)
    measured: dict[str, Any] = json.loads((folder / "night.json").read_text())
    return measured


def run_steps(folder: Path) -> None:
    """Go through all steps of the chain, and write how many seconds each took."""
    from facts.steps import ordered_steps

    seconds: dict[str, float] = {}
    for step in ordered_steps():
        begun = time.perf_counter()
        while step.work(lambda *_: None) is None:
            pass
        seconds[step.name] = round(time.perf_counter() - begun, 1)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    measured = {"steps": seconds, "seconds": sum(seconds.values()), "memory": memory}
    (folder / "night.json").write_text(json.dumps(measured))


def compare_with_hand_written(folder: Path) -> None:
    """Time the same figures both ways, each with compiled questions and read files; they must be equal."""
    from facts.engine import open_facts
    from kpis import snapshots
    from kpis.registry import get_metric

    facts = open_facts()
    spans = snapshots.list_spans(facts)
    metrics = [replace(get_metric(key), default_cut="") for key in HAND_WRITTEN]  # without parts

    def ours() -> dict[tuple[str, str, str], Decimal]:
        shared = snapshots.share_queries(metrics, spans, facts)
        rows = [row for metric in metrics for row in snapshots.compute_rows(metric, facts, spans, shared)]
        return {(row.metric, str(row.starts_on), str(row.ends_on)): Decimal(row.value or 0) for row in rows}

    figures = ours()
    by_hand = _hand_written(facts, spans, figures)
    answer = by_hand()
    wrong = {key: (figures[key], answer[key]) for key in figures if figures[key] != answer[key]}
    if wrong:
        raise SystemExit(f"The figures differ from those by hand: {wrong}")
    times = {"ours": _time_best(lambda: _uncached(ours)), "by hand": _time_best(by_hand), "figures": len(figures)}
    (folder / "compared.json").write_text(json.dumps(times))


def _uncached(work: Callable[[], Any]) -> None:
    from django.core.cache import cache

    cache.clear()
    work()


def _time_best(work: Callable[[], Any], rounds: int = 5) -> float:
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return min(times)


def _hand_written(facts: Any, spans: Any, figures: Any) -> Callable[[], dict[tuple[str, str, str], Decimal]]:
    """Return what asks one query for each table, with one sum for each metric and span."""
    connection = facts._engine._thread_backend().con
    for table, *_ in HAND_WRITTEN.values():
        facts.table(table)
    queries: dict[str, list[tuple[tuple[str, str, str], str]]] = {}
    for key in figures:
        metric, start, end = key
        table, day, value, keep = HAND_WRITTEN[metric]
        inside = "true" if start == "None" else f"{day} BETWEEN DATE '{start}' AND DATE '{end}'"
        queries.setdefault(table, []).append((key, f"sum({value}) FILTER ({keep} AND {inside})"))

    def ask() -> dict[tuple[str, str, str], Decimal]:
        answers = {}
        for table, columns in queries.items():
            row = connection.execute(f'SELECT {", ".join(sql for _, sql in columns)} FROM "{table}"').fetchone()
            answers |= {key: Decimal(value or 0) for (key, _), value in zip(columns, row, strict=True)}
        return answers

    return ask
