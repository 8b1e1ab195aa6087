"""The public sets import whole, and come out as counted by others (truths.json), to the last row and cent."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Count, F, Q, QuerySet, Sum

from core.periods import Period
from crm.models import (
    Account,
    Activity,
    Campaign,
    Contact,
    Enquiry,
    Invoice,
    Lead,
    Opportunity,
    Owner,
    StageChange,
    Touch,
)
from facts.engine import open_facts
from facts.refresh import refresh
from funnel.classify import classify_buyers
from funnel.definitions import in_force
from funnel.measures import build_report
from funnel.models import Move
from funnel.patterns import Question
from tests.imports.importing import bring, brought_for_all, picture, refused, stamps

pytestmark = [pytest.mark.django_db, pytest.mark.public_data]
BLANK = "(blank)"


def public_folder() -> Path:
    folder = os.environ.get("ACCORD_PUBLIC_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("Set ACCORD_PUBLIC_DATA to the folder of the public data sets to run this test.")
    return Path(folder)


@pytest.fixture
def truths(public_data: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((public_data / "truths.json").read_text())
    return found


def counted(rows: QuerySet[Any], path: str) -> dict[str, int]:
    """Count rows by what is at a path; what is empty or absent is blank."""
    return dict(Counter(value or BLANK for value in rows.values_list(path, flat=True)))


def money(rows: QuerySet[Any], path: str = "amount") -> float:
    return float(rows.aggregate(total=Sum(path))["total"] or 0)


@pytest.fixture(scope="class")
def imported(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any
) -> Iterator[None]:
    """Import the set that the class names, once for all its tests, and take it back behind them."""
    with brought_for_all(
        public_folder() / request.cls.SET, tmp_path_factory.mktemp("uploads"), django_db_blocker
    ) as run:
        assert refused(run) == []
        assert run.counts["repeated"] == run.counts["dropped"] == 0
        yield


@pytest.mark.usefixtures("imported")
class TestOlist:
    SET = "olist_funnel"

    def test_leads(self, truths: dict[str, Any]) -> None:
        known = truths["olist_funnel"]
        leads = Lead.objects.all()
        assert leads.count() == known["mqls"]
        assert leads.filter(is_converted=True).count() == known["closed"]
        by_origin = {name: found["mqls"] for name, found in known["by_origin"].items()}
        assert counted(leads, "lead_source") == by_origin
        won = {name: found["closed"] for name, found in known["by_origin"].items()}
        assert counted(leads.filter(is_converted=True), "lead_source") == won
        months = Counter(f"{day:%Y-%m}" for day in leads.values_list("first_contact_on", flat=True))
        assert months == {month: found["mqls"] for month, found in known["by_first_contact_month"].items()}

    def test_deals(self, truths: dict[str, Any]) -> None:
        known = truths["olist_funnel"]
        deals = Opportunity.objects.all()
        assert deals.filter(outcome="won").count() == deals.count() == known["closed"]
        assert money(deals) == known["declared_monthly_revenue_total"]
        assert deals.filter(amount__isnull=False).count() == known["declared_nonzero"]
        months = Counter(f"{day:%Y-%m}" for day in deals.values_list("closed_on", flat=True))
        assert months == known["won_by_won_month"]
        assert counted(deals, "custom__lead_type") == known["by_lead_type"]
        assert counted(deals, "custom__business_type") == known["by_business_type"]
        by_origin = {name: found["deals"] for name, found in known["closed_by_origin"].items()}
        assert counted(deals, "lead_source") == by_origin

    def test_deals_by_segment(self, truths: dict[str, Any]) -> None:
        for name, known in truths["olist_funnel"]["by_business_segment"].items():
            wanted = Q(account__vertical__name=name) if name != BLANK else Q(account__vertical=None)
            deals = Opportunity.objects.filter(wanted)
            assert (deals.count(), money(deals)) == (known["deals"], known["declared_monthly_revenue"])
            invoices = Invoice.objects.filter(wanted)
            assert (invoices.count(), money(invoices)) == (
                known["sellers_with_delivered_revenue"], known["delivered_revenue"],
            )  # fmt: skip

    def test_days_from_first_contact_to_won(self, truths: dict[str, Any]) -> None:
        known = truths["olist_funnel"]
        days = [(won - first).days for won, first in Opportunity.objects.values_list("closed_on", "first_contact_on")]
        assert round(sum(days) / len(days), 6) == known["days_to_won_calendar"]["mean_days"]
        assert (min(days), max(days)) == (
            known["days_to_won_calendar"]["min_days"], known["days_to_won_calendar"]["max_days"],
        )  # fmt: skip
        assert sorted(days)[len(days) // 2] == known["days_to_won_calendar"]["median_days"]

    def test_the_funnel_shows_their_conversion_and_their_true_dates(self, truths: dict[str, Any]) -> None:
        known = truths["olist_funnel"]
        refresh()
        classify_buyers()
        refresh()
        shown = build_report(open_facts(), in_force(), Question(Period()))
        assert (shown.leads, shown.won, shown.conversion) == (known["mqls"], known["closed"], known["conversion"])
        assert shown.days_to_won
        assert (shown.days_to_won.n, shown.days_to_won.median) == (
            known["closed"],
            known["days_to_won_calendar"]["median_days"],
        )
        months = {
            stage: Counter(
                f"{moment:%Y-%m}"
                for moment in Move.objects.filter(lead__isnull=False, stage=stage).values_list("entered_at", flat=True)
            )
            for stage in ("inquiry", "won")
        }
        assert months["won"] == known["won_by_won_month"]
        assert sum(months["inquiry"].values()) == known["mqls"]

    def test_people_pages_and_delivered_revenue(self, truths: dict[str, Any]) -> None:
        known = truths["olist_funnel"]
        assert Campaign.objects.count() == known["landing_pages"]
        by_seller = Opportunity.objects.values("owner__name").annotate(n=Count("pk"))
        assert len(by_seller) == known["srs"]
        found = {row["owner__name"]: row["n"] for row in by_seller}
        assert {name: found[name] for name in known["deals_per_sr_top5"]} == known["deals_per_sr_top5"]
        developers = Lead.objects.exclude(owner=None)
        assert developers.values("owner").distinct().count() == known["sdrs"]
        assert money(Invoice.objects.all()) == known["delivered_revenue_total"]
        assert Invoice.objects.exclude(opportunity=None).count() == known["sellers_with_delivered_revenue"]


@pytest.mark.usefixtures("imported")
class TestMaven:
    SET = "maven_crm"

    def test_opportunities(self, truths: dict[str, Any]) -> None:
        known = truths["maven_crm"]
        deals = Opportunity.objects.all()
        assert counted(deals, "stage") == known["stages"]
        assert money(deals.filter(outcome="won")) == known["won_revenue"]
        assert deals.filter(account=None).count() == known["rows_without_account"]
        assert deals.exclude(product_as_written=F("product__name")).count() == known["unmatched_product_rows"]

    @pytest.mark.parametrize(
        ("cut", "path"),
        [
            ("by_agent", "owner__name"),
            ("by_manager", "owner__manager__name"),
            ("by_region", "territory__name"),
            ("by_product_raw", "product_as_written"),
            ("by_product", "product__name"),
            ("by_sector", "account__vertical__name"),
        ],
    )
    def test_outcomes_and_revenue_by(self, truths: dict[str, Any], cut: str, path: str) -> None:
        known = {
            name: (found["opportunities"], found["won"], found["lost"], Decimal(str(found["won_revenue"])))
            for name, found in truths["maven_crm"][cut].items()
        }
        won, lost = Q(outcome="won"), Q(outcome="lost")
        rows = Opportunity.objects.values(path).annotate(
            n=Count("pk"), won=Count("pk", won), lost=Count("pk", lost), money=Sum("amount", filter=won)
        )
        assert {row[path] or BLANK: (row["n"], row["won"], row["lost"], row["money"] or 0) for row in rows} == known

    def test_cycle_from_engaged_to_closed(self, truths: dict[str, Any]) -> None:
        known = truths["maven_crm"]["cycle_closed"]
        closed = Opportunity.objects.exclude(outcome="open").values_list("closed_on", "first_contact_on")
        days = [(end - start).days for end, start in closed]
        assert (len(days), round(sum(days) / len(days), 6)) == (known["n"], known["mean_days"])

    def test_open_list_value_and_idle_agents(self, truths: dict[str, Any]) -> None:
        known = truths["maven_crm"]
        deals = Opportunity.objects.filter(outcome="open")
        assert (deals.count(), money(deals, "product__list_price")) == (known["open"]["n"], known["open"]["list_value"])
        idle = Owner.objects.filter(opportunities=None).exclude(manager=None).order_by("name")
        assert list(idle.values_list("name", flat=True)) == known["agents_without_opportunities"]


@pytest.mark.usefixtures("imported")
class TestSalesforce:
    SET = "salesforce"

    def test_the_developer_edition(self, truths: dict[str, Any]) -> None:
        known = truths["salesforce_small"]["dev_edition"]
        leads, deals = Lead.objects.filter(external_id__startswith="00Qbm"), Opportunity.objects.filter(external_id__startswith="006bm")  # fmt: skip
        assert (leads.count(), leads.filter(is_converted=True).count()) == (
            known["leads"],
            known["converted_flag_true"],
        )
        assert leads.filter(status="Closed - Converted").count() == known["status_closed_converted"]
        assert deals.exclude(lead=None).count() == known["converted_with_opportunity"]
        assert counted(deals, "stage") == known["by_stage"]
        assert counted(deals, "outcome") == {"won": known["won"], "lost": known["lost"], "open": 16}
        assert money(deals.filter(outcome="won")) == known["won_amount"]
        still_open = deals.filter(outcome="open")
        assert money(still_open) == known["open_amount"]
        weighted = still_open.aggregate(total=Sum(F("amount") * F("probability")))["total"]
        assert float(weighted) == known["open_weighted"]

    def test_stage_history(self, truths: dict[str, Any]) -> None:
        known = truths["salesforce_small"]["dev_edition"]
        assert StageChange.objects.exclude(opportunity=None).count() == known["history_rows"]
        often = Opportunity.objects.annotate(n=Count("stage_changes")).filter(n__gt=1)
        assert often.count() == known["opportunities_with_more_than_one_history_row"]

    def test_the_bank(self, truths: dict[str, Any]) -> None:
        known = truths["salesforce_small"]["bank_demo"]
        leads, deals = Lead.objects.filter(external_id__startswith="00QEc"), Opportunity.objects.filter(external_id__startswith="006Ec")  # fmt: skip
        assert counted(leads, "status") == known["leads_by_status"]
        assert counted(leads, "lead_source") == known["leads_by_source"]
        assert (leads.count(), leads.filter(is_converted=True).count()) == (known["leads"], 0)
        assert counted(deals, "stage") == known["by_stage"]
        assert money(deals.filter(outcome="won")) == known["won_amount"]
        assert Activity.objects.count() == known["tasks"]
        assert Enquiry.objects.count() == 40

    def test_members_of_campaigns(self, truths: dict[str, Any]) -> None:
        known = truths["salesforce_small"]["bank_demo"]
        assert Campaign.objects.count() == known["campaigns"]
        assert counted(Touch.objects.all(), "campaign__external_id") == known["members_by_campaign"]
        assert Touch.objects.exclude(lead=None).count() == known["members_by_type"]["Lead"]
        assert Touch.objects.exclude(contact=None).count() == known["members_by_type"]["Contact"]

    def test_nothing_is_left_hanging(self) -> None:
        for model in (Lead, Opportunity, Contact, Account, Touch, Activity, Enquiry, StageChange):
            assert not model.objects.exclude(pending={}).exists()


@pytest.mark.usefixtures("imported")
class TestHubSpot:
    SET = "hubspot"

    def test_deals(self, truths: dict[str, Any]) -> None:
        known, deals = truths["hubspot"], Opportunity.objects.all()
        assert counted(deals, "stage") == known["by_stage"]
        assert counted(deals, "pipeline") == known["by_pipeline"]
        assert money(deals.filter(outcome="won")) == known["won_amount"]
        assert money(deals.filter(outcome="open")) == known["open_amount"]
        assert deals.exclude(account=None).count() == known["deals_whose_company_domain_is_known"]
        assert deals.exclude(contact=None).count() == known["deals_whose_contact_email_is_known"]
        assert deals.filter(outcome="open", expected_close_on=None).count() == 0

    @pytest.mark.parametrize(("cut", "path"), [("win_rate_by_owner", "owner__email"), ("win_rate_by_pipeline", "pipeline")])  # fmt: skip
    def test_outcomes_by(self, truths: dict[str, Any], cut: str, path: str) -> None:
        known = {name: (found["won"], found["lost"]) for name, found in truths["hubspot"][cut].items()}
        rows = Opportunity.objects.values(path).annotate(
            won=Count("pk", Q(outcome="won")), lost=Count("pk", Q(outcome="lost"))
        )
        assert {row[path]: (row["won"], row["lost"]) for row in rows} == known

    def test_people_companies_and_activities(self, truths: dict[str, Any]) -> None:
        known = truths["hubspot"]
        assert counted(Contact.objects.all(), "lifecycle_stage") == known["contacts_by_lifecycle"]
        assert counted(Lead.objects.all(), "lead_source") == known["contacts_by_source"]
        assert (Contact.objects.count(), Account.objects.count()) == (known["contacts"], known["companies"])
        assert counted(Activity.objects.all(), "kind") == known["activities_by_type"]
        assert Contact.objects.filter(account=None).count() == 271


def test_all_sets_one_by_one_and_then_the_whole_folder_are_once(public_data: Path) -> None:
    for folder in ("salesforce", "hubspot", "olist_funnel", "maven_crm"):
        bring(public_data / folder)
    before, written = picture(), stamps()
    again = bring(public_data, source="several")
    assert {file.source for file in again.files.filter(state="done")} == {"salesforce", "hubspot", "olist", "maven"}
    assert (again.counts["created"], again.counts["updated"]) == (0, 0)
    assert stamps() == written
    assert picture() == before
    assert Opportunity.objects.count() == 842 + 8800 + 86 + 500
