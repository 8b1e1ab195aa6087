"""Leads, touches and uses pushed over the API: all or nothing, twice is once, and what follows is at once."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

import imports.models
from agreements.actions import draft_version, propose_version, sign_version
from core.work import State, run_claimed
from crm import models as crm
from facts.refresh import refresh
from funnel.models import HandOff
from imports.actions import undo_import
from kpis.models import NightlyRun
from kpis.nightly import queue_what_is_due
from scoring.batch_scoring import score_all
from scoring.models import Score
from team.models import Role, User
from tests import make
from tests.api.conftest import Caller
from tests.funnel.handoff_factory import local, seller, signed

pytestmark = pytest.mark.slow

Push = Callable[..., Any]
TERMS = {
    "threshold": 15,
    "fit": {"Large enough": {"rule": {"field": "employees", "is": ">=", "value": 50}, "points": 5}},
    "engagement": {"Answered": {"events": "touches", "points": 10, "half_life": 30, "cap": 25}},
}


@pytest.fixture
def push(company: Any) -> Push:
    ops = Caller(make.user(Role.OPS), ["read", "write"])

    def go(kind: str, rows: Any, status: int = 200, by: Caller = ops) -> Any:
        answer = by.client.post(f"/api/v1/{kind}/", json.dumps(rows), content_type="application/json")
        assert answer.status_code == status, answer.content
        return answer.json()

    return go


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing follows: what is asked is the writing."""
    monkeypatch.setattr("funnel.api.pushing.follow_leads", lambda ids: [])


@pytest.fixture
def model(cmo: User, cro: User) -> None:
    version = draft_version(by=cmo, kind="score", key="leads", title="Leads", text="Points.", terms=TERMS)
    sign_version(by=cro, version=propose_version(by=cmo, version=version))


def row(number: int, **fields: Any) -> dict[str, Any]:
    return {"source": "shop", "external_id": f"L{number}", **fields}


def touch(number: int, lead: Any, days: float = 0.1) -> dict[str, Any]:
    moment = timezone.now() - timedelta(days=days)
    return row(number, lead=lead, kind="Webinar", has_responded=True, happened_at=moment.isoformat())


def counts(said: Any) -> tuple[int, int, int]:
    return said["created"], said["updated"], said["unchanged"]


def test_a_lead_that_is_pushed_is_scored_and_handed_over_at_once(push: Push, model: None, cmo: User, cro: User) -> None:
    seller("Ada", cro)
    signed(cmo, cro, since=local("2026-11-01T00:00:00"))
    said = push("leads", row(1, first_name="Ann", last_name="Lee", employees=60))
    (followed,) = said["followed"]
    assert (followed["stage"], [one["score"] for one in followed["scores"]]) == ("inquiry", [5])
    said = push("touches", [touch(1, "L1", 1), touch(2, followed["lead"], 2)])
    assert (said["followed"][0]["stage"], counts(said)) == ("mql", (2, 0, 0))
    handed = HandOff.objects.get(lead=followed["lead"])
    assert 15 < handed.score < 25
    assert handed.due_at is not None
    assert crm.Lead.objects.get().name == "Ann Lee"


def test_the_parts_of_a_name_that_are_pushed_later_change_the_whole_name(push: Push) -> None:
    push("leads", row(1, first_name="Ann", last_name="Lee"))
    push("leads", {"source": "shop", "external_id": "L1", "last_name": "Lee-Mason"})
    assert crm.Lead.objects.get().name == "Ann Lee-Mason"
    push("leads", {"source": "shop", "external_id": "L1", "name": "Dr. Lee"})
    push("leads", {"source": "shop", "external_id": "L1", "first_name": "Anna"})
    assert crm.Lead.objects.get().name == "Dr. Lee"


def test_what_is_pushed_scores_as_the_run_over_all_does(push: Push, model: None) -> None:
    push("leads", [row(n, employees=n * 20) for n in range(5)])
    push("touches", [touch(n, f"L{n % 5}", n * 3) for n in range(12)])
    at_once = list(
        Score.objects.order_by("lead").values_list("lead", "fit_points", "letter", "state", "next_change_at")
    )
    assert len(at_once) == 5
    refresh()
    assert score_all() == 0
    Score.objects.all().delete()
    score_all()
    assert (
        list(Score.objects.order_by("lead").values_list("lead", "fit_points", "letter", "state", "next_change_at"))
        == at_once
    )


def test_twice_is_once_and_only_what_is_given_is_written(push: Push, alone: None) -> None:
    sent = [row(1, name="Ann", title="Chief", custom={"tier": "A"}), row(2, name="Bob")]
    assert counts(push("leads", sent)) == (2, 0, 0)
    stamps = set(crm.Lead.objects.values_list("changed_xid", flat=True))
    assert counts(push("leads", sent)) == (0, 0, 2)
    assert set(crm.Lead.objects.values_list("changed_xid", flat=True)) == stamps
    assert counts(push("leads", [row(1, custom={"size": 3}), row(3)])) == (1, 1, 0)
    ann = crm.Lead.objects.get(external_id="L1")
    assert (ann.name, ann.title, ann.custom) == ("Ann", "Chief", {"tier": "A", "size": 3})


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        (row(2, employees="many"), "employees", "integer is required"),
        (row(2, shoe=43), "shoe", "This field does not exist."),
        ({"source": "shop"}, "external_id", "This field is required."),
        (row(1), "external_id", "occurs twice"),
        (row(2, account="A9"), "account", "shop has no account “A9” in Accord yet."),
        (row(2, campaign=987_654), "campaign", "The campaign 987654 does not exist."),
        (row(2, account=True), "account", "Give its id here as a number"),
        (row(2, currency="Taler"), "currency", ""),
        (7, "non_field_errors", "Send each row as an object"),
    ],
)
def test_one_wrong_line_keeps_all_out_and_is_named(push: Push, wrong: Any, field: str, words: str) -> None:
    said = push("leads", [row(1, name="Ann"), wrong], 400)
    assert words in said["fields"][f"line 2: {field}"][0]
    assert not crm.Lead.objects.exists()
    assert not imports.models.ImportJob.objects.exists()


