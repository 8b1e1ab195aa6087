"""Pipedrive: cursors, the log of stages, what was deleted, leads by position."""

from datetime import UTC, date, datetime, timedelta

import pytest

from core.work import State
from crm import models as crm
from team.models import User
from tests.connectors.conftest import connect, last_import, pull, source_of
from tests.connectors.pipedrive import stamp
from tests.connectors.server import Stage

T = datetime(2026, 11, 1, 9, tzinfo=UTC)
FIELD = "d4de1c1518b4531717c676029a45911c340390a6"


def test_a_first_pull_imports_every_kind(pipedrive: Stage, ops: User) -> None:
    source = source_of(pipedrive)
    source.put("organizations", 5, T, name="Ada Works", owner_id=11, website="https://ada.example", address={"value": "Ring 1, Wien", "country": "Austria", "locality": "Wien"})  # fmt: skip
    source.put("persons", 6, T, name="Eve Ender", first_name="Eve", last_name="Ender", org_id=5, owner_id=11, job_title="CTO",
               emails=[{"value": "old@ada.example", "primary": False}, {"value": "Eve@ada.example", "primary": True}])  # fmt: skip
    source.put("products", 8, T, name="Drill", category="Tools", prices=[{"price": 99.5, "currency": "EUR"}])
    source.put("leads", "adf21080-0e10-11eb", T, title="Ada lead", owner_id=11, person_id=6, organization_id=5,
               value={"amount": 100, "currency": "EUR"}, is_archived=False)  # fmt: skip
    source.fields["dealFields"] = [
        {"field_code": FIELD, "field_name": "Reach", "field_type": "enum", "is_custom_field": True,
         "options": [{"id": 31, "label": "Far"}, {"id": 32, "label": "Near"}]},
        {"field_code": "channel", "field_name": "Channel", "is_custom_field": False, "options": [{"id": 4, "label": "Fair"}]},
    ]  # fmt: skip
    source.put(
        "deals", 9, T, title="Big one", owner_id=11, org_id=5, person_id=6, pipeline_id=1, stage_id=3, value=1200.5, currency="EUR",
        status="won", won_time="2025-12-31T23:30:00Z", close_time="2025-12-31T23:30:00Z", probability=80, channel=4,
        add_time="2025-10-01T08:00:00Z", stage_change_time="2025-11-03T08:00:00Z", source_lead_id="adf21080-0e10-11eb",
        custom_fields={FIELD: {"type": "enum", "id": 32}},
    )  # fmt: skip
    source.move(9, 1, 2, datetime(2025, 10, 20, 8, tzinfo=UTC))
    source.move(9, 2, 3, datetime(2025, 11, 3, 8, tzinfo=UTC))
    source.change(9, "status", "open", "won", datetime(2025, 12, 31, 23, 30, tzinfo=UTC))
    source.put("activities", 20, T, subject="First call", type="call", owner_id=11, deal_id=9, person_id=6, org_id=5, done=True,
               due_date="2025-10-02", marked_as_done_time="2025-10-02T09:00:00Z")  # fmt: skip

    done = pull(connect(pipedrive, ops))

    assert (done.state, done.notes, done.last_error) == (State.DONE, [], "")
    assert {file.kind for file in last_import().files.all()} == {
        "users", "organizations", "people", "products", "leads", "deals", "deal stage history", "activities",
    }  # fmt: skip
    owner = crm.Owner.objects.get()
    company = crm.Account.objects.get()
    assert (company.name, company.domain, company.country, company.city, company.owner) == (
        "Ada Works", "ada.example", "Austria", "Wien", owner,
    )  # fmt: skip
    person = crm.Contact.objects.get()
    assert (person.email, person.account, person.title) == ("eve@ada.example", company, "CTO")
    assert (crm.Product.objects.get().list_price, crm.Product.objects.get().currency) == (99.5, "EUR")
    lead = crm.Lead.objects.get()
    assert (lead.name, lead.email, lead.company_name, lead.contact, lead.status) == (
        "Eve Ender", "eve@ada.example", "Ada Works", person, "Open",
    )  # fmt: skip
    deal = crm.Opportunity.objects.get()
    assert (deal.stage, deal.pipeline, deal.outcome, deal.amount, deal.currency) == (
        "Zusage",
        "Vertrieb",
        "won",
        1200.5,
        "EUR",
    )
    assert (deal.account, deal.contact, deal.owner, deal.lead, deal.lead_source) == (
        company,
        person,
        owner,
        lead,
        "Fair",
    )
    assert (deal.closed_on, deal.custom["Deal - Reach"]) == (date(2026, 1, 1), "Near")
    moves = deal.stage_changes.order_by("entered_at").values_list("pipeline", "stage", "entered_at")
    assert list(moves) == [
        ("Vertrieb", "Neu", datetime(2025, 10, 1, 8, tzinfo=UTC)),
        ("Vertrieb", "Angebot", datetime(2025, 10, 20, 8, tzinfo=UTC)),
        ("Vertrieb", "Zusage", datetime(2025, 11, 3, 8, tzinfo=UTC)),
        ("", "won", datetime(2025, 12, 31, 23, 30, tzinfo=UTC)),
    ]
    call = crm.Activity.objects.get()
    assert (call.kind, call.status, call.opportunity, call.contact, call.owner) == ("call", "Done", deal, person, owner)


