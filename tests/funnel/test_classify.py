"""What the records say becomes moves with their true dates, once; nothing is made up."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.periods import Period
from crm.models import Lead, Touch, UsageEvent
from facts import batches
from facts.engine import open_facts
from facts.refresh import refresh
from funnel import classify as classifying
from funnel.actions import move_buyer
from funnel.classify import classify_buyers
from funnel.definitions import in_force
from funnel.measures import build_report
from funnel.models import Classification, Move, Verdict
from funnel.patterns import Question
from funnel.queries import current_stages, lead_standing
from funnel.stages.drafts import STANDINGS
from tests import make
from tests.funnel.conftest import Run, at, deal, lead, way


def test_a_lead_walks_by_the_dates_of_its_records(run: Run) -> None:
    found = lead("2026-01-05", history={"MQL": "2026-01-06T09:00:00", "SAL": "2026-01-07T10:00:00"})
    deal(found, "2026-01-20", "won", "2026-03-02")
    run()
    assert way(found) == [
        ("inquiry", "2026-01-05"), ("mql", "2026-01-06"), ("sal", "2026-01-07"), ("sql", "2026-01-20"), ("won", "2026-03-02"),
    ]  # fmt: skip
    assert list(found.moves.order_by("entered_at").values_list("from_stage", flat=True)) == [
        "",
        "inquiry",
        "mql",
        "sal",
        "sql",
    ]


def test_twice_is_once(run: Run) -> None:
    for day in range(1, 9):
        deal(lead(f"2026-01-0{day}", history={"MQL": f"2026-01-0{day}T12:00:00"}), "2026-02-01", "lost", "2026-02-20")
    assert run() == 32
    assert run() == 0
    Classification.objects.all().delete()  # as if no one knew that it was done: everyone is asked again
    assert run() == 0


def test_who_was_deleted_since_the_facts_were_copied_makes_no_move(company: Any) -> None:
    stays, goes = lead("2026-01-05"), lead("2026-01-06", history={"MQL": "2026-01-07T09:00:00"})
    deal(goes, "2026-01-20", "won", "2026-03-02")
    account = make.account(name="Gone")
    refresh()
    goes.delete()
    account.delete()
    classify_buyers()
    assert way(stays) == [("inquiry", "2026-01-05")]
    connection.check_constraints()


@pytest.mark.django_db(transaction=True)
def test_anyone_who_is_deleted_while_it_is_asked_makes_no_move(company: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An import that is taken back deletes its leads one batch after the other, and a run meets each."""
    leads = [lead("2026-01-05") for _ in range(3)]
    refresh()
    copied = classifying._copy_moves

    def meanwhile(*args: Any) -> int:
        found = copied(*args)
        if len(leads) > 1:
            with ThreadPoolExecutor(1) as other:  # a connection of its own
                other.submit(_delete, leads.pop().pk).result()
        return found

    monkeypatch.setattr(classifying, "_copy_moves", meanwhile)
    assert classify_buyers() == 1
    assert way(leads[0]) == [("inquiry", "2026-01-05")]


def _delete(pk: int) -> None:
    try:
        Lead.objects.filter(pk=pk).delete()
    finally:
        connection.close()


def test_what_no_date_tells_became_true_once(run: Run) -> None:
    found = make.lead()
    run(moment=at("2026-01-05T10:00:00"))
    Move.objects.create(lead=found, stage="mql", from_stage="inquiry", entered_at=at("2026-01-06T10:00:00"))
    for day in (7, 8):
        Classification.objects.all().delete()
        run(moment=at(f"2026-01-0{day}T10:00:00"))
    assert [stage for stage, _ in way(found)] == ["inquiry", "mql"]


def test_no_stage_is_made_up_for_one_that_was_skipped(run: Run) -> None:
    found = lead("2026-01-05")
    deal(found, None, "won", "2026-02-05")
    run()
    assert way(found) == [("inquiry", "2026-01-05"), ("won", "2026-02-05")]


def test_a_stage_on_the_day_of_another_comes_after_it(run: Run) -> None:
    found = lead("2026-01-05", created_at=at("2026-01-05T15:00:00"))
    deal(found, "2026-01-05", "won", "2026-01-05")
    run()
    assert [stage for stage, _ in way(found)] == ["inquiry", "sql", "won"]
    assert current_stages([found.pk]) == {found.pk: "won"}


