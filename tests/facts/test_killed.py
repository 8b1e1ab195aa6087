"""kill -9 in the middle of a refresh leaves the old facts readable, and the next refresh puts all right."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from crm.models import Lead
from facts import delta_tables
from facts.engine import open_facts
from facts.models import Copy, Snapshot
from facts.refresh import refresh
from tests.facts.conftest import copied, true_rows
from tests.facts.test_refresh import many_leads

SCRIPT = """
import os, signal, sys
import django
django.setup()
from facts import delta_tables, refresh, registry, writing
registry._tables = {"leads": registry.get_table("leads")}
delta_tables.SEGMENT_ROWS, writing.REWRITE_MIN_ROWS = 10, 0
module, name, left = {"delta_tables": delta_tables, "refresh": refresh}[sys.argv[1]], sys.argv[2], int(sys.argv[3])
real = getattr(module, name)
def deadly(*args, **options):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*args, **options)
setattr(module, name, deadly)
refresh.refresh()
"""


def refresh_killed_at(module: str, name: str, call: int = 0) -> None:
    """Refresh in a process of its own that dies when it calls `module.name` for the call-th time (from 0)."""
    address = f"{os.environ['DATABASE_URL'].rsplit('/', 1)[0]}/{connection.settings_dict['NAME']}"
    environment = {**os.environ, "DATABASE_URL": address, "FACTS_DIR": str(settings.FACTS_DIR)}
    environment["DJANGO_SETTINGS_MODULE"] = "revops.settings"
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, module, name, str(call)],
        env=environment,
        cwd=Path(__file__).parents[2],
        timeout=120,
    )
    assert done.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    ("module", "name", "call"),
    [
        ("delta_tables", "replace_rows", 0),
        ("delta_tables", "replace_rows", 1),
        ("delta_tables", "append_rows", 0),
        ("refresh", "_publish_snapshot", 0),
    ],
)
def test_killed_while_changing_leaves_the_old_facts(
    leads: None, small_segments: None, module: str, name: str, call: int
) -> None:
    many_leads(100)
    old, rows = refresh(), true_rows("leads")
    ids = [row["id"] for row in rows]
    Lead.objects.filter(pk__in=[ids[3], ids[55]]).update(status="worked")
    many_leads(5, start=100)
    refresh_killed_at(module, name, call)
    assert Snapshot.objects.get() == old
    assert copied("leads") == rows
    facts = open_facts()
    assert facts.execute(facts.table("leads").count()).iloc[0, 0] == 100
    assert refresh().exported["leads"] == 7
    assert copied("leads") == true_rows("leads")


def test_killed_after_publishing_leaves_the_new_facts(leads: None, small_segments: None) -> None:
    many_leads(20)
    refresh()
    many_leads(2, start=20)
    refresh_killed_at("refresh", "_clean_up")
    assert Snapshot.objects.count() == 2
    assert copied("leads") == true_rows("leads")
    assert refresh().exported["leads"] == 0


def test_killed_in_a_large_copy_goes_on_where_it_stood(leads: None, small_segments: None) -> None:
    many_leads(65)
    refresh_killed_at("delta_tables", "append_rows", 4)
    assert not Snapshot.objects.exists()
    assert Copy.objects.get().rows == 40
    first = Lead.objects.order_by("pk")[0]
    first.status = "changed meanwhile"
    first.save()
    Lead.objects.order_by("pk")[5].delete()
    read = []
    snapshot = refresh(progress=lambda done, total, what: read.append(done))
    assert read[-1] == 26, "those that were missing, and the one that changed"
    assert snapshot.exported["leads"] == 66
    assert copied("leads") == true_rows("leads")


def test_killed_in_the_first_copy_of_all_shows_no_facts(leads: None) -> None:
    many_leads(3)
    refresh_killed_at("delta_tables", "append_rows", 0)
    assert open_facts().as_of is None
    refresh()
    assert copied("leads") == true_rows("leads")
    assert delta_tables.open_version("leads", 0, Copy.objects.get().lake_id), (
        "the table that the dead refresh began is used"
    )
