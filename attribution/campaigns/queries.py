"""Read what the report of campaigns needs from the facts: one pass over the credits of the period, and sums of the rest."""

import hashlib
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeVar

import ibis

from attribution.campaigns.report import (
    CampaignReport,
    Coverage,
    Credits,
    ReportData,
    Verdicts,
    build_report,
    list_campaigns,
)
from attribution.facts import AMOUNT, SHARE, WEIGHT
from core.periods import Period
from crm.models import Campaign
from crm.rates.conversion import CENTS, Conversion, in_company_currency
from facts.engine import Facts, open_facts
from facts.result_cache import cached_answer
from funnel.verdicts.report import CUTS, count_by_part, verdicts_given
from team.access import has_right
from team.models import Company, User

Answer = TypeVar("Answer")
LEAD_GENERATION = "lead_generation"
RECORDED = "recorded"  # no model of touches: the campaign that a lead or a deal names gets all of it


def read_report(user: User, period: Period, model: str) -> CampaignReport:
    """Return the report as the reader may see it: cost only with the right to see spend.

    The reader must be one who may read every buyer; the figures count all records of the company.
    """
    facts, company, sees_cost = open_facts(), Company.get(), has_right(user, "see_spend")
    verdicts = _count_verdicts(user, period)
    state = (period.start, period.end, model, company.currency, company.foreign_amounts, company.time_zone)
    return _cached(
        facts, (*state, sees_cost, sorted(verdicts.items(), key=lambda item: item[0])),
        lambda: build_report(
            _cached(facts, state, lambda: read_report_data(facts, company, period, model)), verdicts, sees_cost=sees_cost
        ),
    )  # fmt: skip


def _cached(facts: Facts, question: tuple[Any, ...], answer: Callable[[], Answer]) -> Answer:
    """Return what is remembered for this snapshot and question, or answer and remember it."""
    if facts.snapshot is None:
        return answer()
    parts = (facts.snapshot.pk, facts.snapshot.taken_at, question)
    return cached_answer(f"campaigns:{hashlib.sha256(repr(parts).encode()).hexdigest()}", answer)


def _count_verdicts(user: User, period: Period) -> dict[int, Verdicts]:
    parts = count_by_part(user, verdicts_given(user, period), CUTS["campaign"])
    return {int(part.key): Verdicts(part.n, part.accepted) for part in parts if part.key}


def read_report_data(facts: Any, company: Company, period: Period, model: str) -> ReportData:
    """Read credits, spend and names for one period; `model` is RECORDED or a value of Company.AttributionModel."""
    won, leads = _won_deals(facts, company, period), _leads(facts, period)
    credits = _recorded_credits(facts) if model == RECORDED else _credits_of_model(facts, model)
    revenue = _read_credits(facts, credits, won, "opportunity_id")
    lead_credits = _read_credits(facts, credits, leads, "lead_id")
    lead_spend, spend, lines = read_spend(facts, company, period)
    pipeline = _read_pipeline(facts, company, credits)
    keys = list_campaigns(revenue.sums, lead_credits.sums, spend, pipeline)
    total, coverage = _read_coverage(facts, won, leads, lines)
    return ReportData(
        as_of=facts.as_of,
        currency=company.currency,
        companies=_count_companies(facts),
        revenue=revenue,
        leads=lead_credits,
        pipeline=pipeline,
        won=total,
        lead_spend=lead_spend,
        spend=spend,
        names=dict(Campaign.objects.filter(pk__in=keys).values_list("pk", "name")),
        coverage=coverage,
    )


def _credits_of_model(facts: Any, model: str) -> Any:
    credits = facts.table("credits")
    return credits.select("lead_id", "opportunity_id", "campaign_id", weight=credits[f"{model}_weight"])


