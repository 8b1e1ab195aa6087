"""The pages of detectors: the inventory, settings, and a new one that is tried before it is saved."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from alarms import charting, trials
from alarms.models import Alarm, AlarmSettings, DetectorSetup, DetectorState
from alarms.past import Trial, TrialAlarm, TrialPoint
from alarms.setups import all_watches
from team.models import Company, Role, User
from tests import make

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
HTMX = {"HX-Request": "true"}
KEY = "rejections_rising"
OWN = {
    "name": "Leads too low", "rule": "change", "bad": "down", "days": "90", "minimum_n": "20", "relative_floor": "15",
}  # fmt: skip
NEW = "/alarms/detectors/new/?metric=leads"


@pytest.fixture
def trial(monkeypatch: pytest.MonkeyPatch) -> Trial:
    """A trial with one alarm, whatever the facts hold."""
    day = timezone.localdate() - timedelta(days=60)
    points = [TrialPoint(day + timedelta(days=7 * week), 12.0, 20.0, 0.001, True, week > 1) for week in range(5)]
    tried = Trial(points, [TrialAlarm(day, None, 12.0, 20.0, None)], "", 4.6, 31)
    monkeypatch.setattr(trials, "try_on_past", lambda context, watch, tests: tried)
    return tried


@pytest.fixture(autouse=True)
def no_series(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the series out, which the tests of charts have."""
    monkeypatch.setattr(charting, "read_charted_points", lambda context, watch: [])


def read(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def make_own(**fields: Any) -> DetectorSetup:
    values = {"key": "own-1", "is_own": True, "name": "Ours", "metric": "leads", "rule": "change", "bad": "down"}
    return DetectorSetup.objects.create(**{**values, **fields})


def test_the_inventory_has_every_detector_with_its_state(as_user: SignIn, cmo: User) -> None:
    make_own()
    DetectorState.objects.create(key=KEY, condition="pending")
    Alarm.objects.create(detector=KEY, name="A", closed_at=timezone.now(), closed_by=cmo, verdict="real")
    client = as_user(cmo)
    text = read(client, reverse("detectors"))
    assert all(f"/alarms/detectors/{watch.detector.key}/" in text for watch in all_watches())
    assert "Pending" in text
    assert "1 of 1 (21% to 100%)" in text
    assert "chance alone may raise 1 alarm a quarter" in text
    assert "Ours" in read(client, "/alarms/detectors/?fired=never&words=our")
    assert "No detector matches" in read(client, "/alarms/detectors/?fired=fired&words=our")


def test_the_inventory_asks_as_often_for_many_detectors_as_for_few(
    as_user: SignIn, cmo: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        make_own(key=f"own-{number}", owner=cmo)
    client = as_user(cmo)
    client.get(reverse("detectors"))
    with django_assert_max_num_queries(16):
        client.get(reverse("detectors"))


def test_the_rule_is_told_with_all_its_numbers(as_user: SignIn, cmo: User) -> None:
    text = read(as_user(cmo), reverse("detector", args=[KEY]))
    for words in (
        "the 26 weeks before them",
        "at least 20% of what is usual",
        "at least 3% as a difference",
        "20 records",
    ):
        assert words in text


def test_a_limit_is_told_with_whose_it_is(as_user: SignIn, ops: User) -> None:
    make_own(rule="limit", metric="close_rate", limit=Decimal("0.25"))
    text = read(as_user(ops), reverse("detector", args=["own-1"]))
    assert "25% (set by your company)" in text
    assert "The last 90 finished days" in text


def test_settings_are_saved_and_a_detector_is_turned_off(as_user: SignIn, ops: User, cmo: User) -> None:
    client, address = as_user(ops), reverse("detector", args=[KEY])
    assert client.post(address, {"owner": cmo.pk, "strictness": "strict"}).status_code == 302
    setup = DetectorSetup.objects.get(key=KEY)
    assert (setup.is_on, setup.owner, setup.strictness) == (False, cmo, "strict")
    assert client.post(address, {"strictness": "loose"}).status_code == 422


def test_a_detector_is_tried_and_then_saved(as_user: SignIn, ops: User, trial: Trial) -> None:
    client = as_user(ops)
    assert 'value="Leads too low"' in read(client, NEW)
    tried = client.post(NEW, {**OWN, "try": "1"}, headers=HTMX)
    assert tried.status_code == 200
    text = tried.content.decode()
    assert "In the last year it would have opened one alarm." in text
    assert "With 31 records a week, a change by 30% shows after about 5 weeks." in text
    assert not DetectorSetup.objects.exists()
    assert client.post(NEW + "&campaign=id:4", OWN).status_code == 302
    setup = DetectorSetup.objects.get()
    assert (setup.metric, setup.where, setup.relative_floor) == ("leads", {"campaign": "id:4"}, Decimal("0.15"))
    assert read(client, reverse("detector", args=[setup.key]) + "?trial=1").count("would have opened one alarm") > 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rule": "limit"}, "Enter the limit, or choose another rule."),
        ({"relative_floor": "0"}, "Ensure this value is greater than or equal to 1."),
        ({"days": "900"}, "Ensure this value is less than or equal to 730."),
    ],
)
def test_a_form_says_what_to_change(as_user: SignIn, ops: User, changes: Any, message: str) -> None:
    answer = as_user(ops).post(NEW, {**OWN, **changes})
    assert answer.status_code == 422
    assert message in answer.content.decode()


