"""How fast facts become scores: 20 rules with decay, caps, groups and windows over leads with five touches each.

Computing is the question to the facts, as a run asks it, portion by portion; the reference is one query to DuckDB over
the same files, written by hand for the same numbers, which must agree. Writing is putting the answer into Postgres; the
reference copies as many rows, the very same, from a file into the same table with the same indexes. Ours may take twice
as long to compute and half as long again to write. Asked again at once it may write nothing, nor in the night after, in
which nothing happens but that events leave the window of a rule: only whom those concern. Then 10,000 touches come, the facts are refreshed, and the run that follows may take a tenth of the full one.
"""

import json
import statistics
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet
from django.db import connection, transaction
from django.test.utils import override_settings

from benchmarks.classify import TOUCHES, execute_sql, fill_tables, refresh_facts
from benchmarks.imports import bench_database, run_in_process
from benchmarks.result import Result
from benchmarks.score_by_hand import build_query

NEW = 10_000
NIGHT = 12  # hours after the facts were copied
COMPUTING, WRITING, INCREMENTAL = 2.0, 1.5, 0.1  # how many times the references ours may take
NEAR = 1e-3  # points by which two sums of floats may differ
COLUMNS = "lead_id, fit_points, letter, state, score, next_change_at, reason, model, version_id, since"
LATER = f"""
INSERT INTO crm_touch (source, external_id, lead_id, campaign_id, kind, has_responded, happened_at)
SELECT 'later', n, (SELECT min(id) FROM crm_lead) + (n::bigint * 2654435761 >> 5) % {{leads}},
       (SELECT min(id) FROM crm_campaign) + n % 40, 'Webinar', true, now() - n * interval '1 second'
FROM generate_series(1, {NEW}) n;
"""


def _touch_rule(points: float, *conditions: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"events": "touches", "points": points, "where": {"all": list(conditions)}, **fields}


def _condition(field: str, how: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "is": how} if value is None else {"field": field, "is": how, "value": value}


YES, NO = _condition("has_responded", "yes"), _condition("has_responded", "no")
MAIL, WEBINAR, AD = (_condition("kind", "is", kind) for kind in ("E-mail", "Webinar", "Ad"))
TERMS: dict[str, Any] = {
    "threshold": 65,
    "groups": {"Answers": {"cap": 60}, "Campaigns": {"cap": 20}},
    "fit": {
        "Came by the web": {"rule": _condition("lead_source", "is", "Web"), "points": 10},
        "Came by a partner": {"rule": _condition("lead_source", "is", "Partner"), "points": 15},
        "Disqualified": {"rule": _condition("status", "is", "Disqualified"), "points": -20},
        "Ready in the CRM": {"rule": _condition("lifecycle_stage", "one_of", ["MQL", "SAL"]), "points": 5},
        "First of its house": {"rule": _condition("email", "contains", "1@"), "points": 3},
        "Contacted": {"rule": _condition("first_contact_on", "filled"), "points": 2},
        "Of the new age": {"rule": _condition("created_at", "after", "2026-01-01"), "points": 4},
        "Of a campaign of the twenties": {"rule": _condition("campaign.name", "starts_with", "Campaign 2"), "points": 6},
    },
    "engagement": {
        "Answered": _touch_rule(10, YES, half_life=30, group="Answers"),
        "Answered a mail": _touch_rule(4, YES, MAIL, half_life=30, group="Answers"),
        "Answered a webinar": _touch_rule(12, YES, WEBINAR, half_life=45, group="Answers"),
        "Clicked an ad": _touch_rule(3, YES, AD, half_life=14, cap=12),
        "Touched lately": _touch_rule(1, days=30),
        "Webinar lately": _touch_rule(5, WEBINAR, half_life=60, days=90),
        "Mailed": _touch_rule(1, MAIL, half_life=180, cap=10),
        "Silent on a mail": _touch_rule(-1, NO, MAIL, half_life=90, cap=8),
        "Silent on a webinar": _touch_rule(-2, NO, WEBINAR, half_life=60),
        "Of campaign 7": _touch_rule(8, _condition("campaign.name", "is", "Campaign 7"), half_life=30, group="Campaigns"),
        "Of the tens": _touch_rule(2, _condition("campaign.name", "starts_with", "Campaign 1"), half_life=60, group="Campaigns"),
        "Answered at once": _touch_rule(3, YES, days=14, cap=9),
    },
}  # fmt: skip


