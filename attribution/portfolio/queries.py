"""Read which programmes and content touched a lead between two stages, from the facts."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import ibis

from attribution.campaigns.queries import as_decimal, read_spend, with_home_amount, within_period
from attribution.portfolio.report import (
    CONTENT,
    PROGRAMME,
    CreditedMoves,
    Portfolio,
    PortfolioData,
    StageFigures,
    build_portfolio,
)
from core.periods import Period
from crm.models import Campaign, ContentAsset
from facts.engine import open_facts
from funnel.definitions import in_force
from funnel.stages.drafts import Funnel, Stage
from team.access import has_right
from team.models import Company, User

SMALLEST = Decimal("0.000001")
KEYS = {PROGRAMME: "campaign_id", CONTENT: "asset_id"}


def read_portfolio(user: User, period: Period) -> Portfolio:
    """Return the portfolio of a reader who may read every buyer; cost only with the right to see spend."""
    data = read_portfolio_data(open_facts(), Company.get(), in_force(user), period)
    return build_portfolio(data, sees_cost=has_right(user, "see_spend"))


def read_portfolio_data(facts: Any, company: Company, funnel: Funnel, period: Period) -> PortfolioData:
    main = list_stages_to_win(funnel)
    every_move = _moves_of_leads(facts)
    entered = _count_by_stage(facts, every_move)
    moves = every_move.filter(within_period(every_move.entered_at.date(), period) & every_move.is_dated)
    moves = moves.filter(moves.stage.isin([stage.key for stage in main]))
    touched = _touched_moves(facts, moves)
    credited = [row for kind in KEYS for row in _credit_moves(facts, touched, kind)]
    return PortfolioData(
        stages=[StageFigures(stage.key, stage.name, stage.side, entered.get(stage.key, 0)) for stage in main],
        moves=_count_by_stage(facts, moves),
        touched=_count_by_stage(facts, touched.select("move_id", "stage").distinct()),
        credited=credited,
        spend=read_spend(facts, company, period)[1],
        names=_read_names(credited),
        average_won=_read_average_won(facts, company),
        currency=company.currency,
        as_of=facts.as_of,
    )


def list_stages_to_win(funnel: Funnel) -> list[Stage]:
    """Return the main way of leads up to the win; what comes after it gains no win."""
    main = [stage for stage in funnel.main if "leads" in stage.subjects]
    wins = [position for position, stage in enumerate(main) if stage.dated_by == "won"]
    return main[: wins[0] + 1] if wins else main


def _moves_of_leads(facts: Any) -> Any:
    """Return each first entry of a lead into a stage, with the moment of the entry before it."""
    moves = facts.table("moves")
    moves = moves.filter(moves.lead_id.notnull())
    turn = ibis.row_number().over(group_by=[moves.lead_id, moves.stage], order_by=[moves.entered_at, moves.id])
    ranked = moves.mutate(turn=turn)
    first = ranked.filter(ranked.turn == 0)
    since = first.entered_at.lag().over(ibis.window(group_by=first.lead_id, order_by=[first.entered_at, first.id]))
    return first.select("lead_id", "stage", "entered_at", "is_dated", move_id="id", since=since)


def _count_by_stage(facts: Any, rows: Any) -> dict[str, int]:
    counts = facts.execute(rows.group_by("stage").agg(n=rows.count()))
    return {str(row.stage): int(row.n) for row in counts.itertuples()}


def _touches_of_leads(facts: Any) -> Any:
    """Return what leads met: touches, those of the contact that a lead became, and content that Sales used with it."""
    touches, leads, uses = facts.table("touches"), facts.table("leads"), facts.table("content_uses")
    moment = ibis.coalesce(touches.happened_at, touches.created_at)
    own = touches.filter(touches.lead_id.notnull()).select("lead_id", "campaign_id", "asset_id", moment=moment)
    others = touches.filter(touches.lead_id.isnull() & touches.contact_id.notnull())
    became = leads.filter(leads.contact_id.notnull()).select(lead_id="id", became="contact_id")
    of_contact = others.drop("lead_id").join(became, others.contact_id == became.became)
    of_contact = of_contact.select(
        "lead_id", "campaign_id", "asset_id", moment=ibis.coalesce(of_contact.happened_at, of_contact.created_at)
    )
    used = uses.filter(uses.lead_id.notnull() & uses.asset_id.notnull() & uses.used_at.notnull())
    used = used.select("lead_id", "asset_id", campaign_id=ibis.null("int64"), moment=used.used_at)
    return ibis.union(own, of_contact, used.select("lead_id", "campaign_id", "asset_id", "moment"))


def _touched_moves(facts: Any, moves: Any) -> Any:
    """Return each move with each touch after the stage before, up to the entry."""
    touches = _touches_of_leads(facts)
    both = moves.join(touches, moves.lead_id == touches.lead_id)
    return both.filter((both.moment <= both.entered_at) & (both.since.isnull() | (both.moment > both.since))).select(
        "move_id", "stage", "campaign_id", "asset_id"
    )


def _credit_moves(facts: Any, touched: Any, kind: str) -> list[CreditedMoves]:
    """Share each move equally among its touches of the kind."""
    column = KEYS[kind]
    rows = touched.filter(touched[column].notnull())
    share = 1 / rows.count().over(group_by=rows.move_id)
    shared = rows.select("stage", key=rows[column], share=share)
    sums = facts.execute(shared.group_by(["stage", "key"]).agg(moves=shared.share.sum()))
    return [
        CreditedMoves(str(row.stage), kind, int(row.key), Decimal(row.moves).quantize(SMALLEST))
        for row in sums.itertuples()
    ]


def _read_names(credited: list[CreditedMoves]) -> Mapping[tuple[str, int], str]:
    keys: dict[str, set[int]] = {kind: {row.key for row in credited if row.kind == kind} for kind in KEYS}
    campaigns = Campaign.objects.filter(pk__in=keys[PROGRAMME]).values_list("pk", "name")
    assets = ContentAsset.objects.filter(pk__in=keys[CONTENT]).values_list("pk", "name")
    return {(PROGRAMME, pk): name for pk, name in campaigns} | {(CONTENT, pk): name for pk, name in assets}


def _read_average_won(facts: Any, company: Company) -> Decimal | None:
    deals = facts.table("opportunities")
    won = deals.filter((deals.outcome == "won") & (deals.amount > 0))
    rows = with_home_amount(facts, "opportunities", won, company)
    sums = facts.execute(rows.agg(total=rows.home_amount.sum(), n=rows.home_amount.count())).iloc[0]
    return as_decimal(sums["total"]) / int(sums["n"]) if sums["n"] else None
