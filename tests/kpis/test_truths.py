"""The public sets, imported whole, give the numbers that others computed independently: to the last row and cent.

The command is asked, and the API beside it, as a person outside would.
"""

import json
import re
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from crm.models import Campaign
from kpis.freshness import up_to_date_facts
from team.models import Company, Role
from tests import make

pytestmark = [pytest.mark.public_data, pytest.mark.slow]
Truth = dict[str, Any]
BLANK = "(blank)"


class Asked:
    """A set that was imported, and how to ask for its numbers."""

    def __init__(self, source: str) -> None:
        self.where = f"source_system={source}"

    def json(self, key: str, by: str = "") -> dict[str, Any]:
        out = StringIO()
        call_command("metric", key, "--where", self.where, "--json", *(["--by", by] if by else []), stdout=out)
        return json.loads(out.getvalue())  # type: ignore[no-any-return]

    def value(self, key: str) -> Any:
        return self.json(key)["value"]

    def parts(self, key: str, by: str, figure: str = "value") -> dict[str, Any]:
        return {part["label"]: part[figure] for part in self.json(key, by)["parts"]}

    def table(self, by: str, truths: dict[str, Any], columns: dict[str, tuple[str, str]]) -> None:
        """Compare every column of a table of truths, and find no other part that counts anything."""
        for column, (key, figure) in columns.items():
            parts = self.json(key, by)["parts"]
            found = {part["label"]: part[figure] for part in parts}
            for label, row in truths.items():
                same(found.get(label), row[column] if isinstance(row, dict) else row, f"{by} {label} {column}")
            strange = {part["label"] for part in parts if part["n"]} - set(truths)
            assert not strange - {BLANK}, (by, column)


def same(found: Any, truth: Any, what: str) -> None:
    if truth is None:
        assert found is None, what
        return
    places = 2 if isinstance(truth, float) and abs(truth) > 1000 else 6
    assert round(float(found or 0), places) == pytest.approx(truth, abs=0.5 * 10**-places), what


def spread(found: dict[str, Any], truth: Truth) -> None:
    quartiles = found["quartiles"]
    assert (found["n"], found["value"]) == (truth["n"], truth["median_days"])
    for name, key in (("mean", "mean_days"), ("p90", "p90_days"), ("min", "min_days"), ("max", "max_days")):
        assert quartiles[name] == pytest.approx(truth[key], abs=1e-6)


@pytest.fixture
def truths(public_data: Path) -> Truth:
    return json.loads((public_data / "truths.json").read_text())  # type: ignore[no-any-return]


@pytest.fixture
def imported(public_data: Path, db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Asked]]:
    """Import a folder in this process. The facts are refreshed once: within one transaction all rows look new."""
    monkeypatch.setattr("imports.management.commands.import_crm._worker_answers", lambda: False)

    def bring(folder: str, source: str) -> Asked:
        Company.get()
        call_command("import_crm", str(public_data / folder), "--source", source, stdout=StringIO(), stderr=StringIO())
        facts = up_to_date_facts()
        monkeypatch.setattr("kpis.management.commands.metric.up_to_date_facts", lambda: facts)
        return Asked(source)

    return bring  # type: ignore[return-value]


WON, LOST = ("opportunities_won", "value"), ("opportunities_lost", "value")
RATE, WON_REVENUE = ("close_rate", "value"), ("won_revenue", "value")


