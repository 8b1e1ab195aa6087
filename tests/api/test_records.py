"""Every kind of record is listed and retrieved, by anyone who may see it, and shows exactly what it names."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm import models as crm
from crm.api import record_views
from crm.api.paging import table_identity
from crm.registry import kinds_by_plural
from team.access import RIGHTS
from team.models import Company, Role, User
from tests import make
from tests.api.conftest import Caller, one_of_each

HOUSE_KEEPING = {"changed_xid", "pending", "told", "first_import_id", "last_import_id"}
EVERYBODYS = {"campaigns", "content_assets", "exchange_rates", "owners", "products", "territories", "verticals"}


def test_every_kind_of_record_has_a_list_under_the_name_of_its_fact_table() -> None:
    assert set(record_views()) == {*kinds_by_plural(), "territories"}


@pytest.mark.parametrize("role", Role.values)
def test_every_kind_is_listed_and_retrieved_in_every_role(company: Company, role: str) -> None:
    user = make.user(role)
    caller = Caller(user)
    for kind, row in one_of_each(user).items():
        seen = [row.pk] if kind != "spend" or role in RIGHTS["see_spend"] else []
        listed = caller.rows(kind)
        assert [shown["id"] for shown in listed] == seen, kind
        one = caller.get(f"{kind}/{row.pk}/")
        assert one.status_code == (200 if seen else 404), kind
        assert not seen or one.json() == listed[0], kind


def test_a_deal_shows_money_as_exact_strings_and_times_in_utc(cro: User, caller: Callable[..., Caller]) -> None:
    rows = one_of_each(cro)
    deal = rows["opportunities"]
    shown = caller(cro).get(f"opportunities/{deal.pk}/").json()
    assert shown == {
        "id": deal.pk, "source": "test", "external_id": deal.external_id, "created_at": "2025-03-31T12:00:00Z",
        "modified_at": None, "name": deal.name, "account": rows["accounts"].pk, "contact": rows["contacts"].pk,
        "lead": rows["leads"].pk, "owner": rows["owners"].pk, "product": rows["products"].pk, "product_as_written": "",
        "campaign": rows["campaigns"].pk, "territory": None, "lead_source": "", "pipeline": "", "stage": "", "kind": "",
        "outcome": "won", "outcome_basis": "", "amount": "99.90", "currency": "EUR", "cost": None, "probability": "1.0000",
        "is_new_business": None, "first_contact_on": None, "opened_on": "2025-03-31", "expected_close_on": None,
        "closed_on": "2025-03-31", "closed_at": "2025-03-31T12:00:00Z", "next_step": "", "lost_reason": "", "custom": {},
    }  # fmt: skip


def test_a_session_reads_in_utc_too(cro: User, as_user: Any) -> None:
    cro.time_zone = "Asia/Tokyo"
    cro.save()
    deal = one_of_each(cro)["opportunities"]
    assert as_user(cro).get(f"/api/v1/opportunities/{deal.pk}/").json()["closed_at"] == "2025-03-31T12:00:00Z"


def test_custom_columns_are_shown_as_they_came(cro: User, caller: Callable[..., Caller]) -> None:
    make.lead(custom={"Score (old)": "7", "tags": ["a", "b"]})
    assert caller(cro).rows("leads")[0]["custom"] == {"Score (old)": "7", "tags": ["a", "b"]}


@pytest.fixture
def restricted(company: Company) -> Company:
    company.visibility = Company.Visibility.RESTRICTED
    company.save()
    return company


def test_in_a_restricted_company_a_rep_reads_only_own_rows(restricted: Company, rep: User) -> None:
    own, foreign, caller = one_of_each(rep), one_of_each(make.user(Role.REP)), Caller(rep)
    for kind in set(own) - EVERYBODYS - {"spend"}:
        assert [row["id"] for row in caller.rows(kind)] == [own[kind].pk], kind
        assert caller.get(f"{kind}/{own[kind].pk}/").status_code == 200, kind
        refused = caller.get(f"{kind}/{foreign[kind].pk}/")
        assert refused.status_code == 404, kind
        assert refused.json() == caller.get(f"{kind}/{2**40}/").json(), f"{kind} tells that the row exists"


def test_no_filter_search_or_order_leads_to_a_foreign_row(restricted: Company, rep: User) -> None:
    foreign, caller = one_of_each(make.user(Role.REP)), Caller(rep)
    lead, deal = foreign["leads"], foreign["opportunities"]
    for query in [
        {"owner": lead.owner_id},
        {"search": lead.name},
        {"external_id": lead.external_id},
        {"ordering": "-name"},
    ]:
        assert caller.get("leads/", **query).json()["count"] == 0
    assert caller.get("opportunities/", account=deal.account_id, outcome="won").json()["count"] == 0
    assert caller.get("stage_changes/", opportunity=deal.pk).json()["count"] == 0
    everything = f"1-{table_identity(crm.Invoice)}"
    assert caller.get("invoices/", account=deal.account_id, changed_since=everything).json()["count"] == 0


def test_in_a_restricted_company_a_rep_reads_the_teams_rows(restricted: Company, rep: User, cro: User) -> None:
    theirs = one_of_each(make.user(Role.REP, manager=cro))
    assert [row["id"] for row in Caller(rep).rows("leads")] == [theirs["leads"].pk]


def test_leaders_read_everything_in_a_restricted_company(restricted: Company, rep: User, cmo: User) -> None:
    rows, caller = one_of_each(rep), Caller(cmo)
    assert all(caller.get(f"{kind}/{row.pk}/").status_code == 200 for kind, row in rows.items())


def test_quotas_are_ones_own_even_in_an_open_company(rep: User, cro: User) -> None:
    own, foreign = one_of_each(rep)["quotas"], one_of_each(make.user(Role.REP))["quotas"]
    assert [row["id"] for row in Caller(rep).rows("quotas")] == [own.pk]
    assert Caller(rep).get(f"quotas/{foreign.pk}/").status_code == 404
    assert len(Caller(cro).rows("quotas")) == 2


@pytest.mark.parametrize("kind", sorted(record_views()))
def test_twenty_rows_take_no_more_queries_than_ten(kind: str, restricted: Company, rep: User) -> None:
    caller = Caller(rep)
    counted = []
    for _ in range(2):
        for _ in range(10):
            one_of_each(rep)
        caller.get(f"{kind}/")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert caller.get(f"{kind}/").status_code == 200
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 12


def test_everything_a_kind_holds_is_shown_but_for_our_own_house_keeping() -> None:
    for kind, declared in kinds_by_plural().items():
        shown = set(record_views()[kind].serializer_class.Meta.fields)  # type: ignore[union-attr]
        held = {field.name for field in declared.model._meta.concrete_fields}
        assert held - shown <= HOUSE_KEEPING, kind


def test_a_deleted_record_is_gone(cro: User, caller: Callable[..., Caller]) -> None:
    lead = make.lead()
    asked = caller(cro)
    pk = lead.pk
    lead.delete()
    assert asked.get(f"leads/{pk}/").status_code == 404
    assert crm.Lead.objects.count() == 0
