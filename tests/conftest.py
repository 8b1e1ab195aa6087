"""The cast, and the ground that every test stands on."""

import atexit
import gc
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.core.cache import cache as remembered
from django.core.management import call_command
from django.test import Client
from xdist.scheduler import LoadScopeScheduling

from team.models import Company, Role, User
from tests import db_cleanup, make

# All processes of one run of the tests, and the products that it starts, write the SQL of a question once.
if "SQL_CACHE_DIR" not in os.environ:
    os.environ["SQL_CACHE_DIR"] = tempfile.mkdtemp(prefix="accord-sql-")
    atexit.register(shutil.rmtree, os.environ["SQL_CACHE_DIR"], ignore_errors=True)
django_settings.CACHES["sql"]["LOCATION"] = os.environ["SQL_CACHE_DIR"]

# Folders whose tests share one company that takes minutes to make: one process runs all of a folder. They begin first,
# because they take longest.
SHARED_FOLDERS = ("tests/e2e", "tests/fuzz")


class SharedFixtureScheduling(LoadScopeScheduling):
    """Distributes single tests, but gives all tests that share an expensive fixture to one process."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        folder = path.rpartition("/")[0]
        if folder in SHARED_FOLDERS:
            return folder
        return path if shares(path) else nodeid

    def _assign_work_unit(self, node: Any) -> None:
        for folder in reversed(SHARED_FOLDERS):
            if folder in self.workqueue:
                self.workqueue.move_to_end(folder, last=False)
        super()._assign_work_unit(node)


@cache
def shares(path: str) -> bool:
    """Tell whether a file has fixtures that outlive a test."""
    return "scope=" in (Path(__file__).parent.parent / path).read_text()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> SharedFixtureScheduling:
    return SharedFixtureScheduling(config, log)


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Call what is long by its place: archives and signatures bear their second, and names must be alike everywhere."""
    return argname if isinstance(val, bytes) or (isinstance(val, str) and len(val) > 40) else None


# `make quick` leaves out what costs seconds: tests that commit, that copy records to the facts and ask those, that pull
# from a source or learn from histories, and files that make something dear once for all their tests.
SLOW_FIXTURES = {
    "transactional_db", "sold", "world", "history", "run", "hubspot", "pipedrive", "salesforce", "stage",
}  # fmt: skip


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the slow tests by what they stand on, so that no list has to follow them."""
    for item in items:
        if is_slow(item):
            item.add_marker(pytest.mark.slow)


def is_slow(item: pytest.Item) -> bool:
    marked = item.get_closest_marker("django_db")
    commits = marked is not None and marked.kwargs.get("transaction")
    fixtures = SLOW_FIXTURES & set(getattr(item, "fixturenames", ()))
    return bool(commits or fixtures or shares(item.nodeid.partition("::")[0]))


hypothesis.settings.register_profile("accord", deadline=None)  # how long an example takes depends on the machine
hypothesis.settings.load_profile("accord")


def pytest_configure(config: pytest.Config) -> None:
    """What is loaded from here on stays: the collector of garbage need not go through it again and again."""
    gc.disable()


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    gc.collect()
    gc.freeze()
    gc.enable()
    gc.set_threshold(50_000, 50, 50)


def pytest_unconfigure(config: pytest.Config) -> None:
    gc.unfreeze()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Give tables made straight from the models what migrations add to them: triggers, and the benchmarks we come with."""
    logging.getLogger("pgtrigger").setLevel(logging.WARNING)  # else each failure would print a line for each trigger
    with django_db_blocker.unblock():
        call_command("pgtrigger", "install", verbosity=0)
        import_module("kpis.migrations.0002_benchmarks").put_benchmarks(apps, None)
        import_module("kpis.migrations.0004_benchmark_sources").put_rules_of_thumb(apps, None)
    db_cleanup.install()


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, settings: Any) -> Iterator[None]:
    """Each test has its own facts, uploads and cache."""
    settings.FACTS_DIR = str(tmp_path / "facts")
    settings.SCORES_DIR = tmp_path / "scores"
    settings.PROOFS_DIR = tmp_path / "proofs"
    settings.MEDIA_ROOT = str(tmp_path / "uploads")
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    remembered.clear()
    return


def proven(client: Client, user: User) -> Client:
    """Let a session count as one in which the password was entered again just now."""
    session = client.session
    session["account_authentication_methods_user"] = str(user.pk)
    session["account_authentication_methods"] = [{"method": "password", "at": time.time(), "reauthenticated": True}]
    session.save()
    return client


@pytest.fixture
def company(db: None) -> Company:
    found = Company.get()
    found.name, found.currency, found.time_zone = "Testing Ltd", "EUR", "Europe/Berlin"
    found.save()
    return found


@pytest.fixture
def ceo(company: Company) -> User:
    return make.user(Role.CEO, email="ceo@example.com", name="Clara CEO")


@pytest.fixture
def cmo(company: Company) -> User:
    return make.user(Role.CMO, email="cmo@example.com", name="Mona CMO")


@pytest.fixture
def cro(company: Company) -> User:
    return make.user(Role.CRO, email="cro@example.com", name="Rob CRO")


@pytest.fixture
def rep(company: Company, cro: User) -> User:
    return make.user(Role.REP, email="rep@example.com", name="Rita Rep", manager=cro)


@pytest.fixture
def ops(company: Company) -> User:
    return make.user(Role.OPS, email="ops@example.com", name="Olga Ops", is_staff=True, is_superuser=True)


@pytest.fixture
def cfo(company: Company) -> User:
    return make.user(Role.CFO, email="cfo@example.com", name="Frank CFO")


@pytest.fixture
def as_user(client: Client) -> Any:
    """Sign the client in as somebody who entered their password just now: `page = as_user(cmo).get("/")`."""

    def sign_in(user: User) -> Client:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return proven(client, user)

    return sign_in


@pytest.fixture
def public_data() -> Path:
    """The folder of the public data sets, named by ACCORD_PUBLIC_DATA; tests that need it skip without it."""
    folder = os.environ.get("ACCORD_PUBLIC_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("Set ACCORD_PUBLIC_DATA to the folder of the public data sets to run this test.")
    return Path(folder)