def test_olist(truths: Truth, imported: Callable[..., Asked]) -> None:
    truth, olist = truths["olist_funnel"], imported("olist_funnel", "olist")
    cohort = {
        "mqls": ("leads", "value"),
        "closed": ("lead_conversion_rate", "numerator"),
        "rate": ("lead_win_rate", "value"),
    }
    olist.table("lead_source", truth["by_origin"], cohort)
    olist.table("month", truth["by_first_contact_month"], cohort)
    olist.table("month", truth["won_by_won_month"], {"": WON})
    assert olist.value("lead_conversion_rate") == truth["conversion"]
    spread(olist.json("sales_cycle_time"), truth["days_to_won_calendar"])
    assert olist.json("won_within_30_days")["numerator"] == truth["won_within_30_days"]
    assert olist.json("won_within_90_days")["numerator"] == truth["won_within_90_days"]
    assert olist.json("sales_cycle_time")["warnings"] == [
        f"Deals closed before their first contact: {truth['won_before_first_contact']}. Their days count as negative."
    ]
    money = {
        "deals": WON,
        "declared_monthly_revenue": WON_REVENUE,
        "delivered_revenue": ("invoiced_revenue", "value"),
        "sellers_with_delivered_revenue": ("invoices", "value"),
    }
    olist.table("vertical", truth["by_business_segment"], money)
    olist.table(
        "lead_source", truth["closed_by_origin"], {**money, "median_days_to_won": ("sales_cycle_time", "value")}
    )
    olist.table("custom.lead_type", truth["by_lead_type"], {"": WON})
    olist.table("custom.business_type", truth["by_business_type"], {"": WON})
    for by, top, people in (("lead_owner", "deals_per_sdr_top5", "sdrs"), ("owner", "deals_per_sr_top5", "srs")):
        found = olist.parts("opportunities_won", by)
        assert len(found) == truth[people]
        assert {name: found[name] for name in truth[top]} == truth[top]
    pages, rates = olist.parts("campaign_leads", "campaign"), olist.parts("lead_conversion_rate", "campaign")
    assert len(pages) == truth["landing_pages"]
    for page, row in truth["landing_pages_top5_by_mqls"].items():
        assert (pages[page], round(rates[page], 6)) == (row["mqls"], row["rate"])
    assert (olist.value("revenue"), olist.value("won_revenue")) == (
        truth["delivered_revenue_total"],
        truth["declared_monthly_revenue_total"],
    )


def test_maven(truths: Truth, imported: Callable[..., Asked]) -> None:
    truth, maven = truths["maven_crm"], imported("maven_crm", "maven")
    assert maven.value("opportunities") == truth["opportunities"]
    maven.table("stage", truth["stages"], {"": ("opportunities", "value")})
    assert round(maven.value("close_rate"), 6) == truth["win_rate"]
    assert (maven.value("won_revenue"), maven.value("average_revenue_per_transaction"), maven.value("deal_size")) == (
        truth["won_revenue"],
        truth["avg_won"],
        truth["median_won"],
    )
    for key, name in (
        ("sales_cycle_time", "cycle_won"),
        ("sales_cycle_time_lost", "cycle_lost"),
        ("sales_cycle_time_closed", "cycle_closed"),
    ):
        spread(maven.json(key), truth[name])
    closed = {"won": WON, "lost": LOST, "win_rate": RATE, "won_revenue": WON_REVENUE}
    maven.table("quarter", truth["by_close_quarter"], closed)
    maven.table("month", truth["won_revenue_by_close_month"], {"": WON_REVENUE})
    maven.table("month", truth["engaged_by_month"], {"": ("opportunities", "value")})
    whole = {
        **closed,
        "opportunities": ("opportunities", "value"),
        "avg_won": ("average_revenue_per_transaction", "value"),
    }
    for name, by in (
        ("by_agent", "owner"),
        ("by_manager", "manager"),
        ("by_region", "territory"),
        ("by_product_raw", "product_as_written"),
        ("by_product", "product"),
        ("by_sector", "vertical"),
    ):
        maven.table(by, truth[name], whole)
    assert not set(maven.parts("opportunities", "owner")) & set(truth["agents_without_opportunities"])
    accounts = maven.parts("won_revenue", "account")
    assert {name: accounts[name] for name in truth["top5_accounts_by_won_revenue"]} == truth[
        "top5_accounts_by_won_revenue"
    ]
    assert (maven.value("opportunities_open"), maven.value("open_pipeline_at_list_price")) == (
        truth["open"]["n"],
        truth["open"]["list_value"],
    )
    maven.table(
        "stage",
        truth["open"]["by_stage"],
        {"n": ("opportunities_open", "value"), "list_value": ("open_pipeline_at_list_price", "value")},
    )
    assert maven.parts("opportunities_open", "account")[BLANK] == truth["rows_without_account"]
    assert maven.value("pipeline_velocity") == truth["velocity_per_day"]


