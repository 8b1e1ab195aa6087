"""HubSpot: nothing lost and nothing doubled, whatever the search caps, shares a time or moves; its words become ours."""

from datetime import UTC, date, datetime, timedelta

import pytest

from connectors.models import Connector
from core.work import State
from crm import models as crm
from team.models import User
from tests.connectors.conftest import connect, last_import, pull, source_of
from tests.connectors.server import Question, Stage

T = datetime(2026, 11, 1, 9, tzinfo=UTC)


def test_a_first_pull_imports_every_kind(hubspot: Stage, ops: User) -> None:
    source = source_of(hubspot)
    source.put("companies", 900, T, name="Ada Works", domain="ada.example", industry="Machines", hubspot_owner_id="77")
    source.put(
        "contacts", 1, T, firstname="Eve", lastname="Ender", email="Eve@ada.example", associatedcompanyid="900",
        lifecyclestage="marketingqualifiedlead", hs_lead_status="NEW", hubspot_owner_id="77",
        hs_lifecyclestage_marketingqualifiedlead_date="2026-11-01T09:00:00Z",
    )  # fmt: skip
    source.put(
        "deals", 50, T, dealname="Big one", pipeline="default", dealstage="closedwon", amount="1200.50", deal_currency_code="EUR",
        closedate="2025-12-31T23:30:00Z", hs_deal_stage_probability="1.0", dealtype="newbusiness", hubspot_owner_id="77",
    )  # fmt: skip
    source.link("deals", "50", "companies", {901: False, 900: True})
    source.link("deals", "50", "contacts", {1: False})
    source.history["50"] = [
        {"value": "closedwon", "timestamp": "2025-12-31T23:30:00.123Z", "sourceType": "CRM_UI"},
        {"value": "appointmentscheduled", "timestamp": "2025-11-01T08:00:00Z", "sourceType": "CRM_UI"},
    ]
    source.put("tickets", 7, T, subject="It squeaks", hs_pipeline="0", hs_pipeline_stage="4", source_type="EMAIL")
    source.link("tickets", "7", "companies", {900: True})
    source.put("calls", 300, T, hs_timestamp="2026-10-01T10:00:00Z", hs_call_title="First call",
               hs_call_disposition="f240bbac-87c9-4f6e-bf70-924b57d47db7", hubspot_owner_id="77")  # fmt: skip
    source.link("calls", "300", "contacts", {1: False})
    source.link("calls", "300", "deals", {50: False})

    done = pull(connect(hubspot, ops))

    assert (done.state, done.notes, done.last_error) == (State.DONE, [], "")
    owner = crm.Owner.objects.get()
    assert (owner.external_id, owner.name, owner.is_active) == ("ann@example.com", "Ann Able", True)
    company = crm.Account.objects.get()
    assert (company.external_id, company.domain, company.owner) == ("900", "ada.example", owner)
    contact = crm.Contact.objects.get()
    assert (contact.email, contact.account, contact.lifecycle_stage, contact.status) == (
        "eve@ada.example", company, "Marketing Qualified Lead", "New",
    )  # fmt: skip
    lead = crm.Lead.objects.get()
    assert lead.contact == contact
    reached = lead.stage_changes.get()
    assert (reached.track, reached.stage, reached.entered_at) == ("lifecycle", "Marketing Qualified Lead", T)
    deal = crm.Opportunity.objects.get()
    assert (deal.stage, deal.pipeline, deal.outcome, deal.amount) == ("Gewonnen", "Sales Pipeline", "won", 1200.5)
    assert (deal.account, deal.contact, deal.owner, deal.probability) == (company, contact, owner, 1)
    assert deal.closed_on == date(2026, 1, 1), "by the clock of Berlin, where the new year had begun"
    moves = deal.stage_changes.order_by("entered_at").values_list("pipeline", "stage", "entered_at")
    assert list(moves) == [
        ("Sales Pipeline", "Termin", datetime(2025, 11, 1, 8, tzinfo=UTC)),
        ("Sales Pipeline", "Gewonnen", datetime(2025, 12, 31, 23, 30, 0, 123000, tzinfo=UTC)),
    ]
    ticket = crm.Enquiry.objects.get()
    assert (ticket.name, ticket.status, ticket.pipeline, ticket.account) == (
        "It squeaks",
        "Closed",
        "Support Pipeline",
        company,
    )
    call = crm.Activity.objects.get()
    assert (call.kind, call.outcome, call.contact, call.opportunity) == ("Call", "Connected", contact, deal)


