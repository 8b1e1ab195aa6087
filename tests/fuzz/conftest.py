"""A whole company, loaded once, on which everything may be tried: each request's writes are taken back."""

import logging
import os
import random
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings as configured
from django.core.management import call_command
from django.db import connection, transaction
from django.test import override_settings

from facts.refresh import refresh
from funnel.classify import classify_buyers
from funnel.handoffs.clock_tick import tick_clocks
from revops.demo.verdicts import give_verdicts
from scoring.batch_scoring import score_all
from team.models import Role, User
from tests.fuzz.walking import Ground, distinct, fault

NOW = datetime(2027, 2, 10, 17, tzinfo=UTC)
SECONDS = float(os.environ.get("FUZZ_SECONDS", "0"))  # 0: the short form that belongs to the suite
SEED = int(os.environ.get("FUZZ_SEED", "1"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "fuzz" in item.path.parts:
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.timeout(max(300, int(3 * SECONDS) + 300)))


@dataclass
class Budget:
    """How long to go on, and where chance begins."""

    seconds: float
    chance: random.Random

    def lasts(self, fewest: int = 50) -> Iterator[int]:
        """Count the tries: at least so many, however slow the machine is."""
        until, n = time.monotonic() + self.seconds, 0
        while n < fewest or time.monotonic() < until:
            yield n
            n += 1


@pytest.fixture
def budget() -> Budget:
    return Budget(SECONDS / 4 or 6, random.Random(SEED))


@pytest.fixture(scope="package")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    base: Path = tmp_path_factory.mktemp("fuzz")
    return {
        "FACTS_DIR": str(base / "facts"), "SCORES_DIR": base / "scores", "PROOFS_DIR": base / "proofs",
        "MEDIA_ROOT": str(base / "uploads"), "API_RATE_PER_MINUTE": 10**9,
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
        "STORAGES": {**configured.STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}},
    }  # fmt: skip


@pytest.fixture(scope="package")
def founded(django_db_setup: None, django_db_blocker: Any, folders: dict[str, Any]) -> Iterator[None]:
    """The demo company with its numbers, its inboxes and its verdicts."""
    with django_db_blocker.unblock(), override_settings(**folders), transaction.atomic():
        with time_machine.travel(NOW, tick=True):
            call_command("demo", "--records-only", verbosity=0)
            for step in (refresh, score_all, refresh, classify_buyers, tick_clocks, give_verdicts, refresh):
                step()
            connection.cursor().execute("ANALYZE")  # autovacuum does not see rows that are not committed
        yield
        transaction.set_rollback(True)


@pytest.fixture
def company(
    founded: None, db: None, settings: Any, folders: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """The company on its day, with no way out to other hosts."""
    for name, value in folders.items():
        setattr(settings, name, value)

    def unreachable(*_: Any, **__: Any) -> Any:
        raise socket.gaierror("No host is reachable here.")

    monkeypatch.setattr(socket, "getaddrinfo", unreachable)
    logging.disable(logging.ERROR)
    with time_machine.travel(NOW, tick=True):
        yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def people(company: None) -> list[User]:
    """One person of each role."""
    return [User.objects.filter(role=role).order_by("pk").first() for role in Role]  # type: ignore[misc]


@pytest.fixture(scope="package")
def seen() -> Ground:
    return Ground()


@pytest.fixture
def ground(people: list[User], seen: Ground) -> Ground:
    """All that the roles see; the short form looks with the eyes of two."""
    if seen.forms:
        return seen
    found, faults = seen, []
    for user in people if SECONDS else [one for one in people if one.role in {"ops", "rep"}]:
        with transaction.atomic():
            for address, answer in found.walk(user, most=400 if SECONDS else 90):
                faults += filter(None, [fault(answer, "get", address, "")])
            transaction.set_rollback(True)
    assert not faults, "\n".join(distinct(faults))
    assert len(found.addresses) > 50
    assert len(found.forms) > 20
    return found
