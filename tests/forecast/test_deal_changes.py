"""What Accord records of a deal with each write, whatever wrote it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from core.work import run_claimed
from crm.models import DealChange, Opportunity
from imports import actions
from imports.models import Undo
from team.models import Company
from tests import make
from tests.imports.importing import bring

pytestmark = pytest.mark.django_db(transaction=True)
HEAD = "Id,Name,StageName,CloseDate,Amount,CreatedDate,LastModifiedDate\n"
FIRST = HEAD + (
    "006000000000001AAA,Turbine,Proposal,2026-09-30,100.00,2026-05-01T08:00:00Z,2026-06-01T08:00:00Z\n"
    "006000000000002AAA,Pump,Proposal,2026-09-30,50.00,2026-05-01T08:00:00Z,2026-06-01T08:00:00Z\n"
)
LATER = HEAD + (
    "006000000000001AAA,Turbine,Proposal,2026-12-31,80.00,2026-05-01T08:00:00Z,2026-07-02T09:00:00Z\n"
    "006000000000002AAA,Pump,Closed Won,2026-07-10,50.00,2026-05-01T08:00:00Z,2026-07-20T09:00:00Z\n"
)


def changes_of(name: str) -> list[tuple[str, Decimal | None, str, date | None]]:
    rows = DealChange.objects.filter(opportunity__name=name).order_by("pk")
    return [(f"{row.counts_at:%Y-%m-%d}", row.amount, row.outcome, row.expected_close_on) for row in rows]


@pytest.fixture
def company(db: None) -> Company:
    company = Company.get()
    company.time_zone = "UTC"
    company.save()
    return company


def test_an_import_records_each_deal_that_it_makes_or_changes(company: Company) -> None:
    bring({"Opportunity.csv": FIRST}, source="salesforce")
    bring({"Opportunity.csv": LATER}, source="salesforce")
    assert changes_of("Turbine") == [
        ("2026-06-01", Decimal(100), "open", date(2026, 9, 30)),
        ("2026-07-02", Decimal(80), "open", date(2026, 12, 31)),
    ]
    # A closing counts on the day of the close, not on that of its last modification.
    assert [line[0] for line in changes_of("Pump")] == ["2026-06-01", "2026-07-10"]
    assert changes_of("Pump")[-1][2] == "won"


def test_the_same_file_again_records_nothing(company: Company) -> None:
    bring({"Opportunity.csv": FIRST}, source="salesforce")
    bring(
        {"Opportunity.csv": FIRST.replace("Pump", "Big pump")}, source="salesforce"
    )  # a name is no change of the pipeline
    assert DealChange.objects.count() == 2


def test_the_undo_of_an_import_takes_its_changes_back_and_records_none(company: Company) -> None:
    bring({"Opportunity.csv": FIRST}, source="salesforce")
    before = list(DealChange.objects.order_by("pk").values())
    run = bring({"Opportunity.csv": LATER}, source="salesforce")
    assert DealChange.objects.count() == 4
    undo = run_claimed(Undo, actions.undo_import(run=run, user=make.user("ops")).pk, budget=1e9)
    assert undo is not None
    assert undo.state == "done", undo.last_error
    assert Opportunity.objects.get(name="Turbine").amount == Decimal(100)
    assert list(DealChange.objects.order_by("pk").values()) == before


def test_any_write_is_recorded_in_its_own_transaction(company: Company) -> None:
    deal = make.opportunity(name="Valve", amount=Decimal(10), currency="EUR", expected_close_on=date(2026, 9, 1))
    Opportunity.objects.filter(pk=deal.pk).update(amount=Decimal(20))
    deal.refresh_from_db()
    deal.name, deal.probability = "Valves", Decimal("0.5")
    deal.save()
    Opportunity.objects.filter(pk=deal.pk).update(currency="USD")
    rows = DealChange.objects.filter(opportunity=deal).order_by("pk")
    assert [(row.amount, row.currency) for row in rows] == [
        (Decimal(10), "EUR"),
        (Decimal(20), "EUR"),
        (Decimal(20), "USD"),
    ]
    assert all(timezone.now() - row.counts_at < timedelta(minutes=5) for row in rows)
    assert {row.import_id for row in rows} == {None}


def test_a_change_never_counts_in_the_future(company: Company) -> None:
    ahead = timezone.now() + timedelta(days=40)
    deal = make.opportunity(name="Valve", amount=Decimal(10), modified_at=ahead)
    Opportunity.objects.filter(pk=deal.pk).update(outcome="won", closed_on=ahead.date())
    assert all(row.counts_at <= timezone.now() for row in DealChange.objects.filter(opportunity=deal))


def test_a_closing_without_a_time_counts_at_the_end_of_its_day_by_the_company_clock(company: Company) -> None:
    company.time_zone = "America/New_York"
    company.save()
    deal = make.opportunity(name="Valve", amount=Decimal(10))
    Opportunity.objects.filter(pk=deal.pk).update(outcome="lost", closed_on=date(2026, 3, 2))
    last = DealChange.objects.filter(opportunity=deal).order_by("pk").last()
    assert last is not None
    assert last.counts_at == datetime(2026, 3, 3, 5, tzinfo=UTC) - timedelta(microseconds=1)


def test_the_changes_of_a_deal_go_with_it(company: Company) -> None:
    deal = make.opportunity(name="Valve", amount=Decimal(10))
    deal.delete()
    assert not DealChange.objects.exists()