def _recorded_credits(facts: Any) -> Any:
    """Give each deal to the campaign that it or its lead names, each lead to the one it names, else to its first touch's."""
    leads, deals, touches = facts.table("leads"), facts.table("opportunities"), facts.table("touches")
    named = touches.filter(touches.campaign_id.notnull() & touches.lead_id.notnull())
    turn = ibis.row_number().over(group_by=named.lead_id, order_by=[named.happened_at, named.id])
    ranked = named.mutate(turn=turn)
    first = ranked.filter(ranked.turn == 0).select(touched_lead="lead_id", first_campaign="campaign_id")
    of_leads = leads.left_join(first, leads.id == first.touched_lead)
    of_leads = of_leads.select(
        lead_id=of_leads.id, campaign_id=ibis.coalesce(of_leads.campaign_id, of_leads.first_campaign)
    )
    own = leads.select(deal_lead="id", lead_campaign="campaign_id")
    of_deals = deals.left_join(own, deals.lead_id == own.deal_lead)
    of_deals = of_deals.select(
        lead_id=ibis.null("int64"), opportunity_id=of_deals.id,
        campaign_id=ibis.coalesce(of_deals.campaign_id, of_deals.lead_campaign),
    )  # fmt: skip
    of_leads = of_leads.select("lead_id", opportunity_id=ibis.null("int64"), campaign_id=of_leads.campaign_id)
    both = ibis.union(of_leads, of_deals)
    return both.filter(both.campaign_id.notnull()).mutate(weight=ibis.literal(Decimal(1), type=WEIGHT))


def within_period(day: Any, period: Period) -> Any:
    inside = day.notnull()
    if period.start:
        inside &= day >= period.start
    if period.end:
        inside &= day <= period.end
    return inside


def with_home_amount(facts: Any, table: str, rows: Any, company: Company) -> Any:
    """Add `home_amount`, in the company's currency to the cent; NULL in another one that is not converted or has no rate."""
    if company.is_converting_amounts:
        today = facts.as_of.astimezone(company.zone).date() if facts.as_of else Company.today()
        rows = in_company_currency(Conversion(facts, company.currency, today), table, rows)
    is_home = rows.currency.fill_null("").isin(["", company.currency])
    return rows.mutate(home_amount=is_home.ifelse(rows.amount.fill_null(0).cast(CENTS), None))


def _company_of(rows: Any) -> Any:
    """Return a number for the company that a row belongs to: its account, else the row by itself."""
    return ibis.coalesce(rows.account_id * 2, rows.id * 2 + 1)


def _won_deals(facts: Any, company: Company, period: Period) -> Any:
    deals = facts.table("opportunities")
    deals = deals.filter(deals.outcome == "won")
    day = ibis.coalesce(deals.closed_on, deals.closed_at.date())
    rows = with_home_amount(facts, "opportunities", deals.filter(within_period(day, period)), company)
    return rows.select("id", "home_amount", "amount", company=_company_of(rows))


def _leads(facts: Any, period: Period) -> Any:
    leads = facts.table("leads")
    day = ibis.coalesce(leads.first_contact_on, leads.created_at.date())
    rows = leads.filter(within_period(day, period))
    return rows.select("id", company=_company_of(rows), home_amount=ibis.literal(Decimal(1)).cast(CENTS))


def _read_credits(facts: Any, credits: Any, outcomes: Any, link: str) -> Credits:
    """Return weight × amount by campaign, exact, and by company and campaign for the resampling."""
    both = credits.filter(credits.weight > 0).join(outcomes, credits[link] == outcomes.id)
    each = both.select(
        "campaign_id", "company", "weight", earned=(both.home_amount.cast(AMOUNT) * both.weight).cast(SHARE)
    )
    sums = facts.execute(each.group_by("campaign_id").agg(earned=each.earned.sum(), weight=each.weight.sum()))
    of_campaigns = each.filter(each.campaign_id.notnull())
    by_company = facts.execute(
        of_campaigns.group_by(["company", "campaign_id"]).agg(earned=of_campaigns.earned.sum().cast("float64"))
    ).fillna({"earned": 0.0})
    keys = [_campaign_key(value) for value in sums["campaign_id"]]
    return Credits(
        company=by_company["company"].to_numpy("int64"),
        campaign=by_company["campaign_id"].to_numpy("int64"),
        amount=by_company["earned"].to_numpy("float64"),
        sums=dict(zip(keys, map(as_decimal, sums["earned"]), strict=True)),
        counts=dict(zip(keys, map(as_decimal, sums["weight"]), strict=True)),
    )