def test_a_deal_lost_by_no_decision_is_told_from_one_that_was_lost(hubspot: Stage, ops: User) -> None:
    for key, stage in enumerate(["closedlost", "79964941", "contractsent"], 1):
        source_of(hubspot).put("deals", key, T, dealname=stage, dealstage=stage)
    pull(connect(hubspot, ops, kinds=["deals"]))
    found = dict(crm.Opportunity.objects.values_list("name", "outcome"))
    assert found == {"closedlost": "lost", "79964941": "no_decision", "contractsent": "open"}


def test_only_what_changed_comes_with_the_next_pull(hubspot: Stage, ops: User) -> None:
    source = source_of(hubspot)
    for key in range(1, 6):
        source.put("contacts", key, T + timedelta(hours=key), email=f"p{key}@example.com", firstname=f"P{key}")
    connector = connect(hubspot, ops, kinds=["contacts"])
    assert pull(connector).done_units == 5
    source.now += timedelta(hours=1)
    source.put("contacts", 3, firstname="Petra")
    second = pull(connector)
    assert second.done_units == 1
    assert crm.Contact.objects.get(external_id="3").first_name == "Petra"
    assert crm.Contact.objects.count() == crm.Lead.objects.count() == 5


def test_a_quiet_source_starts_no_import(hubspot: Stage, ops: User) -> None:
    """What is in the overlap was seen by the last pull, so nothing is imported and nothing is computed again."""
    source = source_of(hubspot)
    source.put("contacts", 1, firstname="Eve", email="eve@example.com")
    connector = connect(hubspot, ops, kinds=["contacts"])
    first = pull(connector)
    assert first.run == last_import()
    source.now += timedelta(minutes=5)
    second = pull(connector)
    assert (second.state, second.done_units, second.run) == (State.DONE, 0, None)


def test_what_shows_up_late_is_caught_by_the_overlap(hubspot: Stage, ops: User) -> None:
    source = source_of(hubspot)
    source.put("contacts", 1, firstname="Eve", email="eve@example.com")
    connector = connect(hubspot, ops, kinds=["contacts"])
    pull(connector)
    source.put("contacts", 2, source.now - timedelta(minutes=3), firstname="Late", email="late@example.com")
    source.now += timedelta(hours=1)
    assert pull(connector).done_units == 1
    assert crm.Contact.objects.filter(first_name="Late").exists()


