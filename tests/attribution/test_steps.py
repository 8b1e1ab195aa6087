"""The nightly step: it writes the credits, not again when nothing changed, and they stay part of every snapshot."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from attribution.steps import update_credits
from core.periods import Period
from facts.engine import latest_snapshot, open_facts
from facts.refresh import refresh
from facts.steps import ordered_steps
from kpis.compute import compute_metric
from kpis.drill import find_records
from team.models import Company, User
from tests import make

MARCH = datetime(2026, 3, 2, 9, tzinfo=UTC)


def run_step() -> int:
    return update_credits(lambda *_: None)


@pytest.fixture
def deal(company: Company) -> Any:
    lead = make.lead()
    make.touch(lead=lead, channel="Fair", happened_at=MARCH)
    make.touch(lead=lead, channel="Mail", happened_at=MARCH)
    make.opportunity(amount=Decimal("50"), outcome="won", closed_at=MARCH)
    return make.opportunity(lead=lead, amount=Decimal("100.01"), outcome="won", closed_at=MARCH)


def ask(**question: Any) -> dict[str, Any]:
    result = compute_metric("attributed_revenue", Period(), by="channel", **question)
    return {part.key: part.value for part in result.parts} | {"": result.value}


def test_credits_are_part_of_the_snapshot_and_survive_the_next(deal: Any) -> None:
    refresh()
    assert ask() == {"No touch": Decimal("150.01"), "": Decimal("150.01")}
    assert run_step() == 4  # two touches of the deal, and of the lead
    first = latest_snapshot()
    assert first
    half = Decimal("50.01")  # 50.005 rounded half up
    assert ask() == {"Fair": half, "Mail": half, "No touch": Decimal(50), "": Decimal("150.01")}
    assert run_step() == 0
    make.touch(lead=deal.lead, channel="Web", happened_at=MARCH)
    refresh()
    snapshot = latest_snapshot()
    assert snapshot
    assert snapshot.pk > first.pk
    assert snapshot.versions["credits"] == first.versions["credits"]
    assert ask()["Fair"] == half
    assert run_step() == 6
    assert ask()["Web"] == Decimal("33.34")


def test_a_deal_that_changes_before_the_step_runs_again_keeps_its_sum(deal: Any) -> None:
    refresh()
    run_step()
    deal.amount = Decimal(30)
    deal.save()
    make.opportunity(amount=Decimal(7), outcome="won", closed_at=MARCH)
    refresh()
    assert ask() == {"Fair": Decimal(15), "Mail": Decimal(15), "No touch": Decimal(57), "": Decimal(87)}


def test_another_setting_computes_the_credits_again(deal: Any, company: Company) -> None:
    refresh()
    assert run_step() == 4
    company.attribution_half_life = 9
    company.save()
    assert run_step() == 4


def test_a_rebuild_of_the_facts_does_not_bring_back_old_credits(deal: Any) -> None:
    refresh()
    run_step()
    refresh(rebuild=True)
    snapshot = open_facts().snapshot
    assert snapshot
    assert "credits" not in snapshot.versions
    assert run_step() == 4


def test_the_drill_down_opens_the_deals_with_what_counts_of_each(deal: Any, ops: User) -> None:
    refresh()
    run_step()
    drill = find_records("attributed_revenue", Period(), user=ops, where={"channel": "Fair", "model": "w_shaped"})
    assert (drill.table, drill.ids, drill.n) == ("opportunities", [deal.pk], 1)
    assert drill.result.name == "Revenue by attribution (W-shaped)"
    assert drill.credits
    assert sum(drill.credits.values()).quantize(Decimal("0.01")) == drill.result.value
    assert drill.cells_of(deal)[1].column.label == "Credit (W-shaped)"
    whole = find_records("attributed_revenue", Period(), user=ops)
    assert (whole.n, whole.result.n, len(whole.ids)) == (2, 2, 2)


def test_the_step_runs_after_the_moves_and_before_the_metrics() -> None:
    names = [step.name for step in ordered_steps()]
    assert names.index("moves") < names.index("attribution") < names.index("metrics")