def test_lost_means_that_nothing_is_open_or_won(run: Run) -> None:
    still_open, won, lost, undecided = (lead("2026-01-01") for _ in range(4))
    for one in (still_open, won, lost):
        deal(one, "2026-01-10", "lost", "2026-02-01")
    deal(still_open, "2026-01-15")
    deal(won, "2026-01-15", "won", "2026-01-20")
    deal(lost, "2026-03-01", "lost", "2026-04-01")
    deal(undecided, "2026-01-10", "no_decision", "2026-02-01")
    run()
    stages = current_stages([still_open.pk, won.pk, lost.pk, undecided.pk])
    assert list(stages.values()) == ["sql", "won", "lost", "no_decision"]
    assert [stage for stage, _ in way(lost)] == ["inquiry", "sql", "lost", "sql", "lost"]


def test_an_undated_stage_is_entered_on_the_day_of_the_run_with_its_evidence(run: Run) -> None:
    found = lead("2026-01-05")
    for day in (2, 3, 4):
        make.record(Touch, lead=found, has_responded=True, happened_at=timezone.now() - timedelta(days=day))
    run()
    entered = found.moves.get(stage="mql")
    assert entered.from_stage == "inquiry"
    assert abs(entered.entered_at - timezone.now()) < timedelta(minutes=5)
    (said,) = entered.evidence["held"].items()
    assert said == ("the number of touches whose response is yes in the last 90 days is at least 3", "3")


def test_life_after_the_signature_is_dated_by_use(run: Run) -> None:
    account = make.account()
    found = lead("2025-01-05", account=account)
    deal(found, "2025-02-01", "won", "2025-03-01", account=account)
    for month in range(1, 13):
        make.record(UsageEvent, account=account, happened_at=at(f"2025-{month:02}-15T10:00:00"))
    run()
    assert way(found)[-2:] == [("live", "2025-03-15"), ("adopted", "2025-12-15")]
    assert [move.stage for move in account.moves.order_by("entered_at")] == ["sql", "won", "live", "adopted"]


def test_an_account_that_was_never_contacted_is_targeted(run: Run) -> None:
    chosen, contacted = make.account(kind="Target"), make.account(kind="Target")
    someone = lead("2026-01-05", account=contacted)
    make.record(Touch, lead=someone, happened_at=at("2026-01-05T10:00:00"))
    run()
    assert [move.stage for move in chosen.moves.all()] == ["targeted"]
    assert not contacted.moves.exists()


