"""Read content, its uses and the open deals that it could help, from the facts, as a reader may know them."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from core.periods import Period
from crm.models import StageMapping, StageTrack
from crm.readable import ReadableRows, Reader, is_limited
from facts import result_cache
from facts.engine import Facts
from facts.plain_rows import plain_rows
from funnel.definitions import in_force
from funnel.stages.drafts import PHASES
from kpis import dimensions
from kpis.compute import scope_of
from kpis.content.coverage import Asset, Coverage, OpenValue, build_coverage, classify_reason
from kpis.metrics.content import is_passed_over, requested_day
from kpis.metrics.follow_up import UNUSED_DAYS
from kpis.query import Cut, select_rows
from kpis.registry import Measure
from kpis.rows import Row, Scope

CACHE_VERSION = "1"  # raise it when a remembered answer would mean something else
TABLES = ("content_assets", "content_uses", "touches", "opportunities")


@dataclass(frozen=True)
class ContentReport:
    """All assets, the coverage of stages and personas, and the open deals that no cell counts."""

    assets: tuple[Asset, ...]
    coverage: Coverage
    currency: str
    as_of: datetime | None
    without_persona: int = 0  # open deals whose buyer has no persona, or that have no stage
    without_amount: int = 0
    left_out: tuple[tuple[str, int], ...] = ()  # deals by currency that has no rate
    is_limited: bool = False

    @property
    def unused(self) -> list[Asset]:
        """Return what Sales does not use: passed over most often first, then what was not used for longest."""
        idle = (asset for asset in self.assets if not asset.is_used)
        return sorted(
            idle,
            key=lambda asset: (-asset.times_passed_over, asset.last_use or date.min, asset.name),
        )

    def total_reasons(self) -> dict[str, int]:
        totals: Counter[str] = Counter()
        for asset in self.unused:
            totals.update(asset.reasons or {})
        return dict(totals)


def read_content(user: Reader, period: Period, facts: Facts) -> ContentReport:
    """Return the report; the reasons are those of the period, all else is as of the facts.

    A reader who may not read every buyer counts the deals and uses that they may read.
    """
    scope = scope_of(period, facts, within=ReadableRows(user) if is_limited(user) else None)
    aliases = _read_aliases()
    return result_cache.cached_answer(_address(scope, aliases), lambda: compute_content(scope, aliases))


def _address(scope: Scope, aliases: Mapping[str, frozenset[str]]) -> str:
    snapshot = scope.facts.snapshot
    if snapshot is None:
        return ""
    whose = scope.within.digest(TABLES) if scope.within else ""
    names = sorted((stage, sorted(others)) for stage, others in aliases.items())
    period = (scope.period.start, scope.period.end)
    state = (CACHE_VERSION, snapshot.pk, snapshot.taken_at, scope.currency, scope.converts, whose, period, names)
    return "content:" + hashlib.sha256(repr(state).encode()).hexdigest()


def _read_aliases() -> dict[str, frozenset[str]]:
    """Return the names of the Accord stage that each stage of a deal is mapped to, and of its phase."""
    funnel, aliases = in_force(), dict[str, frozenset[str]]()
    for word, key in StageMapping.objects.filter(track=StageTrack.DEAL).exclude(ours="").values_list("stage", "ours"):
        if stage := funnel.get(key):
            names = {key, stage.name, stage.phase, PHASES.get(stage.phase, "")} - {""}
            aliases[word.casefold()] = aliases.get(word.casefold(), frozenset()) | {name.casefold() for name in names}
    return aliases


def compute_content(scope: Scope, aliases: Mapping[str, frozenset[str]]) -> ContentReport:
    assets = _read_assets(scope)
    values, left_out, without_amount = _read_open_values(scope)
    return ContentReport(
        assets=tuple(assets),
        coverage=build_coverage(assets, values, aliases),
        currency=scope.currency,
        as_of=scope.facts.as_of,
        without_persona=sum(value.deals for value in values if not (value.stage and value.persona)),
        without_amount=without_amount,
        left_out=left_out,
        is_limited=scope.within is not None,
    )


def _read_assets(scope: Scope) -> list[Asset]:
    measure = Measure("content_assets", day=lambda row: row.day("created_at"), is_stock=True)
    names = ("name", "kind", "stage", "persona", "vertical.name", "url", "last_use.at")
    builds = [*(lambda row, name=name: row[name] for name in names)]
    table, row = select_rows(scope, measure, Cut(), builds)
    columns = {name.replace(".", "_"): row[name] for name in names if name != "last_use.at"}
    rows = table.select(id=row["id"], last_use_on=row.day("last_use.at"), **columns)
    lines = plain_rows(scope.facts.execute(rows.order_by(["name", "id"])))
    reasons, limit = _read_reasons(scope), scope.today - timedelta(days=UNUSED_DAYS)
    return [
        Asset(
            key=int(line["id"]), name=line["name"] or "Unnamed content", kind=line["kind"] or "",
            stage=(line["stage"] or "").strip(), persona=(line["persona"] or "").strip(),
            vertical=line["vertical_name"] or "", url=line["url"] or "", last_use=_day_of(line["last_use_on"]),
            is_used=line["last_use_on"] is not None and _day_of(line["last_use_on"]) >= limit,
            reasons=reasons.get(int(line["id"])),
        )
        for line in lines
    ]  # fmt: skip


def _day_of(value: Any) -> Any:
    return value.date() if hasattr(value, "date") else value


def _read_reasons(scope: Scope) -> dict[int, dict[str, int]]:
    """Return how often each asset was passed over in the period, by class of reason."""
    measure = Measure("content_uses", day=requested_day, keep=is_passed_over)
    builds = [is_passed_over, lambda row: row["asset_id"], lambda row: row["reason_unused"]]
    table, row = select_rows(scope, measure, Cut(), builds)
    rows = table.filter(is_passed_over(row) & row["asset_id"].notnull())
    counts: dict[int, Counter[str]] = {}
    sums = rows.group_by(["asset_id", "reason_unused"]).aggregate(n=rows.count())
    for line in plain_rows(scope.facts.execute(sums)):
        reason = classify_reason(line["reason_unused"])
        counts.setdefault(int(line["asset_id"]), Counter())[reason] += int(line["n"])
    return {key: dict(counted) for key, counted in counts.items()}


def buyer_persona(row: Row) -> Any:
    """Return the persona of a deal's contact, else of the lead it came from."""
    return row.text("contact.persona", "lead.persona")


