"""What Marketing sees of the verdicts: counts by part, the backlog that it answers, contests, who answers how soon."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from core import periods
from funnel.models import Answer, HandOff, Verdict
from funnel.verdicts import actions
from funnel.verdicts.report import CUTS, count_by_part, criticism_backlog, rep_figures, verdicts_given
from notify.models import Notice
from team.models import User
from tests import make
from tests.conftest import proven
from tests.funnel.handoff_factory import handed, later, local, now, seller, signed

RESPONSES = "the number of touches whose response is yes in the last 90 days is at least 3"
ALL = periods.Period()


@pytest.fixture
def said(cmo: User, cro: User, cfo: User) -> dict[str, Any]:
    """Pink: one of three accepted, with 300 spent; blue: its one is rejected, with 900 spent."""
    signed(cmo, cro, since=local("2026-01-01T00:00:00"))
    ada = seller("Ada", cro)
    pink, blue = make.campaign(name="Pink"), make.campaign(name="Blue")
    make.spend(campaign=pink, amount=Decimal(300), spent_on=date(2026, 11, 1))
    make.spend(campaign=blue, amount=Decimal(900), spent_on=date(2026, 11, 1))
    handoffs = [
        handed(
            later(now(), minutes=-20), name=f"Lead {place}", owner=ada, campaign=campaign, persona=persona,
            lead_source="web", first_contact_on=date(2026, 11, 2),
        )
        for place, (campaign, persona) in enumerate([(pink, "CFO"), (pink, "CTO"), (pink, "CTO"), (blue, "CFO")])
    ]  # fmt: skip
    assert ada.user
    HandOff.objects.filter(pk=handoffs[0].pk).update(score=85)
    actions.accept_lead(by=ada.user, handoff=handoffs[0], rating=5)
    for one in handoffs[1:]:
        actions.reject_lead(by=ada.user, handoff=one, criterion=RESPONSES)
    return {"rep": ada.user, "pink": pink, "blue": blue, "handoffs": handoffs}


def test_verdicts_by_each_cut(said: dict[str, Any], cmo: User) -> None:
    def counts(cut: str) -> list[tuple[str, int, int, int]]:
        return [
            (one.name, one.n, one.accepted, one.rejected)
            for one in count_by_part(cmo, verdicts_given(cmo, ALL), CUTS[cut])
        ]

    assert counts("campaign") == [("Pink", 3, 1, 2), ("Blue", 1, 0, 1)]
    assert counts("source") == [("web", 4, 1, 3)]
    assert counts("persona") == [("CTO", 2, 0, 2), ("CFO", 2, 1, 1)]
    assert counts("score") == [("No score", 3, 0, 3), ("80 and more", 1, 1, 0)]
    assert counts("criterion") == [(RESPONSES, 3, 0, 3)]


def test_what_was_undone_or_is_of_another_period_is_not_counted(said: dict[str, Any], cmo: User) -> None:
    first = Verdict.objects.order_by("pk").first()
    assert first
    actions.undo_verdict(by=said["rep"], verdict=first)
    assert verdicts_given(cmo, ALL).count() == 3
    assert not verdicts_given(cmo, periods.Period(date(2020, 1, 1), date(2020, 12, 31))).exists()


def test_a_rep_sees_their_own_alone(said: dict[str, Any], cro: User) -> None:
    other = seller("Ole", cro)
    assert other.user
    assert not verdicts_given(other.user, ALL).exists()
    assert verdicts_given(said["rep"], ALL).count() == 4


def test_the_backlog_is_ranked_by_what_the_leads_had_cost_or_by_number(said: dict[str, Any], cmo: User) -> None:
    found = criticism_backlog(verdicts_given(cmo, ALL), cmo)
    assert [(one.campaign, one.n, one.worth) for one in found] == [("Blue", 1, Decimal(900)), ("Pink", 2, Decimal(200))]
    assert [one.campaign for one in criticism_backlog(verdicts_given(cmo, ALL), cmo, "count")] == ["Pink", "Blue"]
    assert {one.worth for one in criticism_backlog(verdicts_given(said["rep"], ALL), said["rep"])} == {None}


def test_marketing_answers_all_of_a_kind_and_the_rep_is_told_once(
    client: Client, said: dict[str, Any], cmo: User
) -> None:
    ids = [one.pk for one in Verdict.objects.filter(lead__campaign=said["pink"], answer="rejected")]
    client.force_login(cmo)
    post = {"verdicts": ",".join(map(str, ids)), "words": "We no longer count free downloads."}
    client.post("/verdicts/answer/", post)
    client.post("/verdicts/answer/", post)
    assert Answer.objects.count() == 2
    assert Notice.objects.filter(user=said["rep"], event__kind="funnel.answered").count() == 1
    assert [one.waits for one in criticism_backlog(verdicts_given(cmo, ALL), cmo)] == [1, 0]
    client.force_login(said["rep"])
    assert client.post("/verdicts/answer/", post).status_code == 403


def test_the_same_answer_sent_again_is_given_once(client: Client, said: dict[str, Any], cmo: User) -> None:
    """The API has no key of a form: a client that heard nothing sends its request again."""
    client.force_login(cmo)
    ids = [one.pk for one in Verdict.objects.filter(answer="rejected")]
    answers = [
        client.post("/api/v1/answers/", {"verdicts": ids, "words": "Done."}, content_type="application/json")
        for _ in range(2)
    ]
    assert [one.status_code for one in answers] == [201, 201]
    assert sorted(one["id"] for one in answers[0].json()) == sorted(one["id"] for one in answers[1].json())
    assert Answer.objects.count() == len(ids)
    assert Notice.objects.filter(user=said["rep"], event__kind="funnel.answered").count() == 1


def test_a_marketer_answers_what_the_backlog_counts_in_a_restricted_company(
    client: Client, said: dict[str, Any], cro: User, company: Any
) -> None:
    """The leads are not theirs to read, but the criticism of them is theirs to answer."""
    bob = seller("Bob", cro)
    assert bob.user
    for place, campaign in enumerate(["blue"] * 5 + ["pink"] * 3):  # enough of each to be shown
        one = handed(later(now(), minutes=-20), name=f"Secret {place}", owner=bob, campaign=said[campaign])
        actions.reject_lead(by=bob.user, handoff=one, criterion=RESPONSES)
    company.visibility = company.Visibility.RESTRICTED
    company.save()
    client.force_login(make.user("marketer"))
    page = client.get("/verdicts/?period=all")
    assert [one.waits for one in page.context["backlog"]] == [6, 5]
    criticism = page.context["backlog"][0]
    post = {"verdicts": ",".join(map(str, criticism.ids)), "words": "Fewer free downloads."}
    done = client.post("/verdicts/answer/", post, follow=True)
    assert done.status_code == 200
    assert "The people who gave these verdicts have been notified" in done.content.decode()
    assert "Told:" not in done.content.decode()
    assert "Secret" not in done.content.decode()
    assert Answer.objects.count() == 6
    assert Notice.objects.filter(user=bob.user, event__kind="funnel.answered").count() == 1
    assert client.get(f"/api/v1/answers/?verdict={criticism.ids[0]}").json()["count"] == 0


def test_a_rejection_is_contested_and_the_arbiter_rules(
    client: Client, said: dict[str, Any], cmo: User, cfo: User
) -> None:
    found = Verdict.objects.filter(answer="rejected").order_by("pk")[0]
    Verdict.objects.filter(pk=found.pk).update(settled_at=timezone.now())
    client.force_login(cmo)
    client.post(f"/verdicts/{found.pk}/contest/", {"words": "It had four responses."})
    contested = Answer.objects.get(is_contest=True)
    client.post(f"/verdicts/contests/{contested.pk}/rule/", {"decision": "upheld", "ruling": "No"})
    contested.refresh_from_db()
    assert not contested.ruled_at
    client.force_login(cfo)
    assert (
        client.post(f"/verdicts/contests/{contested.pk}/rule/", {"decision": "upheld", "ruling": "No"}).url
        != "/verdicts/"
    )
    contested.refresh_from_db()
    assert not contested.ruled_at
    proven(client, cfo)
    assert "It had four responses." in client.get("/verdicts/").content.decode()
    client.post(f"/verdicts/contests/{contested.pk}/rule/", {"decision": "upheld", "ruling": "Counted twice."})
    contested.refresh_from_db()
    assert contested.decision == "upheld"
    assert "Counted twice." in client.get("/verdicts/").content.decode()


def test_who_answers_and_how_soon(said: dict[str, Any], cmo: User) -> None:
    handed(
        later(now(), minutes=-5), name="Waits", owner=said["handoffs"][0].to_owner, first_contact_on=date(2026, 11, 2)
    )
    (one,) = rep_figures(cmo, ALL)
    assert (one.name, one.handed, one.judged, one.rate) == ("Ada", 5, 4, 0.8)
    assert one.seconds == pytest.approx(20 * 60, abs=30)


def test_the_page_drills_to_the_leads(client: Client, said: dict[str, Any], cmo: User) -> None:
    client.force_login(cmo)
    for cut in CUTS:
        assert client.get(f"/verdicts/?by={cut}&period=all").status_code == 200
    page = client.get("/verdicts/?period=all").content.decode()
    assert "Pink" in page
    assert "of 4 leads" in page
    behind = client.get(
        f"/verdicts/leads/?by=campaign&part={said['pink'].pk}&answer=rejected&period=all"
    ).content.decode()
    assert "2 verdicts" in behind
    assert "Lead 1" in behind
    assert "Lead 3" not in behind
    assert client.get("/verdicts/leads/?by=nothing").status_code == 404
    assert client.get("/verdicts/?from=2026-13-01").status_code == 400


def test_the_finding_names_a_criterion_not_what_was_said_in_other_words(
    client: Client, said: dict[str, Any], cmo: User
) -> None:
    Verdict.objects.filter(answer="rejected", lead__campaign=said["pink"]).update(criterion="", note="No money")
    client.force_login(cmo)
    body = client.get("/verdicts/?by=criterion&period=all").content.decode()
    assert f"what fails most often: {RESPONSES} (1)." in body
    assert "Other reason" in body
    assert "(blank)" not in body