def test_a_rate_is_not_offered_the_rule_for_counts(as_user: SignIn, ops: User) -> None:
    text = read(as_user(ops), "/alarms/detectors/new/?metric=close_rate")
    assert "Differs from the same weekday" not in text
    assert "Limit, in percent" in text


def test_an_unknown_metric_or_filter_is_not_there(as_user: SignIn, ops: User) -> None:
    client = as_user(ops)
    assert client.get("/alarms/detectors/new/?metric=luck").status_code == 404
    assert client.get("/alarms/detectors/new/?metric=leads&criterion=x").status_code == 404
    assert client.get("/alarms/detectors/luck/").status_code == 404


def test_a_deleted_detector_is_restored(as_user: SignIn, ops: User) -> None:
    make_own()
    client, address = as_user(ops), reverse("detector_delete", args=["own-1"])
    client.post(address)
    assert client.get(reverse("detector", args=["own-1"])).status_code == 404
    assert "Restore" in read(client, reverse("detectors"))
    client.post(address, {"restore": "1"})
    assert client.get(reverse("detector", args=["own-1"])).status_code == 200


def test_a_detector_that_is_often_wrong_is_offered_a_stricter_setting(as_user: SignIn, ops: User, trial: Trial) -> None:
    closed = {"closed_at": timezone.now(), "closed_by": ops, "verdict": "not_real"}
    Alarm.objects.bulk_create(Alarm(detector=KEY, name="A", **closed) for _ in range(8))
    client = as_user(ops)
    assert "Make it stricter" in read(client, reverse("detectors"))
    text = read(client, reverse("detector", args=[KEY]) + "?trial=1")
    assert "The stricter setting would have opened as many alarms in the last year." in text


def test_the_allowed_false_alarms_are_set(as_user: SignIn, ops: User) -> None:
    client = as_user(ops)
    client.post(reverse("alarm_settings"), {"false_alarms_per_quarter": "2"})
    assert AlarmSettings.get().false_alarms_per_quarter == 2
    client.post(reverse("alarm_settings"), {"false_alarms_per_quarter": "0"})
    assert AlarmSettings.get().false_alarms_per_quarter == 2


def test_the_metric_page_leads_to_a_detector_for_those_who_may_make_one(as_user: SignIn, ops: User, rep: User) -> None:
    address = "/metrics/leads/?period=all&campaign=id:4"
    assert "/alarms/detectors/new/?metric=leads&amp;campaign=id%3A4" in read(as_user(ops), address)
    assert "Make an alarm" not in read(as_user(rep), address)
    assert as_user(rep).get(NEW).status_code == 403


def test_readers_of_few_buyers_see_a_detector_without_figures(as_user: SignIn, company: Company) -> None:
    company.visibility = Company.Visibility.RESTRICTED
    company.save()
    DetectorState.objects.create(key=KEY, judged={"value": 0.4321, "expected": 0.3}, reason="43% of 80")
    text = read(as_user(make.user(Role.SUPPORT)), reverse("detector", args=[KEY]) + "?trial=1")
    assert "Alerts when Sales rejects" in text
    assert "43%" not in text
    assert "Trial on the past" not in text