def test_too_many_rows_no_one_s_right_and_no_scope(push: Push) -> None:
    assert "at most 1,000 rows" in push("leads", [row(n) for n in range(1001)], 400)["detail"]
    push("leads", [], 400)
    push("leads", row(1), 403, Caller(make.user(Role.REP), ["read", "write"]))
    push("leads", row(1), 403, Caller(make.user(Role.OPS, email="o@example.com"), ["read"]))


@pytest.mark.django_db(transaction=True)
def test_a_day_of_pushes_is_an_import_that_can_be_undone(push: Push, alone: None, company: Any) -> None:
    there = make.lead(source="shop", external_id="L1", title="Clerk")
    first = push("leads", [row(1, title="Chief"), row(2)])
    again = push("leads", [row(1, title="Owner"), row(3)])
    assert first["imports"] == again["imports"]
    run = imports.models.ImportJob.objects.get()
    assert (run.counts["created"], run.counts["updated"], run.counts["rows"]) == (2, 2, 4)
    undo = undo_import(run=run, user=make.user(Role.OPS, email="o@example.com"))
    run_claimed(imports.models.Undo, undo.pk)
    there.refresh_from_db()
    assert (there.title, crm.Lead.objects.count()) == ("Clerk", 1)
    assert push("leads", row(1, title="Head"))["imports"] != [run.pk]


def test_more_than_a_few_are_left_to_the_run_that_follows(push: Push, model: None, settings: Any) -> None:
    settings.RUN_AFTER_PUSHES_MINUTES = 0
    assert push("leads", [row(n) for n in range(21)])["followed"] == []
    assert not Score.objects.exists()
    queue_what_is_due()
    NightlyRun.objects.update(state=State.DONE, started_at=timezone.now(), finished_at=timezone.now())
    push("leads", row(30))
    queue_what_is_due()
    assert NightlyRun.objects.filter(state=State.QUEUED).count() == 1


def test_line_items_and_subscriptions_are_written_in_bulk_and_twice_is_once(push: Push, alone: None) -> None:
    make.account(source="shop", external_id="A1")
    make.opportunity(source="shop", external_id="D1")
    lines = [
        row(
            number,
            opportunity="D1",
            name=f"Seat {number}",
            quantity="2",
            unit_price="9.95",
            amount="19.90",
            currency="EUR",
        )
        for number in range(3)
    ]
    assert push("line_items", lines)["created"] == 3
    assert push("line_items", [*lines[:2], {**lines[2], "amount": "20"}]) | {"rows": []} == {
        "created": 0, "updated": 1, "unchanged": 2, "imports": [imports.models.ImportJob.objects.get().pk], "rows": [], "followed": [],
        "empty_dates": 0,
    }  # fmt: skip
    assert push("subscriptions", row(9, account="A1", plan="Gold", period="year", amount="240"))["created"] == 1
    assert crm.Subscription.objects.get().account.external_id == "A1"
    wrong = push("subscriptions", row(10, period="century"), status=400)
    assert "period" in json.dumps(wrong)


@pytest.mark.parametrize("moment", ["1899-01-01T00:00:00Z", "2200-01-01T00:00:00Z", "3000-06-01T12:00:00Z"])
def test_a_date_that_cannot_be_meant_is_refused(push: Push, alone: None, moment: str) -> None:
    said = push("leads", [row(1), row(2, created_at=moment)], status=400)
    assert "Use a date from 1900-01-01 to 2199-12-31" in json.dumps(said)
    assert not crm.Lead.objects.exists()


@pytest.mark.parametrize(
    "moment",
    [
        "2025-02-29T00:00:00Z", "2025-13-01T00:00:00Z", "2025-03-01T25:00:00Z", "2025-03-01T00:00:00+99:99",
        "9999-12-30T23:59:59-23:59", "0001-01-02T00:00:00+23:59", "9998-12-31T23:59:59-23:59",
    ],
)  # fmt: skip
def test_a_time_that_does_not_exist_is_refused_where_a_day_is_meant(push: Push, alone: None, moment: str) -> None:
    for field in ("first_contact_on", "created_at"):
        said = push("leads", [row(1, **{field: moment})], status=400)
        assert f"line 1: {field}" in said["fields"]


def test_an_empty_date_of_another_system_is_no_date_and_is_counted(push: Push, alone: None) -> None:
    empty = {"created_at": "0001-01-01T00:00:00", "first_contact_on": "0001-01-01"}
    said = push("leads", [row(1, **empty), row(2, first_contact_on="2026-01-05")])
    assert said["empty_dates"] == 2
    assert list(crm.Lead.objects.order_by("pk").values_list("created_at", "first_contact_on")[:1]) == [(None, None)]
