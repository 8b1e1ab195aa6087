"""Leads as they stood at a moment, from the images that imports keep."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import ibis
import pandas as pd
import pytest

from crm.models import Account, Lead
from facts.engine import open_facts
from facts.refresh import refresh
from imports.history import RecordHistory
from tests import make
from tests.imports.importing import imported

T = datetime(2026, 1, 10, 8, tzinfo=UTC)
DAY = timedelta(days=1)
pytestmark = pytest.mark.usefixtures("company")


def then(asked: dict[Any, datetime], *columns: str) -> dict[int, dict[str, Any]]:
    """Ask for leads at moments of their own."""
    refresh()
    moments = pd.DataFrame({"of_lead": [lead.pk for lead in asked], "asked_at": list(asked.values())})
    facts = open_facts()
    past = RecordHistory(facts, ibis.memtable(moments), columns)
    rows = past.leads
    if "account_id" in columns:
        accounts = past.table("accounts").select(account_key="id", account="name", staff="employees")
        rows = rows.left_join(accounts, rows.account_id == accounts.account_key)
    return {row["id"]: row for row in facts.execute(rows).to_dict("records")}


def test_a_field_is_what_it_was_until_the_import_that_changed_it_began() -> None:
    lead = make.lead(
        status="New", employees=5, custom={"segment": "small"}, annual_revenue=1, first_contact_on=date(2026, 1, 1)
    )
    for day, status in ((10, "Called"), (20, "Won")):
        with imported(T + day * DAY):
            Lead.objects.filter(pk=lead.pk).update(status=status, custom={"segment": status}, employees=day)
    for day, status, staff in ((9, "New", 5), (10, "Called", 10), (19, "Called", 10), (21, "Won", 20)):
        row = then({lead: T + day * DAY}, "status", "employees", "custom", "first_contact_on", "annual_revenue")[
            lead.pk
        ]
        assert (row["status"], row["employees"]) == (status, staff)
        assert ('"small"' in row["custom"]) == (day == 9)
        assert (row["first_contact_on"], row["annual_revenue"]) == (pd.Timestamp("2026-01-01"), 1)


def test_each_lead_is_asked_at_its_own_moment_and_what_left_no_image_is_what_it_is_today() -> None:
    changed, other = make.lead(status="New"), make.lead(status="Old")
    with imported(T):
        Lead.objects.filter(pk=changed.pk).update(status="Won")
    Lead.objects.filter(pk=other.pk).update(status="By hand")
    found = then({changed: T - DAY, other: T - DAY}, "status")
    assert (found[changed.pk]["status"], found[other.pk]["status"]) == ("New", "By hand")


def test_an_empty_value_of_the_past_is_empty_though_there_is_one_today() -> None:
    lead = make.lead(employees=None)
    with imported(T):
        Lead.objects.filter(pk=lead.pk).update(employees=500, status="Won")
    assert pd.isna(then({lead: T - DAY}, "employees")[lead.pk]["employees"])


def test_the_account_is_the_one_of_then_with_the_values_of_then() -> None:
    one, other = make.account(name="One", employees=1), make.account(name="Other", employees=2)
    lead, later = make.lead(account=one), make.lead(account=one)
    with imported(T):
        Lead.objects.filter(pk=lead.pk).update(account=other)
    with imported(T + DAY):
        Account.objects.filter(pk=one.pk).update(employees=100, name="One Ltd")
    found = then({lead: T - DAY, later: T + 2 * DAY}, "account_id")
    assert [(found[who.pk]["account"], found[who.pk]["staff"]) for who in (lead, later)] == [
        ("One", 1),
        ("One Ltd", 100),
    ]
    found = then({lead: T + timedelta(hours=1), later: T}, "account_id")
    assert [(found[who.pk]["account"], found[who.pk]["staff"]) for who in (lead, later)] == [("Other", 2), ("One", 1)]