def test_a_deal_that_never_moved_has_the_stage_it_began_in(pipedrive: Stage, ops: User) -> None:
    source_of(pipedrive).put("deals", 1, T, title="New", stage_id=2, status="open")
    pull(connect(pipedrive, ops, kinds=["deals"]))
    assert list(crm.StageChange.objects.values_list("stage", "entered_at")) == [("Angebot", T)]


def test_pages_by_cursor_lose_and_double_nothing(pipedrive: Stage, ops: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.vendors.pipedrive.reader.PAGE_SIZE", 10)
    source = source_of(pipedrive)
    for key in range(1, 96):
        source.put("persons", key, T + timedelta(seconds=key // 30), name=f"P{key}")
    done = pull(connect(pipedrive, ops, kinds=["persons"]))
    assert (done.done_units, crm.Contact.objects.count()) == (95, 95)


def test_a_stale_cursor_goes_on_from_the_last_time_seen(
    pipedrive: Stage, ops: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.vendors.pipedrive.reader.PAGE_SIZE", 10)
    source = source_of(pipedrive)
    for key in range(1, 41):
        source.put("persons", key, T + timedelta(seconds=key), name=f"P{key}")
    source.stale = 1
    done = pull(connect(pipedrive, ops, kinds=["persons"]))
    assert (done.state, crm.Contact.objects.count()) == (State.DONE, 40)
    assert done.done_units == 41, "only what shares that time comes twice"


def test_the_logs_of_many_deals_are_read_in_turns(pipedrive: Stage, ops: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.vendors.pipedrive.reader.PAGE_SIZE", 10)
    monkeypatch.setattr("connectors.vendors.pipedrive.reader.LOG_SIZE", 3)
    monkeypatch.setattr("connectors.vendors.pipedrive.reader.LOG_SECONDS", 0.01)
    source = source_of(pipedrive)
    for key in range(1, 26):
        source.put(
            "deals",
            key,
            T + timedelta(seconds=key),
            title=f"D{key}",
            stage_id=3,
            status="open",
            stage_change_time=stamp(T),
        )
        source.move(key, 1, 2, T)
        source.move(key, 2, 3, T + timedelta(minutes=1))
    done = pull(connect(pipedrive, ops, kinds=["deals"]))
    assert done.state == State.DONE
    assert crm.Opportunity.objects.count() == 25
    assert crm.StageChange.objects.count() == 75


def test_only_deals_that_moved_have_their_log_read_again(pipedrive: Stage, ops: User) -> None:
    source = source_of(pipedrive)
    for key in (1, 2):
        source.put("deals", key, T, title=f"D{key}", stage_id=1, status="open", stage_change_time=None)
    connector = connect(pipedrive, ops, kinds=["deals"])
    pull(connector)
    source.log.clear()
    source.now += timedelta(days=1)
    source.put("deals", 1, title="Renamed")
    source.put("deals", 2, stage_id=2, stage_change_time=stamp(source.now - timedelta(minutes=1)))
    source.move(2, 1, 2, source.now - timedelta(minutes=1))
    pull(connector)
    assert [question.path for question in source.asked("/flow")] == ["/v1/deals/2/flow"]
    assert list(crm.StageChange.objects.filter(opportunity__external_id="2").order_by("entered_at").values_list("stage", flat=True)) == ["Neu", "Angebot"]  # fmt: skip


def test_a_deleted_deal_is_gone_here_too(pipedrive: Stage, ops: User) -> None:
    source = source_of(pipedrive)
    for key in (1, 2):
        source.put("deals", key, T, title=f"D{key}", stage_id=1, status="open")
    connector = connect(pipedrive, ops, kinds=["deals"])
    pull(connector)
    source.now += timedelta(hours=1)
    source.put("deals", 1, is_deleted=True, status="deleted")
    done = pull(connector)
    assert (done.gone, done.done_units) == (1, 0)
    assert crm.Opportunity.objects.get().external_id == "2"
    assert crm.StageChange.objects.get().opportunity.external_id == "2"


def test_leads_are_read_back_to_where_the_last_pull_ended(
    pipedrive: Stage, ops: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.vendors.pipedrive.reader.PAGE_SIZE", 10)
    source = source_of(pipedrive)
    for key in range(60):
        source.put("leads", f"lead-{key}", T + timedelta(minutes=key), title=f"L{key}")
    connector = connect(pipedrive, ops, kinds=["leads"])
    pull(connector)
    assert crm.Lead.objects.count() == 60
    source.log.clear()
    source.now += timedelta(days=1)
    source.put("leads", "lead-3", title="Renamed")
    assert pull(connector).done_units == 1
    assert len(source.asked("/v1/leads")) == 1, "the second page is older than the window"
    assert crm.Lead.objects.get(external_id="lead-3").name == "Renamed"
