"""Loaded before pytest-django: the tests' own PostgreSQL and Redis, unless the environment names some."""

import os
import tempfile

import psycopg2

from revops.services import data_dir, ensure_services

OURS = not os.environ.get("DATABASE_URL")
os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="accord-tests-"))
os.environ.setdefault("DEMO", "1")


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


ensure_services()
if OURS:
    hurry()
(data_dir() / "static").mkdir(exist_ok=True)
