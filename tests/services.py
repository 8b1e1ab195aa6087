"""Loaded before pytest-django: the tests' own PostgreSQL and Redis, unless the environment names some.

With `-n` (pytest-xdist) each process has services of its own, and the process that hands out the tests has none.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import psycopg2
import pytest

from revops.services import data_dir, ensure_services, is_named

NAMED = [variable for variable in ("DATABASE_URL", "REDIS_URL") if is_named(variable)]


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    os.environ.setdefault("DEMO", "1")
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if not worker and early_config.known_args_namespace.numprocesses:
        if NAMED:
            raise pytest.UsageError(f"The tests' processes cannot share what {' and '.join(NAMED)} name: leave out -n.")
        os.environ |= {"DATABASE_URL": "postgres://of.each.process/accord", "REDIS_URL": "redis://of.each.process"}
        own_folder()
        return
    if worker:
        for variable in ("DATABASE_URL", "REDIS_URL"):
            del os.environ[variable]
        os.environ["DATA_DIR"] = f"{os.environ['DATA_DIR']}/{worker}"
    else:
        own_folder()
    ensure_services()
    if "DATABASE_URL" not in NAMED:
        hurry()
    (data_dir() / "static").mkdir(exist_ok=True)


def own_folder() -> None:
    """Keep what the tests write in a folder that goes with them, unless DATA_DIR names one that stays."""
    if "DATA_DIR" not in os.environ:
        os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="accord-tests-")
        atexit.register(remove, Path(os.environ["DATA_DIR"]), os.getpid())


def remove(folder: Path, owner: int) -> None:
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


def hurry() -> None:
    """Let our own PostgreSQL not wait for the disk: what tests write may be lost with the machine."""
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    connection.autocommit = True
    with connection.cursor() as cursor:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            cursor.execute(f"ALTER SYSTEM SET {setting} = off")
        cursor.execute("ALTER SYSTEM SET autovacuum_naptime = '10min'")
        cursor.execute("SELECT pg_reload_conf()")
    connection.close()