def run(rows: int, rounds: int, folder: Path) -> Result:
    times: dict[str, list[float]] = {"compute": [], "write": [], "run": [], "by hand": [], "copy": []}
    with bench_database(), override_settings(FACTS_DIR=str(folder / "facts")):
        fill_tables(rows)
        _sign_model()
        run_in_process(refresh_facts, folder)
        for _ in range(rounds):
            times["by hand"].append(_timed_in(by_hand, folder)["seconds"])
            _empty_tables()
            ours = _timed_in(in_parts, folder)
            times["compute"].append(ours["compute"])
            times["write"].append(ours["write"])
            _export_scores(folder)
            _empty_tables()
            times["copy"].append(run_in_process(copy_scores, folder))
            _empty_tables()
            times["run"].append(run_in_process(score_leads, folder))
        _check_same_scores(folder, rows)
        again = _run_and_count(score_again, folder)
        due = _count_due()
        night = _run_and_count(score_in_the_night, folder)
        execute_sql(LATER.format(leads=rows))
        run_in_process(refresh_facts, folder)
        news = _run_and_count(score_in_the_night, folder)
    return _build_result(rows, times, again, (*night, due), news)


def _build_result(
    rows: int,
    times: dict[str, list[float]],
    again: tuple[float, int],
    night: tuple[float, int, int],
    news: tuple[float, int],
) -> Result:
    middle = {name: statistics.median(values) for name, values in times.items()}
    allowed = COMPUTING * middle["by hand"] + WRITING * middle["copy"]
    share = news[0] / middle["run"]
    notes: dict[str, float | int | str] = {
        "leads": rows,
        "touches": rows * TOUCHES,
        "rules": len(TERMS["fit"]) + len(TERMS["engagement"]),
        **{f"seconds, {label}": " ".join(f"{values:.2f}" for values in times[name]) for name, label in SAID.items()},
        "computing, times the query by hand": _compare_to_limit(middle["compute"] / middle["by hand"], COMPUTING),
        "writing, times a bare COPY": _compare_to_limit(middle["write"] / middle["copy"], WRITING),
        "seconds, asked again": round(again[0], 2),
        "rows written when asked again": f"{again[1]:,} ({'missed' if again[1] else 'met'}: none)",
        "seconds, the night after": round(night[0], 2),
        "leads of whom an event leaves a window in that night": night[2],
        "rows written of others": f"{max(0, night[1] - night[2]):,} ({'missed' if night[1] > night[2] else 'met'}: none)",
        f"seconds after {NEW:,} new touches": round(news[0], 2),
        f"rows written after {NEW:,} new touches": news[1],
        "share of the full run": _compare_to_limit(share, INCREMENTAL),
    }
    return Result("score", rows / middle["run"], rows / allowed, "leads/s", 1.0, notes)


SAID = {
    "compute": "computing", "by hand": "the query by hand", "write": "writing", "copy": "a bare COPY", "run": "the whole run",
}  # fmt: skip


def _compare_to_limit(value: float, most: float) -> str:
    return f"{value:.3f} ({'met' if value <= most else 'missed'}: at most {most:g})"


def _sign_model() -> None:
    """Both sides sign the model."""
    from agreements.actions import draft_version, propose_version, sign_version
    from team.models import Role, User

    cmo = User.objects.create_user("cmo@example.com", role=Role.CMO)
    cro = User.objects.create_user("cro@example.com", role=Role.CRO)
    version = draft_version(by=cmo, kind="score", key="leads", title="Leads", text="Twenty rules.", terms=TERMS)
    propose_version(by=cmo, version=version)
    sign_version(by=cro, version=version)


def _empty_tables() -> None:
    execute_sql("TRUNCATE scoring_score, scoring_scorechange, scoring_scoringrun RESTART IDENTITY CASCADE")
    execute_sql("CHECKPOINT")


def _timed_in(work: Any, folder: Path) -> dict[str, float]:
    """Run in a fresh process, and return what the work itself says of its parts."""
    run_in_process(work, folder)
    return json.loads((folder / "times.json").read_text())


def _run_and_count(work: Any, folder: Path) -> tuple[float, int]:
    before = _count_written()
    seconds = run_in_process(work, folder)
    return seconds, _count_written() - before


def _count_due() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM scoring_score WHERE next_change_at <= %s", [_night_moment()])
        return int(cursor.fetchone()[0])


def _night_moment() -> datetime:
    return _facts_moment() + timedelta(hours=NIGHT)


