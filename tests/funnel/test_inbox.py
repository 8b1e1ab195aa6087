"""The inbox: the reader's own leads by clock, answered in one step, taken back within ten seconds."""

from datetime import date, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm.models import Owner
from funnel.handoffs.clock_tick import tick_clocks
from funnel.inbox.rows import by_clock, team_rows
from funnel.models import HandOff, Verdict
from team.models import Role, User
from tests import make
from tests.funnel.handoff_factory import handed, later, local, now, seller, signed

HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def boss(cro: User) -> User:
    return make.user(Role.REP, name="Bea", manager=cro)


@pytest.fixture
def ada(cmo: User, cro: User, boss: User) -> Owner:
    signed(cmo, cro, since=local("2026-01-01T00:00:00"))
    return seller("Ada", boss)


def lead_for(owner: Owner, moment: datetime, **fields: Any) -> HandOff:
    return handed(moment, owner=owner, first_contact_on=date(2026, 11, 2), **fields)


@pytest.fixture
def two(ada: Owner) -> list[HandOff]:
    late = lead_for(ada, later(now(), days=-3), name="Lena")
    return [late, lead_for(ada, later(now(), minutes=-1), name="Max")]


def signed_in(client: Client, owner: Owner) -> Client:
    assert owner.user
    client.force_login(owner.user)
    return client


def test_the_lead_whose_clock_runs_out_first_comes_first(client: Client, ada: Owner, two: list[HandOff]) -> None:
    assert ada.user
    HandOff.objects.filter(pk=two[0].pk).update(due_at=later(now(), days=-1), breached_at=None)
    page = signed_in(client, ada).get("/inbox/")
    words = page.content.decode()
    assert words.index("Lena") < words.index("Max")
    assert "Overdue" in words
    assert "of working time" in words
    HandOff.objects.filter(pk=two[0].pk).update(answered_at=now())
    assert [one.lead.name for one in by_clock(ada.user)] == ["Max", "Lena"]


def test_a_rep_sees_and_answers_their_own_alone(client: Client, ada: Owner, two: list[HandOff], boss: User) -> None:
    other = seller("Ole", boss)
    page = signed_in(client, other).get("/inbox/?whose=team")
    assert "Lena" not in page.content.decode()
    assert client.post(f"/inbox/{two[0].pk}/accept/").status_code == 404
    assert client.get(f"/inbox/{two[0].pk}/reject/").status_code == 404
    assert not Verdict.objects.exists()


@pytest.mark.parametrize("role", ["cmo", "ceo", "cfo", "ops", "marketer"])
def test_who_works_no_leads_has_no_inbox(client: Client, company: Any, role: str) -> None:
    client.force_login(make.user(role))
    assert client.get("/inbox/").status_code == 403


def test_a_manager_sees_the_teams_clocks_by_person(client: Client, two: list[HandOff], boss: User) -> None:
    HandOff.objects.filter(pk=two[0].pk).update(due_at=later(now(), days=-1), breached_at=now())
    client.force_login(boss)
    assert "Lena" not in client.get("/inbox/").content.decode()
    assert "Lena" in client.get("/inbox/?whose=team").content.decode()
    found = team_rows(boss)
    assert [(one.name, one.open, one.overdue, one.met, one.due) for one in found] == [("Ada", 2, 1, 0, 1)]


def test_accept_leaves_a_line_with_an_undo_and_undo_brings_the_lead_back(
    client: Client, ada: Owner, two: list[HandOff]
) -> None:
    said = signed_in(client, ada).post(f"/inbox/{two[1].pk}/accept/", **HTMX).content.decode()
    given = Verdict.objects.get()
    assert "Accepted Max." in said
    assert f"/inbox/verdicts/{given.pk}/undo/" in said
    assert "Max" not in client.get("/inbox/").content.decode()
    back = client.post(f"/inbox/verdicts/{given.pk}/undo/", **HTMX).content.decode()
    assert f'data-back="handoff-{two[1].pk}"' in back
    assert "<html" not in back


def test_what_the_server_refuses_is_said_and_the_row_may_come_back(
    client: Client, ada: Owner, two: list[HandOff]
) -> None:
    signed_in(client, ada).post(f"/inbox/{two[1].pk}/accept/")
    again = client.post(f"/inbox/{two[1].pk}/accept/", **HTMX)
    assert again.status_code == 422
    assert "It already has a verdict." in again.content.decode()
    assert again["HX-Retarget"] == "#said"


def test_without_a_script_everything_is_a_plain_post(client: Client, ada: Owner, two: list[HandOff]) -> None:
    page = signed_in(client, ada).post(f"/inbox/{two[1].pk}/accept/", {"query": "page=1"}, follow=True)
    assert "Accepted Max." in page.content.decode()
    given = Verdict.objects.get()
    assert f"/inbox/verdicts/{given.pk}/undo/" in page.content.decode()
    client.post(f"/inbox/verdicts/{given.pk}/undo/", follow=True)
    given.refresh_from_db()
    assert given.undone_at


