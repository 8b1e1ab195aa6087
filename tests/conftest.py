"""The cast, and the ground that every test stands on."""

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from team.models import Company, Role, User
from tests import make


@pytest.hookimpl(wrapper=True)  # before pytest-xdist reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None, None, None]:
    """Keep together, in one process, the tests that share what is dear to make."""
    for item in items:
        for shared in sharing(item):
            item.add_marker(pytest.mark.xdist_group(shared))
    yield


def sharing(item: pytest.Item) -> set[str]:
    """Return where the dearest fixture of ours that outlives this test is made for it: nothing, or one place."""
    folders = item.path.relative_to(item.config.rootpath).parent.as_posix()
    module = f"{folders}/{item.path.name}"
    fixtures = [found[-1] for found in item._fixtureinfo.name2fixturedefs.values() if found[-1].baseid]  # type: ignore[attr-defined]
    scopes = {fixture.scope for fixture in fixtures}
    for scope, place in (("package", folders), ("module", module), ("class", item.nodeid.rpartition("::")[0])):
        if scope in scopes:
            return {place}
    return set()


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, settings: Any) -> Iterator[None]:
    """Each test has its own facts, uploads and cache."""
    settings.FACTS_DIR = str(tmp_path / "facts")
    settings.MEDIA_ROOT = str(tmp_path / "uploads")
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    cache.clear()
    return


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
    """Sign the client in: `page = as_user(cmo).get("/")`."""

    def sign_in(user: User) -> Client:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


@pytest.fixture
def public_data() -> Path:
    """The folder of the public data sets, named by ACCORD_PUBLIC_DATA; tests that need it skip without it."""
    folder = os.environ.get("ACCORD_PUBLIC_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("Set ACCORD_PUBLIC_DATA to the folder of the public data sets to run this test.")
    return Path(folder)
