"""The pages of routing: rules in order, capacities, absences; for ops and the chief of Sales."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agreements.models import company_today
from funnel.models import Absence, Capacity, HandOff, RoutingRule
from funnel.routing import actions
from team.models import User
from tests import make
from tests.funnel.handoff_factory import handed, now, seller, signed


def names() -> list[str]:
    return list(RoutingRule.objects.values_list("how", flat=True))


def test_only_ops_and_the_chief_of_sales_decide(as_user: Any, cmo: User, rep: User, cro: User, ops: User) -> None:
    for user, status in ((cmo, 403), (rep, 403), (cro, 200), (ops, 200)):
        assert as_user(user).get("/funnel/routing/").status_code == status
    with pytest.raises(PermissionDenied):
        actions.save_rule(by=cmo, name="Mine", how="everybody")


def test_the_order_is_taken_over_and_changed(as_user: Any, cro: User) -> None:
    page = as_user(cro)
    assert "You have no rules yet" in page.get("/funnel/routing/").content.decode()
    page.post("/funnel/routing/default/")
    assert names() == ["account_owner", "lead_owner", "territory", "everybody"]
    rule = RoutingRule.objects.get(how="territory")
    page.post("/funnel/routing/up/", {"rule": rule.pk})
    assert names() == ["account_owner", "territory", "lead_owner", "everybody"]
    page.post("/funnel/routing/remove/", {"rule": rule.pk})
    assert names() == ["account_owner", "lead_owner", "everybody"]
    assert page.post("/funnel/routing/nothing/").status_code == 404


def test_a_segment_is_built_in_the_form(as_user: Any, cro: User) -> None:
    bob = seller("Bob", cro)
    row = {"what": "employees", "compare": ">=", "value": "500"}
    posted = {
        "name": "Large", "how": "segment", "people": [bob.pk], "is_active": "on", "buyers": "leads", "criteria-groups": "1",
        "criteria-g0-rows": "1", "criteria-g0-join": "all", **{f"criteria-g0-r0-{name}": value for name, value in row.items()},
    }  # fmt: skip
    page = as_user(cro)
    assert page.post("/funnel/routing/new/", {**posted, "people": []}).status_code == 422
    assert page.post("/funnel/routing/new/", posted).status_code == 302
    rule = RoutingRule.objects.get()
    assert "Leads whose employees is at least 500: Bob, by capacity" in page.get("/funnel/routing/").content.decode()
    assert 'value="500"' in page.get(f"/funnel/routing/{rule.pk}/").content.decode()


def test_capacities_and_absences(as_user: Any, cro: User) -> None:
    ada = seller("Ada", cro)
    page = as_user(cro)
    page.post("/funnel/routing/capacity/", {"owner": ada.pk, "per_day": "3", "per_week": ""})
    assert list(Capacity.objects.values_list("per_day", "per_week")) == [(3, None)]
    page.post("/funnel/routing/capacity/", {"owner": ada.pk, "per_day": "", "per_week": ""})
    assert not Capacity.objects.exists()
    day = company_today().isoformat()
    assert (
        "Ada gets no leads until"
        in page.post(
            "/funnel/routing/away/", {"owner": ada.pk, "starts_on": day, "ends_on": day}, follow=True
        ).content.decode()
    )
    assert (
        "or before today"
        in page.post(
            "/funnel/routing/away/", {"owner": ada.pk, "starts_on": "2020-01-01", "ends_on": "2020-01-02"}, follow=True
        ).content.decode()
    )
    page.post("/funnel/routing/back/", {"absence": Absence.objects.get().pk})
    assert not Absence.objects.exists()


def test_one_notes_ones_own_absence_and_no_one_elses(cro: User, rep: User) -> None:
    mine, other = make.owner(user=rep), seller("Ada")
    assert actions.note_absence(by=rep, owner=mine, starts_on=company_today(), ends_on=company_today())
    assert actions.note_absence(by=cro, owner=mine, starts_on=company_today(), ends_on=company_today())
    assert Absence.objects.count() == 1, "the same days are noted once"
    with pytest.raises(PermissionDenied):
        actions.note_absence(by=rep, owner=other, starts_on=company_today(), ends_on=company_today())


def test_ten_owners_or_thirty_ask_the_same(as_user: Any, cro: User) -> None:
    page, counts = as_user(cro), []
    page.get("/funnel/routing/")
    for many in (10, 20):
        for _ in range(many):
            Capacity.objects.create(owner=make.owner(), per_week=3)
        with CaptureQueriesContext(connection) as asked:
            page.get("/funnel/routing/")
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_a_lead_is_tried_against_the_rules_and_nothing_is_handed_over(as_user: Any, cro: User) -> None:
    page, ada = as_user(cro), seller("Ada", cro)
    owned = make.lead(name="Zoe Zimmer", owner=ada)
    make.lead(name="Zoe Zander")
    both = page.get("/funnel/routing/?words=zoe").content.decode()
    assert f"?lead={owned.pk}" in both
    assert "Zoe Zander" in both
    said = page.get("/funnel/routing/?words=zimmer", HTTP_HX_REQUEST="true").content.decode()
    assert "<strong>Ada</strong> would get Zoe Zimmer: Ada owns the lead in the CRM." in said
    assert "It belongs to no account" in said
    assert "Not used: “Its owner in the CRM” decided" in said
    assert "<html" not in said
    assert "No lead has this name" in page.get("/funnel/routing/?words=no one").content.decode()
    assert not HandOff.objects.exists()


def test_who_takes_none_is_told_apart(as_user: Any, cro: User) -> None:
    ada, ben = seller("Ada", cro), seller("Ben", cro)
    make.owner(name="Mo Marketer", user=make.user("marketer"))
    actions.set_capacity(by=cro, owner=ben, per_day=None, per_week=0)
    actions.note_absence(by=cro, owner=ada, starts_on=company_today(), ends_on=company_today())
    page = as_user(cro).get("/funnel/routing/").content.decode()
    for words in ("Away until", "Takes none", "No lead was handed over this week yet"):
        assert words in page
    assert "<strong>Mo Marketer" not in page


def test_the_page_says_who_got_how_many_this_week_and_why(as_user: Any, cmo: User, cro: User) -> None:
    seller("Ada", cro)
    signed(cmo, cro, since=now() - timedelta(days=8))
    lead = handed(now()).lead
    page = as_user(cro).get("/funnel/routing/").content.decode()
    assert "1 lead went to Ada this week." in page
    assert f'href="/leads/{lead.pk}/"' in page
    assert "turn by capacity (lead 1 of 20 this week)" in page
