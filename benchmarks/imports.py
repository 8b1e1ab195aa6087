"""How fast a file of leads becomes records: the whole import, against a bare COPY and upsert of the same rows.

Ours is the whole way: keep the file, look at it, check every cell, stage, upsert, tie links, count, report. The
reference does only what the database must: COPY to a staging table, then INSERT … ON CONFLICT of the same
values into the same indexed table. Each runs in a process of its own, in turns, into the emptied table; the rows
must come out equal. Memory is the peak of any process, ours and the database's, sampled while ours runs.
"""

import importlib
import multiprocessing
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings
from django.db import connection
from django.test.utils import override_settings

from benchmarks.leads import make_leads_file
from benchmarks.result import DATA, Result

GOAL = 0.8
AGAIN = 3.0  # an unchanged file must be so many times faster than at first
CHANGED = 1000
DATABASE = "accord_bench"
FOLDERS = ["MEDIA_ROOT", "FACTS_DIR"]  # settings that the processes share
TABLES = ["crm_lead", "crm_owner", "crm_vertical", "imports_importjob"]
TEXT = ["Company", "Email", "Phone", "Title", "LeadSource", "Status", "Country", "City"]
REFERENCE = """
INSERT INTO crm_lead (source, external_id, name, first_name, last_name, company_name, email, phone, title, lead_source,
    status, country, city, annual_revenue, employees, currency, is_converted, created_at, modified_at, owner_id, vertical_id)
SELECT 'salesforce', s.id, s.firstname || ' ' || s.lastname, s.firstname, s.lastname, s.company, s.email, s.phone, s.title,
    s.leadsource, s.status, s.country, s.city, s.annualrevenue::numeric, s.numberofemployees::bigint, 'USD',
    s.isconverted::boolean, s.createddate::timestamptz, s.lastmodifieddate::timestamptz, o.id, v.id
FROM bench_stage s
JOIN crm_owner o ON o.source = 'salesforce' AND o.external_id = s.ownerid
JOIN crm_vertical v ON v.source = 'salesforce' AND v.external_id = s.industry
ON CONFLICT (source, external_id) DO UPDATE SET name = excluded.name, first_name = excluded.first_name,
    last_name = excluded.last_name, company_name = excluded.company_name, email = excluded.email, phone = excluded.phone,
    title = excluded.title, lead_source = excluded.lead_source, status = excluded.status, country = excluded.country,
    city = excluded.city, annual_revenue = excluded.annual_revenue, employees = excluded.employees,
    currency = excluded.currency, is_converted = excluded.is_converted, created_at = excluded.created_at,
    modified_at = excluded.modified_at, owner_id = excluded.owner_id, vertical_id = excluded.vertical_id
"""
CHECKSUM = """
SELECT count(*), md5(sum(hashtextextended(concat_ws('|', source, external_id, name, first_name, last_name, company_name, email,
    phone, title, lead_source, status, country, city, annual_revenue, employees, currency, is_converted, created_at,
    modified_at, (SELECT external_id FROM crm_owner WHERE id = owner_id),
    (SELECT external_id FROM crm_vertical WHERE id = vertical_id)), 0)::numeric)::text) FROM crm_lead
"""


def run(rows: int, rounds: int, folder: Path) -> Result:
    file = make_leads_file(rows, DATA)
    times: dict[str, list[float]] = {"ours": [], "reference": []}
    sums, peaks = set(), [0.0]
    with bench_database(), override_settings(MEDIA_ROOT=str(folder)):
        for _ in range(rounds):
            for name, work in (("reference", copy_file), ("ours", import_file)):
                _empty_tables()
                with _watch_memory(peaks):
                    times[name].append(run_in_process(work, file))
                sums.add(_table_checksum(rows))
        again = run_in_process(import_file, file)
        sums.add(_table_checksum(rows))
        some = run_in_process(import_file, _with_some_changed(file, folder))
    if len(sums) != 1:
        raise SystemExit("The rows of the import and of the reference differ.")
    rate = {name: rows / statistics.median(seconds) for name, seconds in times.items()}
    notes = {
        "rows": rows,
        "file, MB": round(file.stat().st_size / 1024**2),
        "seconds, ours": " ".join(f"{seconds:.1f}" for seconds in times["ours"]),
        "seconds, reference": " ".join(f"{seconds:.1f}" for seconds in times["reference"]),
        "seconds, the same file again": round(again, 1),
        "times faster than at first": f"{_speedup(times['ours'], again):.1f} ({_met_or_missed(times['ours'], again)}: at least {AGAIN:.0f})",
        f"seconds, the file with {CHANGED:,} rows changed": round(some, 1),
        "peak memory of any process, MB": round(peaks[0]),
    }
    return Result("import", rate["ours"], rate["reference"], "rows/s", GOAL, notes)


