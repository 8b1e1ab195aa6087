"""How the suite is ordered and parted: what a quick run leaves out, and what begins first."""

import re
from collections import OrderedDict
from types import SimpleNamespace
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.conftest import SHARED_FOLDERS, SLOW_FIXTURES, SharedFixtureScheduling, is_slow

QUICK = "tests/core/test_dates.py::test_a_day"


def item(nodeid: str = QUICK, fixtures: tuple[str, ...] = (), **django_db: Any) -> Any:
    mark = SimpleNamespace(kwargs=django_db) if django_db else None
    return SimpleNamespace(nodeid=nodeid, fixturenames=fixtures, get_closest_marker=lambda name: mark)


def test_a_test_is_slow_by_what_it_stands_on() -> None:
    assert not is_slow(item(fixtures=("db", "client")))
    assert not is_slow(item(transaction=False))
    assert is_slow(item(transaction=True))
    assert is_slow(item("tests/kpis/test_every_metric.py::test_any"))  # has fixtures that outlive a test
    assert all(is_slow(item(fixtures=("client", fixture))) for fixture in SLOW_FIXTURES)


def test_fixtures_that_are_called_slow_exist(request: pytest.FixtureRequest) -> None:
    """A fixture that was renamed would make its tests quick again by mistake."""
    text = "".join(path.read_text() for path in (request.config.rootpath / "tests").rglob("*.py"))
    made = set(re.findall(r"@pytest\.fixture[^\n]*\ndef (\w+)\(", text))
    assert made >= SLOW_FIXTURES - {"transactional_db"}


def test_folders_that_share_a_company_begin_first_and_each_in_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []
    monkeypatch.setattr(
        LoadScopeScheduling, "_assign_work_unit", lambda self, node: begun.append(self.workqueue.popitem(last=False)[0])
    )
    scheduler = SharedFixtureScheduling.__new__(SharedFixtureScheduling)
    tests = [QUICK, *(f"{folder}/test_{name}.py::test_any" for folder in SHARED_FOLDERS for name in ("pages", "api"))]
    scheduler.workqueue = OrderedDict((scheduler._split_scope(test), {}) for test in tests)
    while scheduler.workqueue:
        scheduler._assign_work_unit(None)
    assert begun == [*SHARED_FOLDERS, QUICK]