def _count_written() -> int:
    """Count what was ever written: the scores that stand, and those they took the place of."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT (SELECT count(*) FROM scoring_score) + (SELECT count(*) FROM scoring_scorechange)")
        return int(cursor.fetchone()[0])


def _export_scores(folder: Path) -> None:
    """Keep the scores as a file, for the reference to copy."""
    with connection.cursor() as cursor, (folder / "scores.csv").open("wb") as out:
        cursor.copy_expert(f"COPY (SELECT {COLUMNS} FROM scoring_score ORDER BY id) TO STDOUT (FORMAT csv)", out)


def _check_same_scores(folder: Path, rows: int) -> None:
    """The numbers by hand and ours are the same."""
    import duckdb

    ours, theirs = folder / "ours.parquet", folder / "by_hand.parquet"
    (counts,) = duckdb.sql(
        f"""SELECT count(*), count(*) FILTER (WHERE abs(a.fit_points - b.fit_points) > {NEAR}
            OR abs(a.score - b.score) > {NEAR} OR a.next_change IS DISTINCT FROM b.next_change)
            FROM '{ours}' a JOIN '{theirs}' b USING (lead_id)"""
    ).fetchall()
    if counts != (rows, 0):
        raise SystemExit(f"The scores are not those of the query by hand: {counts} of {rows:,}.")


def _facts_moment() -> datetime:
    """The moment that all are asked about: that of the facts."""
    from facts.engine import as_of

    as_of_facts = as_of()
    assert as_of_facts is not None
    return as_of_facts.replace(microsecond=0)


def by_hand(folder: Path) -> None:
    import duckdb

    from facts import delta_tables
    from facts.engine import latest_snapshot

    snapshot = latest_snapshot()
    assert snapshot is not None
    con = duckdb.connect()
    for name in ("leads", "touches", "campaigns"):
        files = [
            part.path
            for part in delta_tables.list_segments(
                delta_tables.open_version(name, snapshot.versions[name], snapshot.lake_ids[name])
            )
        ]  # type: ignore[arg-type]
        con.execute(f'CREATE VIEW "{name}" AS SELECT * FROM read_parquet({files!r})')
    moment = _facts_moment()
    begun = time.perf_counter()
    numbers = con.sql(build_query(moment)).to_arrow_table()
    seconds = time.perf_counter() - begun
    parquet.write_table(numbers, folder / "by_hand.parquet")
    _write_times(folder, seconds=seconds)


def in_parts(folder: Path) -> None:
    """Compute, and then write what was computed, each for itself; putting the numbers into rows is part of writing."""
    import numpy as np

    from facts.batches import next_batch
    from facts.engine import open_facts
    from scoring import batch_scoring
    from scoring.compiling import ScoringInput, compute_states
    from scoring.definitions import in_force
    from scoring.score_rows import STORED, rows_to_write, write_scores

    facts, (model,), moment = open_facts(), in_force(), _facts_moment()

    def ask_in_parts(question: Callable[[ScoringInput], Any]) -> tuple[list[pa.RecordBatch], float]:
        batches: list[pa.RecordBatch] = []
        begun, reached = time.perf_counter(), 0
        while portion := next_batch(batch_scoring.TABLE, None, reached):
            scoring_input = batch_scoring._scoring_input(facts, portion, np.array([], dtype=np.int64), moment)
            batches += facts.stream(question(scoring_input))
            reached = portion.last
        return batches, time.perf_counter() - begun

    numbers, computed = ask_in_parts(lambda asked: compute_states(model, asked))
    parquet.write_table(pa.Table.from_batches(numbers), folder / "ours.parquet")
    rows, formed = ask_in_parts(
        lambda asked: rows_to_write(model, compute_states(model, asked), STORED.empty_table(), moment)
    )
    begun = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        write_scores(cursor, model, iter(rows), moment, is_empty=True)
    _write_times(folder, compute=computed, write=max(0.0, formed - computed) + time.perf_counter() - begun)


def _write_times(folder: Path, **seconds: float) -> None:
    (folder / "times.json").write_text(json.dumps(seconds))


def score_leads(folder: Path) -> None:
    from scoring.batch_scoring import score_all

    if not score_all(moment=_facts_moment()):
        raise SystemExit("No score was written.")


def score_again(folder: Path) -> None:
    from scoring.batch_scoring import score_all

    score_all(moment=_facts_moment())


def score_in_the_night(folder: Path) -> None:
    from scoring.batch_scoring import score_all

    score_all(moment=_night_moment())


def copy_scores(folder: Path) -> None:
    with (folder / "scores.csv").open("rb") as source, transaction.atomic(), connection.cursor() as cursor:
        cursor.copy_expert(f"COPY scoring_score ({COLUMNS}) FROM STDIN (FORMAT csv)", source, size=1 << 20)