def _speedup(first: list[float], again: float) -> float:
    return statistics.median(first) / again


def _met_or_missed(first: list[float], again: float) -> str:
    return "met" if _speedup(first, again) >= AGAIN else "missed"


def _with_some_changed(file: Path, folder: Path) -> Path:
    """Return the file as its source would write it some days later."""
    changed = folder / "changed.csv"
    with file.open() as source, changed.open("w") as target:
        lines = source.readlines()
        for index in range(1, len(lines), max(1, len(lines) // CHANGED)):
            lines[index] = lines[index].replace("+49 30", "+49 40")
        target.writelines(lines)
    return changed


@contextmanager
def bench_database() -> Iterator[None]:
    """A database of our own beside the one in use."""
    original = settings.DATABASES["default"]["NAME"]
    connection.settings_dict["TEST"]["NAME"] = DATABASE
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(original, verbosity=0)


def _empty_tables() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(TABLES)} RESTART IDENTITY CASCADE")
        cursor.execute("CHECKPOINT")


def _table_checksum(rows: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute(CHECKSUM)
        count, checksum = cursor.fetchone()
    if count != rows:
        raise SystemExit(f"{count:,} rows came out of {rows:,}.")
    return str(checksum)


def run_in_process(work: Callable[[Path], None], file: Path) -> float:
    """Run in a fresh process, as a worker would, and return the seconds that the work itself took."""
    context = multiprocessing.get_context("spawn")
    answers: Any = context.Queue()
    folders = {name: str(getattr(settings, name)) for name in FOLDERS}
    child = context.Process(target=_time_work, args=(work.__module__, work.__name__, file, folders, answers))
    child.start()
    child.join()
    if child.exitcode:
        raise SystemExit(f"{work.__name__} failed.")
    return float(answers.get())


def _time_work(module: str, name: str, file: Path, folders: dict[str, str], answers: Any) -> None:
    import django

    django.setup()
    for setting, folder in folders.items():
        setattr(settings, setting, folder)
    connection.settings_dict["NAME"] = DATABASE
    connection.ensure_connection()
    work = getattr(importlib.import_module(module), name)
    begun = time.perf_counter()
    work(file)
    answers.put(time.perf_counter() - begun)


def import_file(file: Path) -> None:
    """The import as a worker does it, to the report of what came of it."""
    from core.work import State, run_claimed
    from imports.actions import start_import
    from imports.files import storage
    from imports.models import ImportJob

    run = start_import(files=storage.files_at(file), source="salesforce", currency="USD")
    done = run_claimed(ImportJob, run.pk, budget=1e9)
    if done is None or done.state != State.DONE or done.counts["rejected"]:
        raise SystemExit(f"The import did not go through: {done and done.counts}")


def copy_file(file: Path) -> None:
    """COPY and upsert, in one transaction, with no check at all."""
    with file.open("rb") as source, connection.cursor() as cursor:
        header = source.readline().decode().strip().lower().split(",")
        cursor.execute("BEGIN")
        cursor.execute(
            f"CREATE TEMPORARY TABLE bench_stage ({', '.join(f'{name} text' for name in header)}) ON COMMIT DROP"
        )
        cursor.copy_expert(f"COPY bench_stage FROM STDIN (FORMAT csv, FORCE_NOT_NULL ({', '.join(TEXT)}))", source)
        for table, key in (("crm_owner", "ownerid"), ("crm_vertical", "industry")):
            cursor.execute(
                f"INSERT INTO {table} (source, external_id, name) SELECT DISTINCT 'salesforce', {key}, {key} FROM bench_stage"
            )
        cursor.execute(REFERENCE)
        cursor.execute("COMMIT")


@contextmanager
def _watch_memory(peaks: list[float]) -> Iterator[None]:
    """Sample the memory of our processes and of the database's while something runs."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            peaks[0] = max(peaks[0], *(_resident_megabytes(process) for process in _watched_processes()))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _watched_processes() -> list[psutil.Process]:
    database = [process for process in psutil.process_iter(["name"]) if process.info["name"] == "postgres"]
    return [*psutil.Process().children(recursive=True), *database]


def _resident_megabytes(process: psutil.Process) -> float:
    try:
        return process.memory_info().rss / 1024**2
    except psutil.Error:
        return 0.0