def test_a_late_record_adds_its_move_and_asks_only_whom_it_concerns(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = lead("2026-01-05"), lead("2026-01-06")
    run()
    deal(second, "2026-02-01")
    monkeypatch.setattr(classifying, "changed_buyer_ids", lambda subject, since: make_ids(second, subject))
    run()
    assert Classification.objects.first().asked == 1  # type: ignore[union-attr]
    assert [stage for stage, _ in way(first)] == ["inquiry"]
    assert [stage for stage, _ in way(second)] == ["inquiry", "sql"]


def make_ids(one: Lead, subject: str) -> Any:
    import numpy as np

    return np.array([one.pk] if subject == "leads" else [], dtype=np.int64)


def test_who_was_put_back_comes_again_only_with_something_new(run: Run) -> None:
    found = lead("2026-01-05", lifecycle_stage="Recycled", history={"MQL": "2026-01-06T10:00:00"})
    run()
    assert [stage for stage, _ in way(found)] == ["inquiry", "mql", "recycled"]
    Lead.objects.filter(pk=found.pk).update(lifecycle_stage="")
    make.record(UsageEvent, lead=found, happened_at=timezone.now() - timedelta(days=1))
    run(moment=timezone.now() + timedelta(hours=1))
    assert [stage for stage, _ in way(found)] == ["inquiry", "mql", "recycled"]
    for hours in (2, 3, 4):
        make.record(Touch, lead=found, has_responded=True, happened_at=timezone.now() + timedelta(hours=hours))
    run(moment=timezone.now() + timedelta(days=1))
    assert [stage for stage, _ in way(found)] == ["inquiry", "mql", "recycled", "mql"]


def test_a_killed_run_goes_on_where_it_was(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for day in range(1, 10):
        lead(f"2026-01-0{day}")
    monkeypatch.setattr(batches, "BATCH_ROWS", 4)
    refresh()
    assert classify_buyers(seconds=0) is None
    real = classifying._copy_moves
    done: list[int] = []

    def dies(*args: Any) -> int:
        if len(done) == 1:
            raise KeyboardInterrupt
        done.append(1)
        return real(*args)

    monkeypatch.setattr(classifying, "_copy_moves", dies)
    with pytest.raises(KeyboardInterrupt):
        classify_buyers()
    assert Move.objects.count() == 4
    monkeypatch.setattr(classifying, "_copy_moves", real)
    assert classify_buyers() == 9
    assert Move.objects.count() == 9
    assert Classification.objects.count() == 1


def test_moves_are_never_rewritten(run: Run) -> None:
    lead("2026-01-05")
    run()
    with pytest.raises(DatabaseError), transaction.atomic():
        Move.objects.update(stage="won")


STEPS = st.lists(
    st.tuples(st.sampled_from(["MQL", "SAL", "Recycled", "Disqualified"]), st.integers(1, 300)), max_size=5
)
DEALS = st.lists(
    st.tuples(st.integers(1, 200), st.integers(0, 90), st.sampled_from(["open", "won", "lost", "no_decision"])),
    max_size=3,
)


@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(STEPS, DEALS), min_size=12, max_size=40))
def test_whatever_happened_every_lead_stands_in_one_place_and_counts_once(company: Any, lives: list[Any]) -> None:
    """Once for each step; the parts make the whole; asked day by day or at once, the same comes out."""
    sid = transaction.savepoint()
    try:
        found = [_lived(steps, deals) for steps, deals in lives]
        refresh()
        classify_buyers()
        once = {one.pk: way(one) for one in found}
        refresh()
        _check(found)
        Classification.objects.all().delete()
        assert classify_buyers() == 0
        Move.objects.all().delete()
        Classification.objects.all().delete()
        refresh()
        classify_buyers()
        assert {one.pk: way(one) for one in found} == once
    finally:
        transaction.savepoint_rollback(sid)


def _lived(steps: list[tuple[str, int]], deals: list[tuple[int, int, str]]) -> Lead:
    start = at("2025-01-01T12:00:00")
    found = lead("2025-01-01")
    for stage, days in steps:
        make.record(
            type(found.stage_changes.model()),
            lead=found,
            track="lifecycle",
            stage=stage,
            entered_at=start + timedelta(days=days),
        )
    for opened, after, outcome in deals:
        begun = start + timedelta(days=opened)
        closed = None if outcome == "open" else (begun + timedelta(days=after)).date().isoformat()
        deal(found, begun.date().isoformat(), outcome, closed)
    return found


def _check(found: list[Lead]) -> None:
    funnel = in_force()
    facts = open_facts()
    from core.periods import Period

    shown = build_report(facts, funnel, Question(Period()))
    for one in found:
        stages = [stage for stage, _ in way(one)]
        assert all(a != b for a, b in pairwise(stages))
        assert lead_standing(funnel, stages[-1]) in STANDINGS
    for step in shown.steps:
        ever = Move.objects.filter(stage=step.stage.key).values("lead").distinct().count()
        assert step.entered == ever
        assert step.went_on + step.here + step.lost == step.entered
        assert sum(step.flows.values()) == step.went_on


def test_a_person_moves_with_evidence_or_with_a_reason(run: Run, rep: Any, cro: Any) -> None:
    found = lead("2026-01-05", owner=make.owner(user=rep))
    run()
    with pytest.raises(Exception, match="does not meet the criteria of SQL"):
        move_buyer(by=rep, buyer=found, stage="sql")
    moved = move_buyer(by=rep, buyer=found, stage="sql", override="The buyer told me on the phone")
    assert (moved.from_stage, moved.override, moved.actor) == ("inquiry", "The buyer told me on the phone", rep)
    assert moved.evidence["failed"] == {"the number of opportunities is at least 1": "0", "converted is yes": "no"}
    deal(found, "2026-02-01", "won", "2026-02-02")
    moved = move_buyer(by=cro, buyer=found, stage="won")
    assert (moved.override, moved.evidence) == (
        "",
        {"held": {"the number of opportunities whose outcome is “won” is at least 1": "1"}},
    )
    back = move_buyer(by=cro, buyer=found, stage="inquiry", override="")
    assert back.from_stage == "won"


