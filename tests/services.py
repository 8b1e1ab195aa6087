"""Loaded before pytest-django: the tests' own PostgreSQL and Redis, unless the environment names some."""

import os
import tempfile

os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="accord-tests-"))
os.environ.setdefault("DEMO", "1")

from revops.services import data_dir, ensure_services

ensure_services()
(data_dir() / "static").mkdir(exist_ok=True)
