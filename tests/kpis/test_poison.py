"""Records with dates that cannot be meant, written before they were refused, do not stop the night."""

from datetime import UTC, date, datetime
from typing import Any

import ibis
import pytest
from django.db import connection

from core.work import State
from crm.models import StageChange, Touch
from facts.models import SetAside
from facts.set_aside import RECORD_FAULTS
from funnel import classify as classifying
from funnel import entry_dates
from funnel.models import Move
from kpis import nightly, snapshots
from kpis.models import MetricSnapshot
from kpis.registry import get_metric
from scoring.models import Score
from team.models import Company, User
from tests import make
from tests.kpis.running import go_on, new_run

pytestmark = pytest.mark.slow

JANUARY = datetime(2026, 1, 6, 9, tzinfo=UTC)
BAD = ("0001-01-01 00:00+00", "9999-12-31 23:59:59-12")


SHORT = ("rates", "facts", "score", "scores", "classify", "clocks", "moves", "metrics")


@pytest.fixture(autouse=True)
def short_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real steps that go through records, with a few of the metrics."""
    only_steps(monkeypatch, *SHORT)
    few = [get_metric(key) for key in ("leads", "sales_cycle_time", "open_pipeline")]
    monkeypatch.setattr(snapshots, "all_metrics", lambda: few)


def only_steps(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    chain = [step for step in nightly.ordered_steps() if step.name in names]
    monkeypatch.setattr(nightly, "ordered_steps", lambda: chain)


def spoil(table: str, **values: str) -> None:
    with connection.cursor() as cursor:
        for name, value in values.items():
            cursor.execute(f"UPDATE {table} SET {name} = %s", [value])


@pytest.mark.parametrize("bad", BAD)
def test_a_night_with_bad_dates_in_every_table_ends_and_counts_the_others(company: Company, bad: str) -> None:
    day = bad[:10]
    lead = make.lead()
    make.record(StageChange, lead=lead, track="lifecycle", stage="MQL")
    make.record(Touch, lead=lead)
    make.opportunity(lead=lead)
    make.invoice()
    spoil("crm_lead", created_at=bad, modified_at=bad, first_contact_on=day, converted_on=day)
    spoil("crm_stagechange", entered_at=bad)
    spoil("crm_touch", happened_at=bad)
    spoil("crm_opportunity", opened_on=day, closed_on=day, expected_close_on=day, outcome="won")
    spoil("crm_invoice", issued_on=day, due_on=day)
    fine = make.lead(first_contact_on=date(2026, 1, 5))
    run = go_on(new_run())
    assert run.state == State.DONE, run.last_error
    assert Move.objects.filter(lead=fine, stage="inquiry").exists()
    assert set(SetAside.objects.values_list("step", flat=True)) == {"facts"}


def test_a_lead_that_classification_fails_on_is_shown_and_the_others_move(
    company: Company, ops: User, as_user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_steps(monkeypatch, "facts", "classify")
    leads = [make.lead(first_contact_on=date(2026, 1, 5)) for _ in range(3)]
    poison = leads[1].pk
    real = classifying._copy_moves

    def copy(cursor: Any, name: str, funnel: Any, batches: Any) -> int:
        rows = list(batches)
        if name == "lead" and any(poison in batch["buyer"].to_pylist() for batch in rows):
            cursor.execute("SELECT '4714-11-24 BC'::timestamptz - interval '1 day'")  # out of range
        return real(cursor, name, funnel, iter(rows))

    monkeypatch.setattr(classifying, "_copy_moves", copy)
    run = go_on(new_run())
    assert run.state == State.DONE, run.last_error
    assert set(Move.objects.values_list("lead", flat=True)) == {lead.pk for lead in leads} - {poison}
    page = as_user(ops).get("/runs/").content.decode()
    assert ">1</span> record set aside" in page
    assert f'<a href="/leads/{poison}/">Lead {poison}</a>' in page
    assert "out of range" in page
    monkeypatch.setattr(classifying, "_copy_moves", real)
    leads[1].title = "Corrected"
    leads[1].save()
    go_on(new_run("demand:2"))
    assert Move.objects.filter(lead=poison).exists()
    assert "set aside" not in as_user(ops).get("/runs/").content.decode()


def test_a_stage_change_that_cannot_be_read_sets_its_lead_aside_alone(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_steps(monkeypatch, "facts", "classify")
    leads = [make.lead(first_contact_on=date(2026, 1, 5)) for _ in range(4)]
    of_deal = make.opportunity(lead=leads[3])
    for lead in leads[:3]:
        stage = "SAL" if lead == leads[1] else "MQL"
        make.record(StageChange, lead=lead, track="lifecycle", stage=stage, entered_at=JANUARY)
    make.record(StageChange, opportunity=of_deal, track="lifecycle", stage="MQL", entered_at=JANUARY)

    def to_json(stage: Any) -> Any:  # fails on “SAL” and on nothing else
        return (stage == "SAL").ifelse(stage.cast("int64").cast("string"), ibis.literal('"MQL"'))

    monkeypatch.setattr(entry_dates, "to_json", to_json)
    run = go_on(new_run())
    assert run.state == State.DONE, run.last_error
    assert list(SetAside.objects.values_list("table", "row_id")) == [("crm_lead", leads[1].pk)]
    moved = Move.objects.filter(stage="mql").values_list("lead", flat=True)
    assert set(moved) == {leads[0].pk, leads[2].pk, leads[3].pk}


def test_a_metric_that_cannot_be_computed_leaves_the_others(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    make.lead(first_contact_on=date(2026, 1, 5))
    make.opportunity()
    real, failing = snapshots.compute_rows, []

    def figures(metric: Any, *question: Any) -> Any:
        failing[:1] = failing[:1] or [metric.key]
        if metric.key == failing[0]:
            raise RECORD_FAULTS[0]("out of range")
        return real(metric, *question)

    monkeypatch.setattr(snapshots, "compute_rows", figures)
    run = go_on(new_run())
    assert run.state == State.DONE, run.last_error
    assert SetAside.objects.get(step="metrics").name == failing[0]
    assert MetricSnapshot.objects.exclude(metric=failing[0]).exists()
    assert not Score.objects.exists()