@pytest.mark.public_data
def test_olist_becomes_moves_with_the_true_dates(run: Run, public_data: Path) -> None:
    call_command("import_crm", str(public_data / "olist_funnel"), source="olist", verbosity=0)
    run()
    from core.periods import Period

    shown = build_report(open_facts(), in_force(), Question(Period()))
    steps = {step.stage.key: step for step in shown.steps}
    assert (shown.leads, shown.won, shown.conversion) == (8000, 842, 0.10525)
    assert (steps["mql"].entered, steps["mql"].went_on, steps["sal"].skipped) == (8000, 842, 842)
    assert shown.days_to_won is not None
    assert (shown.days_to_won.n, shown.days_to_won.median) == (842, 14.0)
    assert not Verdict.objects.exists()


def test_a_stage_that_held_when_a_lead_was_first_seen_was_entered_on_an_unknown_day(run: Run) -> None:
    found = lead("2020-01-05", status="MQL", created_at=at("2020-01-05T10:00:00"))
    deal(lead("2020-01-05", created_at=at("2020-01-05T10:00:00")), "2020-01-15", "won", "2020-02-14")
    run(moment=at("2026-01-05T10:00:00"))
    assert dict(found.moves.values_list("stage", "is_dated")) == {"inquiry": True, "mql": False}
    shown = build_report(open_facts(), in_force(), Question(Period()))
    inquiry, mql = (next(step for step in shown.steps if step.stage.key == key) for key in ("inquiry", "mql"))
    assert (inquiry.went_on, inquiry.undated, inquiry.days and inquiry.days.median) == (2, 1, 10)
    assert (mql.entered, mql.undated, mql.days) == (1, 0, None)


def test_a_stage_that_comes_to_hold_later_or_at_once_of_a_new_lead_is_dated(run: Run) -> None:
    known = lead("2025-12-01", created_at=at("2025-12-01T10:00:00"))
    run(moment=at("2026-01-05T10:00:00"))
    known.status = "MQL"
    known.save()
    new = lead("2026-01-06", status="MQL", created_at=at("2026-01-06T08:00:00"))
    run(moment=at("2026-01-06T10:00:00"))
    assert list(known.moves.filter(stage="mql").values_list("is_dated", flat=True)) == [True]
    assert list(new.moves.filter(stage="mql").values_list("is_dated", flat=True)) == [True]


def test_a_lead_that_the_crm_converted_is_converted_also_without_a_deal(run: Run) -> None:
    dated = lead("2026-01-05", is_converted=True, converted_on=date(2026, 2, 1))
    undated = lead("2026-01-05", is_converted=True)
    with_deal = lead("2026-01-05", is_converted=True, converted_on=date(2026, 2, 1))
    deal(with_deal, "2026-01-20", amount=700)
    customer = lead("2026-01-05", is_converted=True, history={"Won": "2026-03-01T10:00:00"})
    plain = lead("2026-01-05")
    run()
    assert way(dated) == [("inquiry", "2026-01-05"), ("sql", "2026-02-01")]
    assert [stage for stage, _ in way(undated)] == ["inquiry", "sql"]
    assert not undated.moves.get(stage="sql").is_dated or undated.created_at > timezone.now() - timedelta(days=1)
    assert way(with_deal) == [("inquiry", "2026-01-05"), ("sql", "2026-01-20")]
    assert "sql" not in dict(way(customer))  # further already: nothing is made up
    assert [stage for stage, _ in way(plain)] == ["inquiry"]
    assert run() == 0
    steps = {step.stage.key: step for step in build_report(open_facts(), in_force(), Question(Period())).steps}
    assert (steps["sql"].entered, steps["sql"].value) == (3, 700)


def test_the_value_of_leads_without_a_deal_is_unknown_not_nothing(run: Run) -> None:
    lead("2026-01-05", is_converted=True, converted_on=date(2026, 2, 1))
    run()
    steps = {step.stage.key: step for step in build_report(open_facts(), in_force(), Question(Period())).steps}
    assert (steps["sql"].entered, steps["sql"].value, steps["inquiry"].value) == (1, None, None)