@pytest.mark.parametrize("together", [1, 3, 10, 23, 200])
def test_no_cap_and_no_shared_time_loses_or_doubles_a_row(
    hubspot: Stage, ops: User, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    """Scaled: 10 to a page, 40 to a query; 120 rows of which `together` at a time share one."""
    monkeypatch.setattr("connectors.vendors.hubspot.reader.PAGE_SIZE", 10)
    source = source_of(hubspot)
    source.cap = 40
    for key in range(1, 121):
        source.put(
            "contacts",
            key,
            T + timedelta(milliseconds=key // together),
            email=f"p{key}@example.com",
            firstname=f"P{key}",
        )
    done = pull(connect(hubspot, ops, kinds=["contacts"]))
    assert done.done_units == 120, "each row was read once"
    assert crm.Contact.objects.count() == 120
    assert last_import().counts["repeated"] == 0
    assert not any("after" in question.json for question in source.asked("/search"))


def test_what_changes_while_we_read_is_neither_lost_nor_pushes_others_out(
    hubspot: Stage, ops: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With pages by position, each change would move the rows behind it up and one would slip past."""
    monkeypatch.setattr("connectors.vendors.hubspot.reader.PAGE_SIZE", 10)
    source = source_of(hubspot)
    for key in range(1, 61):
        source.put("contacts", key, T + timedelta(seconds=key), email=f"p{key}@example.com", firstname="old")
    changed = iter(range(1, 61))

    def change_one(question: Question) -> None:
        if question.path.endswith("/search"):
            source.put("contacts", next(changed), source.now + timedelta(seconds=1), firstname="new")

    source.after = change_one
    connector = connect(hubspot, ops, kinds=["contacts"])
    pull(connector)
    source.after = lambda question: None
    there = {key for key, row in source.records["contacts"].items()}
    seen_now = set(crm.Contact.objects.values_list("external_id", flat=True))
    source.now += timedelta(hours=1)
    pull(connector)
    assert set(crm.Contact.objects.values_list("external_id", flat=True)) == there
    assert len(seen_now) >= 54, "at most the few that moved behind the window wait for the next pull"
    new = {key for key, row in source.records["contacts"].items() if row["firstname"] == "new"}
    assert set(crm.Contact.objects.filter(first_name="new").values_list("external_id", flat=True)) == new


def test_properties_of_their_own_are_kept_under_their_label(hubspot: Stage, ops: User) -> None:
    source = source_of(hubspot)
    source.custom["contacts"] = [
        {"name": "fav_colour", "label": "Favourite colour", "type": "enumeration", "hubspotDefined": False,
         "options": [{"value": "r", "label": "Red"}, {"value": "b", "label": "Blue"}]},
        {"name": "email_2", "label": "E-Mail", "type": "string", "hubspotDefined": False, "options": []},
        {"name": "hidden_one", "label": "Hidden", "type": "string", "hubspotDefined": False, "hidden": True, "options": []},
    ]  # fmt: skip
    source.put("contacts", 1, T, email="eve@example.com", fav_colour="r;b", email_2="other@example.com", hidden_one="x")
    pull(connect(hubspot, ops, kinds=["contacts"]))
    contact = crm.Contact.objects.get()
    assert contact.email == "eve@example.com"
    assert contact.custom["Favourite colour"] == "Red;Blue"
    assert contact.custom["E-Mail (email_2)"] == "other@example.com"
    assert "Hidden" not in contact.custom


def test_what_hubspot_deleted_or_merged_is_gone_here_too(hubspot: Stage, ops: User) -> None:
    source = source_of(hubspot)
    for key in range(1, 5):
        source.put("deals", key, T, dealname=f"Deal {key}", dealstage="contractsent")
        source.history[str(key)] = [{"value": "contractsent", "timestamp": "2026-10-01T08:00:00Z"}]
    connector = connect(hubspot, ops, kinds=["deals"])
    pull(connector)
    source.now += timedelta(days=1)
    source.archive("deals", 1)
    del source.records["deals"]["2"]
    source.put("deals", 3, hs_merged_object_ids="2")
    done = pull(connector)
    assert (done.state, done.gone) == (State.DONE, 2)
    assert set(crm.Opportunity.objects.values_list("external_id", flat=True)) == {"3", "4"}
    assert set(crm.StageChange.objects.values_list("opportunity__external_id", flat=True)) == {"3", "4"}


def test_an_object_that_is_closed_to_us_is_left_out_with_a_word(hubspot: Stage, ops: User) -> None:
    source = source_of(hubspot)
    source.put("contacts", 1, T, email="eve@example.com")
    source.closed.add("tickets")
    connector = connect(hubspot, ops, kinds=["contacts", "tickets"])
    done = pull(connector)
    assert done.state == State.DONE
    assert done.notes == ["Tickets left out: This app hasn't been granted all required scopes to read tickets"]
    connector = Connector.objects.get()
    assert connector.pulled_until("contacts") == source.now
    assert connector.pulled_until("tickets") is None
    assert connector.complete_until == source.now, "what is closed to us does not count as lag"
