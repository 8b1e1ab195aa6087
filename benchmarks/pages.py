"""How fast the main pages answer for 1,000,000 leads: 20 users at once, in the first minute after a run and afterwards.

The web server is the product's own, started as `make run` starts it, over the company of the nightly benchmark. Each user
signs in, opens a page of a list in an order of their own, and thinks for five seconds. Of each page the first answers
of the first minute are told apart from the later ones. Goals: 100 ms at the 95th percentile for what the night has
prepared and for pages of few rows, 300 ms for a cut that nobody asked for before.
"""

import os
import random
import re
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from django.conf import settings
from django.db import connection
from django.test.utils import override_settings
from django.utils import timezone

from benchmarks.company import LEADS_PER_DEAL, TOUCHES_PER_LEAD, change_one_percent, fill_company
from benchmarks.imports import DATABASE, bench_database, run_in_process
from benchmarks.nightly import run_steps
from benchmarks.result import Result

USERS, THINKING, SECONDS, FIRST_MINUTE = 20, 5.0, 180.0, 60.0
READERS = (
    "helena.brandt", "priya.raman", "marcus.oyelaran", "tomas.vidal", "ingrid.solberg", "noah.lindqvist", "nadia.karim",
)  # fmt: skip
PREPARED, AD_HOC, FEW_ROWS = "prepared", "ad-hoc cut", "few rows"
GOALS = {PREPARED: 100.0, AD_HOC: 300.0, FEW_ROWS: 100.0}  # milliseconds, 95th percentile
PAGES = {
    PREPARED: (
        "/dashboard/", "/metrics/", "/metrics/close_rate/", "/overview/", "/funnel/", "/alarms/", "/campaigns/", "/pipeline/", "/forecast/",
    ),
    FEW_ROWS: ("/inbox/", "/verdicts/", "/metrics/leads/records/", "/slas/", "/scores/", "/leads/{lead}/"),
    AD_HOC: (
        "/dashboard/?country=US&period=last_quarter", "/metrics/close_rate/?by=vertical&period=last_quarter", "/metrics/leads/?by=country",
        "/metrics/won_revenue/?by=product&period=this_quarter", "/funnel/?by=country", "/pipeline/?by=territory",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Answer:
    kind: str
    path: str
    milliseconds: float
    at: float  # seconds after the run ended
    status: int


def run(rows: int, rounds: int, folder: Path) -> Result:
    from revops.demo.load import load_demo

    with bench_database(), override_settings(FACTS_DIR=str(folder / "facts")):
        load_demo(timezone.localdate())
        fill_company(rows)
        run_in_process(run_steps, folder)
        with start_web() as address:
            change_one_percent()
            run_in_process(run_steps, folder)
            load = os.getloadavg()[0]
            answers = ask_together(address, _last_lead())
    return build_result(rows, load, answers)


def _last_lead() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(lead_id) FROM funnel_handoff")
        return int(cursor.fetchone()[0])


@contextmanager
def start_web() -> Iterator[str]:
    """Start the product's web server over the benchmark's database; yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = os.environ["DATABASE_URL"]
    own = settings.DATABASES["default"]["NAME"]
    environment = {
        **os.environ, "PORT": str(port), "SITE_URL": f"http://127.0.0.1:{port}", "FACTS_DIR": str(settings.FACTS_DIR),
        "DATABASE_URL": url if own == DATABASE else DATABASE.join(url.rsplit(url_name(url), 1)),
    }  # fmt: skip
    subprocess.run([sys.executable, "manage.py", "assets"], env=environment, check=True, stdout=subprocess.DEVNULL)
    web = subprocess.Popen([sys.executable, "-m", "revops.processes", "web"], env=environment, start_new_session=True)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address)
        yield address
    finally:
        web.terminate()
        web.wait(30)


def url_name(url: str) -> str:
    """Return the name of the database in its address."""
    return url.partition("?")[0].rpartition("/")[2]


def _wait_for(address: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            requests.get(f"{address}/accounts/login/", timeout=5)
            return
        except requests.ConnectionError:
            time.sleep(0.2)
    raise SystemExit("The web server did not start.")


def ask_together(address: str, lead: int, seconds: float = SECONDS) -> list[Answer]:
    """Let the users open pages at the same time, each after some thought; return every answer."""
    answers: list[Answer] = []
    begun = time.monotonic()
    users = [
        threading.Thread(target=_use, args=(number, address, lead, begun, seconds, answers)) for number in range(USERS)
    ]
    for user in users:
        user.start()
    for user in users:
        user.join()
    return answers


def _use(number: int, address: str, lead: int, begun: float, seconds: float, answers: list[Answer]) -> None:
    session, chance = sign_in(address, READERS[number % len(READERS)]), random.Random(number)
    pages = [(kind, path.format(lead=lead)) for kind, paths in PAGES.items() for path in paths]
    time.sleep(chance.uniform(0, THINKING))
    while time.monotonic() - begun < seconds:
        kind, path = chance.choice(pages)
        asked = time.perf_counter()
        status = session.get(address + path, timeout=60).status_code
        taken = (time.perf_counter() - asked) * 1000
        answers.append(Answer(kind, path, taken, time.monotonic() - begun, status))
        time.sleep(chance.uniform(0.5, 1.5) * THINKING)


def sign_in(address: str, name: str) -> requests.Session:
    session = requests.Session()
    page = session.get(f"{address}/accounts/login/", timeout=60).text
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token
    form = {"email": f"{name}@applexus.example", "csrfmiddlewaretoken": token[1]}
    session.post(f"{address}/demo/sign-in/", data=form, headers={"Referer": address}, timeout=60).raise_for_status()
    return session


def percentile_95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20, method="inclusive")[-1] if len(times) > 1 else times[0]


def build_result(rows: int, load: float, answers: list[Answer]) -> Result:
    seen = [answer for answer in answers if answer.status == 200]
    failed = [answer for answer in answers if answer.status >= 500]
    if failed:
        raise SystemExit(f"{failed[0].path} was answered with {failed[0].status}.")
    notes: dict[str, float | int | str] = {
        "leads": rows,
        "touches": rows * TOUCHES_PER_LEAD,
        "deals": rows // LEADS_PER_DEAL,
        "load of the machine when the users came": round(load, 1),
        "users": USERS,
        "pages answered": len(seen),
        "pages that a role may not open": len(answers) - len(seen),
    }
    worst = 0.0
    for kind, goal in GOALS.items():
        for name, group in _by_time(seen, kind).items():
            if group:
                reached = percentile_95(group)
                worst = max(worst, reached / goal)
                met = "met" if reached <= goal else "missed"
                notes[f"ms, {kind}, {name}"] = (
                    f"p50 {statistics.median(group):.0f}, p95 {reached:.0f}, n {len(group)} ({met}: at most {goal:g})"
                )
    for path in sorted({answer.path for answer in seen}):
        times = [answer.milliseconds for answer in seen if answer.path == path]
        notes[f"ms, {path}"] = f"first {times[0]:.0f}, p50 {statistics.median(times):.0f}, most {max(times):.0f}"
    return Result("pages", 1 / worst, 1.0, "of goal", 1.0, notes)


def _by_time(answers: list[Answer], kind: str) -> Mapping[str, list[float]]:
    mine = [answer for answer in answers if answer.kind == kind]
    return {
        "first minute": [answer.milliseconds for answer in mine if answer.at <= FIRST_MINUTE],
        "later": [answer.milliseconds for answer in mine if answer.at > FIRST_MINUTE],
    }