def _campaign_key(value: Any) -> int | None:
    return None if value is None or value != value else int(value)  # NaN is what pandas writes for NULL


def as_decimal(value: Any) -> Decimal:
    return Decimal(0) if value is None or value != value else Decimal(value)


def _read_pipeline(facts: Any, company: Company, credits: Any) -> dict[int | None, Decimal]:
    """Return the credited amount of the deals that are open now."""
    deals = facts.table("opportunities")
    deals = deals.filter(deals.outcome == "open")
    rows = with_home_amount(facts, "opportunities", deals, company).select("id", "home_amount")
    both = credits.filter(credits.weight > 0).join(rows, credits.opportunity_id == rows.id)
    each = both.select("campaign_id", earned=(both.home_amount.cast(AMOUNT) * both.weight).cast(SHARE))
    sums = facts.execute(each.group_by("campaign_id").agg(earned=each.earned.sum()))
    return {_campaign_key(row.campaign_id): as_decimal(row.earned) for row in sums.itertuples()}


def read_spend(facts: Any, company: Company, period: Period) -> tuple[dict[int, Decimal], dict[int, Decimal], int]:
    """Return what was spent on lead generation and in all by campaign, and how many lines name a campaign."""
    lines = facts.table("spend")
    lines = lines.filter(within_period(lines.spent_on, period) & lines.campaign_id.notnull())
    rows = with_home_amount(facts, "spend", lines, company)
    is_lead = rows.category == LEAD_GENERATION
    sums = facts.execute(
        rows.group_by("campaign_id").agg(
            total=rows.home_amount.sum(), lead=rows.home_amount.sum(where=is_lead), lines=rows.count()
        )
    )
    totals = {int(row.campaign_id): as_decimal(row.total) for row in sums.itertuples()}
    leads = {int(row.campaign_id): as_decimal(row.lead) for row in sums.itertuples()}
    return leads, totals, int(sums["lines"].sum()) if len(sums) else 0


def _count_companies(facts: Any) -> int:
    return int(facts.execute(facts.table("accounts").count()).iat[0, 0])


def _read_coverage(facts: Any, won: Any, leads: Any, spend_lines: int) -> tuple[Decimal, Coverage]:
    """Return the amount of all won deals, and how many records there are of what the report needs."""
    touches, credits = facts.table("touches"), facts.table("credits")
    of_touches = facts.execute(
        touches.agg(all=touches.count(), named=touches.count(where=touches.campaign_id.notnull()))
    ).iloc[0]
    credited = credits.filter(credits.touch_id.notnull() | credits.activity_id.notnull())
    credited = credited.filter(credited.opportunity_id.notnull()).select("opportunity_id").distinct()
    of_deals = facts.execute(
        won.agg(
            all=won.count(), total=won.home_amount.sum(),
            other=won.count(where=won.home_amount.isnull()), blank=won.count(where=won.amount.isnull()),
        )
    ).iloc[0]  # fmt: skip
    both = won.semi_join(credited, won.id == credited.opportunity_id)
    coverage = Coverage(
        touches=int(of_touches["all"]),
        campaign_touches=int(of_touches["named"]),
        won_deals=int(of_deals["all"]),
        credited_deals=int(facts.execute(both.count()).iat[0, 0]),
        unconverted_deals=int(of_deals["other"]),
        without_amount=int(of_deals["blank"]),
        spend_lines=spend_lines,
        leads=int(facts.execute(leads.count()).iat[0, 0]),
    )
    return as_decimal(of_deals["total"]), coverage


def model_names() -> Mapping[str, str]:
    """Return the models by key, as they are written on screen."""
    return {RECORDED: "As recorded"} | {str(key): str(label) for key, label in Company.AttributionModel.choices}
