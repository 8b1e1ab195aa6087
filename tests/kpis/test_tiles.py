"""A tile of the dashboard is one declaration."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.test import Client

from facts.refresh import refresh
from kpis import tile_registry
from kpis.tile_registry import Tile, register_tile, tiles_for
from team.models import Company, Role, User
from tests import make

EXAMPLE = re.compile(r"```python\n(register_tile\(.*?)```", re.S)
ALL = frozenset({"opportunities", "leads", "invoices", "spend"})


@pytest.fixture
def tile(monkeypatch: pytest.MonkeyPatch) -> Tile:
    """Declare the tile of the documentation."""
    monkeypatch.setattr(tile_registry, "_tiles", dict(tile_registry._tiles))
    (example,) = EXAMPLE.findall((Path(settings.BASE_DIR) / "docs/architecture.md").read_text())
    exec(example, {"Tile": Tile, "register_tile": register_tile})
    return tile_registry._tiles["sm_spend"]


@pytest.fixture
def november() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 22, 12, tzinfo=UTC), tick=False):
        yield


@pytest.mark.slow
def test_a_declared_tile_is_on_the_page_of_those_who_may_see_it(
    tile: Tile, november: None, company: Company, as_user: Callable[[User], Client]
) -> None:
    make.opportunity(outcome="won", closed_on=date(2025, 5, 1), opened_on=date(2025, 3, 1), amount=Decimal(250_000))
    make.spend(spent_on=date(2025, 2, 1), amount=Decimal(100_000))
    make.lead(first_contact_on=date(2025, 2, 1))
    refresh()
    page = as_user(make.user(Role.CFO)).get("/dashboard/").text
    figures = page[page.index('<div class="figures">') :]
    assert "1 new leads in the same time" in figures
    assert figures.index("Sales cycle") < figures.index("1 new leads") < figures.index("S&amp;M share")
    assert 'href="/metrics/sm_spend/' in figures
    assert "/metrics/sm_spend/records/" in figures
    filtered = as_user(make.user(Role.CFO)).get("/dashboard/?side=marketing").text
    assert re.search(r'href="/metrics/sm_spend/\?[^"]*side=marketing', filtered)
    assert "new leads in the same time" not in filtered, "leads have no side"
    hidden = as_user(make.user(Role.REP)).get("/dashboard/").text
    assert "S&amp;M share" in hidden
    assert "new leads in the same time" not in hidden


def test_tiles_come_in_their_order_where_their_records_are(tile: Tile, db: None) -> None:
    user = User(role=Role.CFO)
    assert [tile.metric for tile in tiles_for(user, ALL)] == [
        "weighted_pipeline", "sales_cycle_time", "average_revenue_per_transaction", "sm_spend", "sm_share_of_revenue",
    ]  # fmt: skip
    assert [tile.metric for tile in tiles_for(user, ALL - {"opportunities", "spend"})] == [
        "sm_share_of_revenue", "leads", "leads_converted", "lead_conversion_rate",
    ]  # fmt: skip


def test_a_metric_has_one_tile(tile: Tile) -> None:
    register_tile(tile)
    with pytest.raises(ValueError, match="Two tiles show the metric sm_spend"):
        register_tile(replace(tile, position=1))