@pytest.mark.parametrize("org", ["dev_edition", "bank_demo"])
def test_salesforce(truths: Truth, imported: Callable[..., Asked], org: str) -> None:
    truth, org_data = truths["salesforce_small"][org], imported(f"salesforce/{org}", "salesforce")
    for key, name in (("leads", "leads"), ("opportunities", "opportunities"), ("won_revenue", "won_amount"), ("close_rate", "win_rate"), ("campaigns", "campaigns"), ("touches", "members"), ("activities", "tasks"), ("opportunities_won", "won"), ("opportunities_lost", "lost"), ("open_pipeline", "open_amount"), ("weighted_pipeline", "open_weighted"), ("stage_changes", "history_rows"), ("leads_converted", "converted_flag_true")):  # fmt: skip
        if name in truth:
            assert org_data.value(key) == truth[name], key
    org_data.table("stage", truth["by_stage"], {"": ("opportunities", "value")})
    if org == "bank_demo":
        org_data.table("status", truth["leads_by_status"], {"": ("leads", "value")})
        org_data.table("lead_source", truth["leads_by_source"], {"": ("leads", "value")})
        org_data.table("person", truth["members_by_type"], {"": ("touches", "value")})
        members = {part["external_id"]: part["value"] for part in org_data.json("touches", "campaign")["parts"]}
        assert members == truth["members_by_campaign"]
        assert Campaign.objects.values("name").distinct().count() == truth["campaigns"] - 1  # two share a name


def test_hubspot_and_the_api(truths: Truth, imported: Callable[..., Asked], client: Client) -> None:
    truth, hubspot = truths["hubspot"], imported("hubspot", "hubspot")
    for key, name in (("opportunities", "deals"), ("won_revenue", "won_amount"), ("open_pipeline", "open_amount"), ("contacts", "contacts"), ("accounts", "companies"), ("activities", "activities")):  # fmt: skip
        assert hubspot.value(key) == truth[name], key
    assert round(hubspot.value("close_rate"), 6) == truth["win_rate"]
    # its two pipelines share the names of their stages: each part names both, and their sum is the truth of a name
    by_name: dict[str, float] = {}
    for part in hubspot.json("opportunities", "stage")["parts"]:
        stage, pipeline = re.fullmatch(r"(.+) \((.+)\)", part["label"]).groups()  # type: ignore[union-attr]
        assert pipeline in truth["by_pipeline"]
        by_name[stage] = by_name.get(stage, 0) + part["value"]
    assert by_name == truth["by_stage"]
    hubspot.table("pipeline", truth["by_pipeline"], {"": ("opportunities", "value")})
    ends = {"won": WON, "lost": LOST, "win_rate": RATE}
    hubspot.table("owner", truth["win_rate_by_owner"], ends)
    hubspot.table("pipeline", truth["win_rate_by_pipeline"], ends)
    hubspot.table("lifecycle_stage", truth["contacts_by_lifecycle"], {"": ("contacts", "value")})
    hubspot.table("lead_source", truth["contacts_by_source"], {"": ("contacts", "value")})
    hubspot.table("kind", truth["activities_by_type"], {"": ("activities", "value")})
    client.force_login(make.user(Role.CRO), backend="django.contrib.auth.backends.ModelBackend")
    for key, by in (("close_rate", "owner"), ("won_revenue", "month"), ("sales_cycle_time", "pipeline")):
        answer = client.get(f"/api/v1/metrics/{key}/?by={by}&where=source_system:hubspot").json()
        answer.pop("marks", None)  # what a reader may know happened: the command has no reader
        assert answer == hubspot.json(key, by)
