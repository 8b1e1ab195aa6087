"""How fast every page of alignment answers with 1,000,000 leads, beside the sign-in page, which reads no records.

The demo company gets a million leads more, deals of some, and hand-offs of a fifth. Each page is requested in turns with
the sign-in page, as the CEO and as a rep: once after the chain of computations, and once after a newer snapshot of the
facts for which nothing was computed yet. The goal: each page answers in 150 ms at the 95th percentile. The ratio to the
sign-in page of the same run, and the time of the processor, say how much of a time is the load of the machine.
"""

import json
import os
import statistics
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.test.utils import override_settings

from benchmarks.classify import execute_sql, refresh_facts
from benchmarks.imports import bench_database, run_in_process
from benchmarks.result import Result

GOAL_MILLISECONDS = 150.0
TURNS = 25
REFERENCE = "/accounts/login/"
READERS = {"CEO": "helena.brandt@applexus.example", "rep": "noah.lindqvist@applexus.example"}
OPEN_PAGES = {
    "detector": "/",
    "cost": "/cost/?revenue=24.7M&spend=11.4M&currency=USD&benchmark=152",
}
PAGES = {
    "home": "/",
    "cost": OPEN_PAGES["cost"],
    "overview": "/overview/",
    "alignment": "/alignment/",
    "index": "/alignment/index/",
    "plan": "/plan/",
    "update": "/plan/updates/1/",
    "accountability": "/accountability/",
    "edit accountability": "/accountability/edit/",
    "lexicon": "/lexicon/",
    "messages": "/lexicon/messages/",
    "personas": "/lexicon/personas/",
    "rounds": "/rounds/",
}
Milliseconds = tuple[float, float]  # that passed, and of the processor
FILL = """
INSERT INTO crm_lead (source, external_id, name, email, lead_source, status, lifecycle_stage, campaign_id, owner_id, created_at)
SELECT 'bench', n, 'Lead ' || n, 'lead' || n || '@example.com', (ARRAY['Web', 'Fair', 'Mail', 'Partner'])[1 + n % 4],
       'Open', CASE WHEN n % 5 = 0 THEN 'MQL' ELSE '' END, (SELECT min(id) FROM crm_campaign) + n % 10,
       (SELECT min(id) FROM crm_owner) + n % 10, now() - interval '400 days' + (n % 390) * interval '1 day'
FROM generate_series(1, {leads}) n;
INSERT INTO crm_opportunity (source, external_id, name, lead_id, outcome, stage, amount, currency, opened_on, closed_on)
SELECT 'bench', id, 'Deal ' || id, id, (ARRAY['open', 'won', 'lost', 'no_decision'])[1 + id % 4], 'Proposal', 1000 + id % 90000,
       'USD', current_date - (id % 300)::int - 60, CASE WHEN id % 4 = 0 THEN NULL ELSE current_date - (id % 300)::int END
FROM crm_lead WHERE source = 'bench' AND id % 13 = 0;
INSERT INTO funnel_move (lead_id, stage, entered_at)
SELECT id, 'mql', created_at + interval '2 days' FROM crm_lead WHERE source = 'bench' AND id % 5 = 0;
INSERT INTO funnel_handoff (lead_id, move_id, to_owner_id, from_side, to_side, why, sla_id, started_at, due_at, answered_at,
       response_seconds, attempts, attempts_needed, ended_at, "end", paused_seconds, pause_reason)
SELECT m.lead_id, m.id, l.owner_id, 'marketing', 'sales', 'By territory', {sla}, m.entered_at, m.entered_at + interval '4 hours',
       m.entered_at + interval '3 hours', 3600 + m.id % 40000, m.id % 4, 3, m.entered_at + interval '2 days', 'accepted', 0, ''
FROM funnel_move m JOIN crm_lead l ON l.id = m.lead_id WHERE l.source = 'bench';
ANALYZE;
"""
CHANGE = "UPDATE crm_lead SET status = 'Working' WHERE source = 'bench' AND id % 1000 = 0"


def run(rows: int, rounds: int, folder: Path) -> Result:
    with bench_database(), override_settings(FACTS_DIR=str(folder / "facts")):
        build_company(rows, folder)
        refreshed = run_in_process(refresh_facts, folder)
        prepared = run_in_process(prepare_pages, folder)
        load = os.getloadavg()[0]
        times = _read_times(folder)
        execute_sql(CHANGE)
        run_in_process(refresh_facts, folder)
        newer = _read_times(folder)
    notes: dict[str, float | int | str] = {
        "leads": rows,
        "load of the machine when the pages were timed": round(load, 1),
        "seconds, first copy to the facts": round(refreshed, 1),
        "seconds, values of all pages computed for the first time": round(prepared, 1),
        "milliseconds, sign-in page": _describe(times[REFERENCE], times[REFERENCE]),
    }
    for title, measured in (("", times), ("newer snapshot, ", newer)):
        reference = measured.pop(REFERENCE)
        notes |= {f"{title}{page}": _describe(values, reference) for page, values in measured.items()}
    slowest = max(percentile_95(values) for measured in (times, newer) for values in measured.values())
    return Result("alignment", 1000 / slowest, 1000 / GOAL_MILLISECONDS, "pages/s", 1.0, notes)


