"""Alarms and detectors over HTTP."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from alarms import detector_api
from alarms.models import Alarm, DetectorSetup
from alarms.past import Trial, TrialAlarm
from team.models import Company, User
from tests.alarms.test_pages import make_alarm, price

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
OWN = {"name": "Too few leads", "metric": "leads", "rule": "change", "bad": "down", "where": {"campaign": "id:4"}}


def send(client: Client, method: str, address: str, body: Any = None) -> Any:
    return getattr(client, method)(f"/api/v1/{address}", body, content_type="application/json")


def test_alarms_are_listed_by_state(as_user: SignIn, cmo: User, company: Company) -> None:
    make_alarm(detector="rejections_rising", name="Open", **price(1, 2, 3))
    make_alarm(detector="b", name="Snoozed", snoozed_until=company.today() + timedelta(days=3))
    make_alarm(detector="c", name="Ended", ended_at=timezone.now())
    make_alarm(detector="d", name="Closed", closed_at=timezone.now(), closed_by=cmo, verdict="real")
    client = as_user(cmo)
    for state in ("open", "snoozed", "ended", "closed"):
        rows = client.get(f"/api/v1/alarms/?state={state}").json()["results"]
        assert [(row["name"], row["state"]) for row in rows] == [(state.capitalize(), state)]
    alarm = client.get("/api/v1/alarms/?section=Lead+quality").json()["results"][0]
    assert alarm["sentence"].startswith("Lead rejection rate rose to 44% since Mar 3, 2025.")
    assert (alarm["value"], alarm["cost"]) == (0.44, "2.00")
    assert client.get("/api/v1/alarms/?state=loud").status_code == 400


def test_an_alarm_is_answered(as_user: SignIn, cmo: User, company: Company) -> None:
    alarm, client = make_alarm(), as_user(cmo)
    address = f"alarms/{alarm.pk}/"
    assert send(client, "post", f"{address}acknowledge/").json()["owner"] == cmo.pk
    until = (company.today() + timedelta(days=3)).isoformat()
    assert send(client, "post", f"{address}snooze/", {"until": until, "reason": ""}).status_code == 400
    assert send(client, "post", f"{address}snooze/", {"until": until, "reason": "Later."}).json()["state"] == "snoozed"
    assert send(client, "post", f"{address}close/", {"verdict": "real", "note": "Seen."}).json()["verdict"] == "real"
    assert send(client, "post", f"{address}close/", {"verdict": "real"}).status_code == 400
    verbs = [event["verb"] for event in client.get(f"/api/v1/{address}").json()["events"]]
    assert verbs == ["opened", "acknowledged", "snoozed", "closed"]


def test_an_alarm_of_others_is_not_there_for_readers_of_few_buyers(
    as_user: SignIn, rep: User, company: Company
) -> None:
    company.visibility = Company.Visibility.RESTRICTED
    company.save()
    alarm = make_alarm()
    assert as_user(rep).get("/api/v1/alarms/").json()["results"] == []
    assert as_user(rep).get(f"/api/v1/alarms/{alarm.pk}/").status_code == 404
    assert as_user(rep).get("/api/v1/detectors/rejections_rising/past/").status_code == 404


def test_a_detector_is_made_changed_and_deleted(as_user: SignIn, ops: User, cmo: User) -> None:
    client = as_user(ops)
    made = send(client, "post", "detectors/", OWN)
    assert made.status_code == 201
    key = made.json()["key"]
    assert made.json()["where"] == {"campaign": "id:4"}
    changed = send(client, "patch", f"detectors/{key}/", {"owner": cmo.pk, "strictness": "strict"}).json()
    assert (changed["owner"], changed["strictness"]) == (cmo.pk, "strict")
    assert send(client, "patch", "detectors/rejections_rising/", {"name": "Mine"}).status_code == 400
    assert send(client, "delete", f"detectors/{key}/").status_code == 204
    assert client.get(f"/api/v1/detectors/{key}/").status_code == 404
    assert send(client, "delete", "detectors/rejections_rising/").status_code == 400


@pytest.mark.parametrize(
    "changes", [{"metric": "luck"}, {"where": {"criterion": "x"}}, {"rule": "limit"}, {"bad": "left"}, {"owner": 999}]
)
def test_a_detector_that_cannot_be_judged_is_refused(as_user: SignIn, ops: User, changes: Any) -> None:
    client = as_user(ops)
    assert send(client, "post", "detectors/", {**OWN, **changes}).status_code == 400
    assert send(client, "post", "detectors/trial/", {**OWN, **changes}).status_code == 400


def test_a_trial_saves_nothing(as_user: SignIn, ops: User, rep: User, monkeypatch: pytest.MonkeyPatch) -> None:
    day = timezone.localdate()
    tried = Trial((), [TrialAlarm(day, None, 12.0, 20.0, None)], "", 4.6, 31)
    monkeypatch.setattr(detector_api, "try_on_past", lambda context, watch, tests: tried)
    answer = send(as_user(ops), "post", "detectors/trial/", OWN).json()
    assert answer["alarms"] == [
        {"opened_on": day.isoformat(), "ended_on": None, "value": 12.0, "expected": 20.0, "cost": None}
    ]
    assert answer["weeks_to_find"] == 4.6
    assert not DetectorSetup.objects.exists()
    assert send(as_user(rep), "post", "detectors/trial/", OWN).status_code == 403


def test_costs_are_money_with_cents(as_user: SignIn, cmo: User) -> None:
    alarm = make_alarm(**price(1, 2, 3))
    Alarm.objects.filter(pk=alarm.pk).update(cost=Decimal("2.5"))
    assert as_user(cmo).get(f"/api/v1/alarms/{alarm.pk}/").json()["cost"] == "2.50"
