"""Spend, pipeline and wins inside, near and outside the signed ideal customer profile."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from attribution.facts import AMOUNT, SHARE
from core.formatting import format_percent
from core.periods import Period
from crm.readable import Reader
from facts.engine import Facts
from facts.plain_rows import plain_rows
from kpis import dimensions, url_params, visibility
from kpis.compute import scope_of
from kpis.dashboard import Question
from kpis.dimensions import BLANK, ICP_PLACES
from kpis.metrics.icp import has_mix
from kpis.query import Cut, select_rows
from kpis.registry import Measure
from kpis.result import Part, round_to_cents
from kpis.rows import Scope

ALL = Period()
PLACES = dict(ICP_PLACES)
# which days each figure is asked for: those of the page, or all there are
METRICS = {
    "accounts": False,
    "open_pipeline": False,
    "opportunities_won": True,
    "won_revenue": True,
    "close_rate": True,
}


@dataclass(frozen=True)
class Spend:
    """Spend of the period by place, as the leads of its campaigns stand; `unplaced` names no campaign with placed leads."""

    by_place: Mapping[str, Decimal]
    unplaced: Decimal

    @property
    def placed(self) -> Decimal:
        return sum(self.by_place.values(), Decimal(0))


@dataclass(frozen=True)
class PlaceLine:
    """One place with its figures by metric and their addresses; `shares` are of what has a place."""

    key: str
    label: str
    parts: Mapping[str, Part | None]
    shares: Mapping[str, float | None]
    hrefs: Mapping[str, str]
    spend: Decimal | None
    spend_share: float | None


@dataclass(frozen=True)
class PlacesReport:
    lines: tuple[PlaceLine, ...]
    unplaced: PlaceLine
    spend: Spend | None
    currency: str
    as_of: datetime | None
    warnings: tuple[str, ...]

    @property
    def has_places(self) -> bool:
        return any(part and part.n for line in self.lines for part in line.parts.values())


def read_places(user: Reader, period: Period, facts: Facts, *, sees_spend: bool) -> PlacesReport:
    """Return the figures as the reader may know them; spend only for those who may see it."""
    results = {
        key: visibility.compute_for(user, key, period if is_dated else ALL, by="icp", facts=facts)
        for key, is_dated in METRICS.items()
    }
    spend = read_spend(scope_of(period, facts)) if sees_spend else None
    parts = {key: {part.key: part for part in result.parts} for key, result in results.items()}
    totals = {key: sum(_number(by_key.get(part)) for part in PLACES) for key, by_key in parts.items()}

    def line(part: str, label: str) -> PlaceLine:
        own = {key: by_key.get(part) for key, by_key in parts.items()}
        is_placed = part != BLANK
        amount = None if spend is None else spend.by_place[part] if is_placed else spend.unplaced
        return PlaceLine(
            part,
            label,
            own,
            {key: _share(_number(figure), totals[key]) if is_placed else None for key, figure in own.items()},
            {
                key: url_params.records_url(key, Question(period if METRICS[key] else ALL, where={"icp": part}))
                for key in METRICS
            },
            amount,
            _share(amount, spend.placed) if spend and is_placed and amount is not None else None,
        )

    warnings = [warning for key in METRICS for warning in results[key].warnings]
    return PlacesReport(
        tuple(line(part, label) for part, label in PLACES.items()),
        line(BLANK, "Not placed"),
        spend,
        results["won_revenue"].currency,
        facts.as_of,
        tuple(dict.fromkeys(warnings)),
    )


def _number(part: Part | None) -> Decimal:
    return Decimal(str(part.value)) if part and part.value is not None else Decimal(0)


def _share(value: Decimal, whole: Decimal | int) -> float | None:
    return float(value / whole) if whole else None


def read_spend(scope: Scope) -> Spend:
    """Share each campaign's spend over the places of its leads, exact; what is left of the cent is outside."""
    measure = Measure("spend", day=lambda row: row["spent_on"], is_money=True)
    currency = dimensions.dimensions_of("spend")["currency"]
    names = ("amount", "campaign.icp_mix.placed", "campaign.icp_mix.inside_share", "campaign.icp_mix.near_share")
    builds = [*(lambda row, name=name: row[name] for name in names), has_mix, currency]
    table, row = select_rows(scope, measure, Cut(), builds)
    amount = row["amount"].fill_null(0).cast(AMOUNT)
    rows = table.select(
        is_placed=has_mix(row), currency=currency(row), amount=amount.cast(SHARE),
        inside=(amount * row["campaign.icp_mix.inside_share"].fill_null(0).cast("decimal(11,10)")).cast(SHARE),
        near=(amount * row["campaign.icp_mix.near_share"].fill_null(0).cast("decimal(11,10)")).cast(SHARE),
    )  # fmt: skip
    home = rows.filter(rows.currency.fill_null(scope.currency) == scope.currency)
    sums = home.group_by("is_placed").aggregate(
        amount=home.amount.sum(), inside=home.inside.sum(), near=home.near.sum()
    )
    placed = {"amount": Decimal(0), "inside": Decimal(0), "near": Decimal(0)}
    unplaced = Decimal(0)
    for line in plain_rows(scope.facts.execute(sums)):
        if line["is_placed"]:
            placed = {name: round_to_cents(Decimal(str(line[name] or 0))) for name in placed}
        else:
            unplaced += round_to_cents(Decimal(str(line["amount"] or 0)))
    inside, near = placed["inside"], placed["near"]
    return Spend({"inside": inside, "near": near, "outside": placed["amount"] - inside - near}, unplaced)


def describe_places(report: PlacesReport) -> str:
    """Say what ideal customers bring, and what goes to those outside."""
    inside, outside = report.lines[0], report.lines[-1]
    won = inside.shares["won_revenue"]
    first = (
        f"Ideal customers bring {format_percent(won, 0)} of the won amount"
        if won is not None
        else "No deal with a place by the profile was won in this period"
    )
    rest = outside.shares["won_revenue"]
    if report.spend and outside.spend_share is not None and rest is not None:
        return f"{first}. Those outside the profile take {format_percent(outside.spend_share, 0)} of campaign spend and bring {format_percent(rest, 0)}."
    return f"{first}."


def as_rows(report: PlacesReport) -> list[list[Any]]:
    """Return the table as rows of a sheet."""
    rows: list[list[Any]] = [["Place", *METRICS, "spend", "currency"]]
    for line in (*report.lines, report.unplaced):
        values = [part.value if part else None for part in line.parts.values()]
        rows.append([line.label, *values, line.spend, report.currency])
    return rows