def percentile_95(times: Iterable[Milliseconds]) -> float:
    return statistics.quantiles([wall for wall, _ in times], n=20, method="inclusive")[-1]


def _describe(times: list[Milliseconds], reference: list[Milliseconds]) -> str:
    (p50, computing), p95 = _medians(times), percentile_95(times)
    ratio, most = p50 / _medians(reference)[0], max(wall for wall, _ in times)
    met = "met" if p95 <= GOAL_MILLISECONDS else "missed"
    return (
        f"p50 {p50:.0f}, p95 {p95:.0f}, most {most:.0f} ms; {computing:.0f} ms of the processor; "
        f"{ratio:.1f} times the sign-in page; {met}"
    )


def _medians(times: list[Milliseconds]) -> tuple[float, float]:
    return statistics.median(wall for wall, _ in times), statistics.median(computing for _, computing in times)


def build_company(rows: int, folder: Path) -> None:
    """Load the demo company and the leads; values that an earlier run has stored are forgotten."""
    from django.core.cache import cache
    from django.utils import timezone

    from agreements.models import Version
    from alignment.rounds.actions import open_round
    from revops.demo.load import load_demo
    from team.models import Company, User

    cache.clear()
    load_demo(timezone.localdate())
    sla = Version.objects.in_force().get(agreement__kind="sla", terms__stage="mql")
    execute_sql("SET session_replication_role = replica")
    execute_sql(FILL.format(leads=rows, sla=sla.pk))
    execute_sql("SET session_replication_role = DEFAULT")
    people = {side: [f"{side} {number}" for number in range(6)] for side in ("marketing", "sales")}
    closes_on = Company.today() + timedelta(days=20)
    opener = User.objects.get(email=READERS["CEO"])
    opened, sent = open_round(by=opener, name="Open round", closes_on=closes_on, people=people, has_skills=True)
    open_pages = {"round": opened.get_absolute_url(), "answer": sent.links[-1].url.removeprefix(settings.SITE_URL)}
    (folder / "pages.json").write_text(json.dumps(open_pages))


def prepare_pages(folder: Path) -> None:
    from alignment.index.actions import record_index
    from alignment.prepared_values import prepare_values

    if not prepare_values() or not record_index():
        raise SystemExit("No value was computed.")


def _read_times(folder: Path) -> dict[str, list[Milliseconds]]:
    run_in_process(time_pages, folder)
    times: dict[str, list[Milliseconds]] = json.loads((folder / "page-times.json").read_text())
    return times


def time_pages(folder: Path) -> None:
    """Request all pages in turns and write the milliseconds of each."""
    settings.ALLOWED_HOSTS = ["*"]
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # nothing was collected here
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    requests = _list_requests(json.loads((folder / "pages.json").read_text()))
    times: dict[str, list[Milliseconds]] = {name: [] for name in requests}
    for _ in range(TURNS):
        for name, send in requests.items():
            begun, computing = time.perf_counter(), time.process_time()
            status = send()
            times[name].append(((time.perf_counter() - begun) * 1000, (time.process_time() - computing) * 1000))
            if status != 200:
                raise SystemExit(f"{name} was answered with {status}.")
    (folder / "page-times.json").write_text(json.dumps(times))


def _list_requests(opened: dict[str, str]) -> dict[str, Callable[[], int]]:
    """Return what is timed by its name: pages for everyone, then for each reader those that they may open."""
    from alignment.models import DetectorResult
    from alignment.rounds.models import Round
    from team.models import User

    detected = DetectorResult.objects.create(plan=False, people=True, reward=False)
    ended = Round.objects.ended().last()
    open_pages = {**OPEN_PAGES, "result": detected.get_absolute_url(), "answer": opened["answer"]}
    requests = {REFERENCE: _get(REFERENCE), **{f"visitor, {name}": _get(path) for name, path in open_pages.items()}}
    results = {"results": f"{ended.get_absolute_url()}results/", "round": opened["round"]} if ended else {}
    for reader, email in READERS.items():
        user = User.objects.get(email=email)
        pages = {name: _get(path, user) for name, path in {**PAGES, **results}.items()}
        requests |= {f"{reader}, {name}": send for name, send in pages.items() if send() == 200}
    return requests


def _get(path: str, user: Any = None) -> Callable[[], int]:
    from django.test import Client

    client = Client()
    if user:
        client.force_login(user)
    return lambda: client.get(path).status_code