def _read_open_values(scope: Scope) -> tuple[list[OpenValue], tuple[tuple[str, int], ...], int]:
    """Return what is open in each stage and persona in the company's currency, the deals left out, and those without an amount."""
    measure = Measure("opportunities", day=lambda row: row["opened_on"], is_money=True, is_stock=True, source=_open_now)
    own_currency = dimensions.dimensions_of("opportunities")["currency"]
    names = ("stage", "amount", "probability")
    builds = [*(lambda row, name=name: row[name] for name in names), buyer_persona, own_currency]
    table, row = select_rows(scope, measure, Cut(), builds)
    rows = table.select(
        stage=row["stage"].fill_null("").strip(), persona=buyer_persona(row).fill_null("").strip(),
        currency=own_currency(row), amount=row.money("amount"), probability=row["probability"].cast("float64"),
    )  # fmt: skip
    sums = rows.group_by(["stage", "persona", "currency"]).aggregate(
        value=rows.amount.sum(), deals=rows.count(), chance=rows.probability.mean(), without=rows.amount.isnull().sum()
    )
    values: list[OpenValue] = []
    left_out: Counter[str] = Counter()
    without_amount = 0
    for line in plain_rows(scope.facts.execute(sums.order_by(["stage", "persona", "currency"]))):
        without_amount += int(line["without"] or 0)
        is_home = (line["currency"] or scope.currency) == scope.currency
        if not is_home:
            left_out[line["currency"]] += int(line["deals"])
            continue
        value = Decimal(str(line["value"] or 0)).quantize(Decimal("0.01"))
        values.append(OpenValue(line["stage"], line["persona"], value, int(line["deals"]), line["chance"]))
    return values, tuple(sorted(left_out.items())), without_amount


def _open_now(scope: Scope) -> Any:
    deals = scope.table("opportunities")
    return deals.filter(deals.outcome == "open")