def test_a_rejection_chooses_from_the_signed_criteria(client: Client, ada: Owner, two: list[HandOff]) -> None:
    form = signed_in(client, ada).get(f"/inbox/{two[1].pk}/reject/", **HTMX).content.decode()
    criterion = "the stage in the CRM is “mql”"
    assert criterion in form
    nothing = client.post(f"/inbox/{two[1].pk}/reject/", {"after": "recycled"}, **HTMX)
    assert (nothing.status_code, nothing["HX-Retarget"]) == (422, f"#form-{two[1].pk}")
    done = client.post(
        f"/inbox/{two[1].pk}/reject/",
        {"criterion": criterion, "after": "disqualified", "return_on": "2030-01-01"},
        **HTMX,
    )
    assert done.status_code == 200
    given = Verdict.objects.get()
    assert (given.criterion, given.after, given.return_on) == (criterion, "disqualified", None)


def test_a_call_answers_and_a_rating_is_kept(client: Client, ada: Owner, two: list[HandOff]) -> None:
    said = signed_in(client, ada).post(f"/inbox/{two[1].pk}/call/", {"kind": "call", "outcome": "Talked"}, **HTMX)
    assert "hx-swap-oob" in said.content.decode()
    assert "Answered in time" in said.content.decode()
    assert client.post(f"/inbox/{two[1].pk}/rate/", {"rating": "4"}, **HTMX).status_code == 200
    assert client.post(f"/inbox/{two[1].pk}/rate/", {"rating": "6"}, **HTMX).status_code == 422
    two[1].refresh_from_db()
    assert (two[1].rating, two[1].attempts) == (4, 1)


def test_ten_leads_or_twenty_the_same_number_of_questions(
    client: Client, ada: Owner, django_assert_num_queries: Any
) -> None:
    for number in range(3):
        lead_for(ada, later(now(), minutes=-number), name=f"First {number}")
    signed_in(client, ada).get("/inbox/")
    with CaptureQueriesContext(connection) as few:
        client.get("/inbox/")
    for number in range(7):
        lead_for(ada, later(now(), minutes=-number), name=f"Second {number}")
    with django_assert_num_queries(len(few)):
        client.get("/inbox/")


def test_an_empty_inbox_says_why(client: Client, ada: Owner) -> None:
    tick_clocks()
    assert "Your inbox is empty" in signed_in(client, ada).get("/inbox/").content.decode()


def test_a_rep_begins_in_the_inbox(client: Client, ada: Owner) -> None:
    assert signed_in(client, ada).get("/home/")["Location"] == "/inbox/"


def test_a_clock_is_paused_and_goes_on_from_the_row(client: Client, ada: Owner, two: list[HandOff]) -> None:
    page, place = signed_in(client, ada), f"/inbox/{two[1].pk}"
    day = later(now(), days=5).date().isoformat()
    assert page.post(f"{place}/pause/", {"until": day, "reason": ""}).status_code == 422
    answer = page.post(f"{place}/pause/", {"until": day, "reason": "Back from the fair"}, **HTMX)
    assert "The clock of Max is paused: Back from the fair." in answer.content.decode()
    assert "Resume the clock" in answer.content.decode()
    assert HandOff.objects.get(pk=two[1].pk).paused_at
    assert "runs again" in page.post(f"{place}/resume/", **HTMX).content.decode()
    assert page.post(f"{place}/resume/", **HTMX).status_code == 422
    assert HandOff.objects.get(pk=two[1].pk).paused_at is None


def test_a_manager_passes_a_lead_on_from_the_teams_list(
    client: Client, ada: Owner, two: list[HandOff], boss: User, cro: User
) -> None:
    ole = seller("Ole", cro)
    place = f"/inbox/{two[0].pk}/pass/"
    assert "Pass on" not in signed_in(client, ada).get("/inbox/").content.decode()
    assert client.post(place, {"reason": "Not mine"}).status_code == 403
    client.force_login(boss)
    assert place in client.get("/inbox/?whose=team").content.decode()
    answer = client.post(place, {"reason": "Ada is ill", "to": ole.pk, "query": "whose=team"}, **HTMX)
    assert "Lena is with Ole now" in answer.content.decode()
    assert HandOff.objects.open().get(lead=two[0].lead).why == "Passed on from Ada by Bea: Ada is ill"


def test_a_row_says_why_the_lead_was_handed_over(client: Client, ada: Owner, two: list[HandOff]) -> None:
    move = two[0].move
    assert move
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        held = '{"held": {"score is at least 50": 71.25}}'
        cursor.execute("UPDATE funnel_move SET evidence = %s WHERE id = %s", [held, move.pk])
    HandOff.objects.filter(pk=two[0].pk).update(score=71)
    page = signed_in(client, ada).get("/inbox/").content.decode()
    assert "Score 71</strong> at the hand-off, qualified because score is at least 50 (71.25)" in page
    assert "No active score model" in client.get(f"/inbox/{two[0].pk}/why/", **HTMX).content.decode()
