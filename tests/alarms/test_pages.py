"""The pages of alarms: what is listed, who sees it, and what the buttons do."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from alarms.models import Alarm, AlarmEvent, DetectorSetup, DetectorState
from alarms.pages import count_alarms
from notify.models import Notice
from team.models import Company, Role, User
from tests import make

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
HTMX = {"HX-Request": "true"}


def make_alarm(**fields: Any) -> Alarm:
    values = {
        "detector": "rejections_rising", "name": "More leads rejected", "metric": "lead_rejection_rate", "value": 0.44,
        "expected": 0.3, "worst": 0.44, "n": 80, "p_value": 0.001, "since": date(2025, 3, 3), "currency": "EUR",
    }  # fmt: skip
    alarm = Alarm.objects.create(**{**values, **fields})
    AlarmEvent.objects.create(alarm=alarm, verb="opened", value=alarm.value)
    return alarm


def price(low: int, middle: int, high: int) -> dict[str, Decimal]:
    return {"cost_low": Decimal(low), "cost": Decimal(middle), "cost_high": Decimal(high)}


def open_page(client: Client, name: str, *args: Any, query: str = "") -> str:
    answer = client.get(reverse(name, args=args) + query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_begins_with_what_all_alarms_cost(as_user: SignIn, cmo: User) -> None:
    make_alarm(detector="a", name="Cheap", **price(1000, 2000, 3000))
    make_alarm(detector="b", name="Dear", **price(280_000, 410_000, 560_000))
    make_alarm(detector="c", name="Unpriced")
    text = open_page(as_user(cmo), "alarms")
    assert (
        "Three alarms are open; two of them cost together about €412K a year (€281K to €563K); one is not priced."
        in text
    )
    assert text.index("Dear</a>") < text.index("Cheap</a>") < text.index("Unpriced</a>")


def test_an_alarm_is_told_with_its_figures(as_user: SignIn, cmo: User) -> None:
    alarm = make_alarm()
    text = open_page(as_user(cmo), "alarm", alarm.pk)
    assert "Lead rejection rate rose to 44% since Mar 3, 2025. Usual in the half year before: 30%." in text
    assert "Look at the criterion that fails most" in text
    assert "Opened at 44%" in text


def test_the_page_without_alarms_says_when_detectors_ran(as_user: SignIn, cmo: User) -> None:
    DetectorState.objects.create(key="rejections_rising")
    text = open_page(as_user(cmo), "alarms")
    assert "No alarm is open." in text
    assert "Detectors were last evaluated" in text


def test_each_list_has_its_alarms(as_user: SignIn, cmo: User, company: Company) -> None:
    make_alarm(detector="ended", name="Ended one", ended_at=timezone.now())
    until = company.today() + timedelta(days=7)
    make_alarm(detector="snoozed", name="Snoozed one", snoozed_until=until, snooze_reason="New rep starts.")
    make_alarm(detector="closed", name="Closed one", closed_at=timezone.now(), closed_by=cmo, verdict="real")
    DetectorState.objects.create(key="rejections_rising", condition="pending", judged={"value": 0.4, "expected": 0.3})
    text = open_page(as_user(cmo), "alarms")
    positions = [text.index(words) for words in ("Ended one", "New rep starts.", "Watch list", "Closed one")]
    assert positions == sorted(positions)
    assert "No alarm is open." in text


def test_the_history_is_filtered_and_exported(as_user: SignIn, cmo: User) -> None:
    closed = {"closed_at": timezone.now(), "closed_by": cmo}
    make_alarm(verdict="real", **closed)
    make_alarm(detector="gone", name="=Formula", verdict="not_real", **closed)
    client = as_user(cmo)
    text = open_page(client, "alarms", query="?verdict=not_real")
    assert "=Formula</a>" in text
    assert "More leads rejected</a>" not in text
    assert "More leads rejected</a>" in open_page(client, "alarms", query="?section=Lead+quality&closed=this_month")
    assert "No closed alarm matches" in open_page(client, "alarms", query="?closed=last_year")
    answer = client.get(reverse("alarms") + "?format=csv&verdict=not_real")
    lines = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 2
    assert lines[1].startswith("'=Formula,gone,")


def test_the_same_number_of_queries_for_one_alarm_and_for_ten(as_user: SignIn, cmo: User) -> None:
    client = as_user(cmo)
    counts = []
    for first in (0, 1):
        for number in range(first, first * 9 + 1):
            make_alarm(detector=f"d{number}", owner=cmo)
            closed = {"closed_at": timezone.now(), "closed_by": cmo, "verdict": "real"}
            make_alarm(detector=f"c{number}", owner=cmo, **closed)
        client.get(reverse("alarms"))
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("alarms"))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_readers_of_few_buyers_see_the_alarms_that_they_own(as_user: SignIn, company: Company, rep: User) -> None:
    own, other = make_alarm(detector="own", name="My alarm", owner=rep), make_alarm(name="Other alarm")
    company.visibility = Company.Visibility.RESTRICTED
    company.save()
    client = as_user(rep)
    text = open_page(client, "alarms")
    assert "My alarm" in text
    assert "Other alarm" not in text
    assert client.get(reverse("alarm", args=[other.pk])).status_code == 404
    assert client.post(reverse("alarm_acknowledge", args=[other.pk])).status_code == 404
    assert client.get(reverse("alarm", args=[own.pk])).status_code == 200


def test_an_alarm_about_a_colleague_is_for_those_who_see_achievement(
    as_user: SignIn, company: Company, rep: User, cmo: User
) -> None:
    alarm = make_alarm(where={"owner": "id:1"})
    company.achievement = Company.Achievement.LEADERS
    company.save()
    address = reverse("alarm", args=[alarm.pk])
    assert as_user(rep).get(address).status_code == 404
    assert as_user(cmo).get(address).status_code == 200
    assert count_alarms(rep) is None


def test_the_badge_counts_the_alarms_of_the_person_first(cmo: User, cro: User) -> None:
    make_alarm(detector="a", owner=cmo)
    make_alarm(detector="b")
    own, others = count_alarms(cmo), count_alarms(cro)
    assert own
    assert others
    assert (own.number, others.number) == (1, 2)


def test_the_badge_is_in_the_navigation(as_user: SignIn, cmo: User) -> None:
    make_alarm()
    assert open_page(as_user(cmo), "me").count("nav-badge") == 2  # beside the page, and in the menu of a phone


def test_an_alarm_is_acknowledged_snoozed_and_closed_without_script(
    as_user: SignIn, company: Company, cmo: User
) -> None:
    alarm, client = make_alarm(), as_user(cmo)

    def send(name: str, **data: Any) -> int:
        return int(client.post(reverse(name, args=[alarm.pk]), data).status_code)

    assert send("alarm_acknowledge") == 302
    until = company.today() + timedelta(days=7)
    assert send("alarm_snooze", until=company.today(), reason="Too early") == 422
    assert send("alarm_snooze", until=until, reason="New rep starts.") == 302
    assert send("alarm_note", note="She starts on Monday.") == 302
    assert send("alarm_close", verdict="real", note="Confirmed.") == 302
    alarm.refresh_from_db()
    assert (alarm.owner, alarm.verdict) == (cmo, "real")
    assert send("alarm_close", verdict="real") == 422
    assert send("alarm_reopen") == 302
    verbs = [event.verb for event in alarm.events.all()]
    assert verbs == ["opened", "acknowledged", "snoozed", "noted", "closed", "reopened"]


def test_htmx_gets_the_region_with_what_was_done_or_what_to_change(as_user: SignIn, cmo: User) -> None:
    alarm, client = make_alarm(), as_user(cmo)
    done = client.post(reverse("alarm_acknowledge", args=[alarm.pk]), headers=HTMX).content.decode()
    assert done.lstrip().startswith('<div class="live')
    assert "You have acknowledged the alarm." in done
    refused = client.post(
        reverse("alarm_snooze", args=[alarm.pk]), {"until": "2020-01-01", "reason": "x"}, headers=HTMX
    )
    assert refused.status_code == 422
    assert "Choose a day after today" in refused.content.decode()


def test_a_new_normal_is_for_tests_and_closes_the_alarm(as_user: SignIn, cmo: User) -> None:
    alarm = make_alarm()
    as_user(cmo).post(reverse("alarm_new_normal", args=[alarm.pk]), {"since": ""})
    alarm.refresh_from_db()
    assert alarm.verdict == "known"
    assert DetectorSetup.objects.get(key="rejections_rising").baseline_from == alarm.since


def test_the_new_owner_is_told(as_user: SignIn, cmo: User, rep: User) -> None:
    alarm = make_alarm(owner=cmo)
    as_user(cmo).post(reverse("alarm_assign", args=[alarm.pk]), {"owner": rep.pk})
    assert Notice.objects.get(user=rep).event.title == "Alarm given to you: More leads rejected"
    alarm.refresh_from_db()
    assert alarm.owner == rep
    answer = as_user(rep).post(reverse("alarm_assign", args=[alarm.pk]), {"owner": cmo.pk})
    assert answer.status_code == 403


@pytest.mark.parametrize("role", [Role.MARKETER, Role.SUPPORT, Role.REP])
def test_buttons_are_not_shown_to_those_who_may_not_answer(as_user: SignIn, company: Company, role: Role) -> None:
    alarm = make_alarm()
    assert "Add a note" not in open_page(as_user(make.user(role)), "alarm", alarm.pk)
