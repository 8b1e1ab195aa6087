"""Find content for a buyer: by stage, persona and industry, what helped to win first."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import ibis
from django.db.models import Q
from django.http import QueryDict

from core.periods import Period
from crm.models import ContentAsset
from crm.readable import ReadableRows, Reader, is_limited
from facts import result_cache
from facts.engine import Facts
from facts.plain_rows import plain_rows
from kpis.compute import scope_of
from kpis.rows import Scope

CACHE_VERSION = "1"
MOST = 200  # assets in a list: whoever finds more asks more narrowly
FILTERS = ("stage", "persona", "vertical")


@dataclass(frozen=True)
class Search:
    """What is looked for; an empty part is any. An asset that leaves a part open fits every value of it."""

    text: str = ""
    stage: str = ""
    persona: str = ""
    vertical: str = ""

    @classmethod
    def from_query(cls, query: QueryDict) -> "Search":
        return cls(*(query.get(name, "").strip()[:255] for name in ("q", *FILTERS)))

    @property
    def is_empty(self) -> bool:
        return not (self.text or self.stage or self.persona or self.vertical)


@dataclass(frozen=True)
class Record:
    """On how many deals an asset was used before they ended, and how many of them were won."""

    won: int = 0
    closed: int = 0

    @property
    def rate(self) -> float | None:
        return self.won / self.closed if self.closed else None


@dataclass(frozen=True)
class Match:
    asset: ContentAsset
    record: Record
    fit: int  # how many of the parts asked for it names itself


@dataclass(frozen=True)
class Choices:
    """The values that content has, to choose from."""

    stage: tuple[str, ...]
    persona: tuple[str, ...]
    vertical: tuple[str, ...]


def find_content(user: Reader, search: Search, facts: Facts) -> list[Match]:
    """Return what fits: used on most won deals first, then what names most of the parts asked for."""
    records = read_records(user, facts)
    assets = ContentAsset.objects.visible_to(user).select_related("vertical").filter(_condition(search))
    matches = [Match(asset, records.get(asset.pk, Record()), _count_named(asset, search)) for asset in assets]
    matches.sort(key=lambda match: (-match.record.won, -match.fit, match.asset.name.casefold(), match.asset.pk))
    return matches[:MOST]


def _condition(search: Search) -> Q:
    condition = Q()
    for name, path in (("stage", "stage"), ("persona", "persona"), ("vertical", "vertical__name")):
        if value := getattr(search, name):
            none = Q(vertical__isnull=True) if name == "vertical" else Q(**{path: ""})
            condition &= Q(**{f"{path}__iexact": value}) | none
    for term in search.text.split()[:8]:
        condition &= Q(name__icontains=term) | Q(kind__icontains=term)
    return condition


def _count_named(asset: ContentAsset, search: Search) -> int:
    vertical = asset.vertical.name if asset.vertical else ""
    pairs = ((search.stage, asset.stage), (search.persona, asset.persona), (search.vertical, vertical))
    return sum(bool(asked) and asked.casefold() == own.casefold() for asked, own in pairs)


def list_choices(user: Reader) -> Choices:
    """Return the stages, personas and industries that content names."""
    assets = ContentAsset.objects.visible_to(user)

    def values(path: str) -> tuple[str, ...]:
        return tuple(sorted({value for value in assets.values_list(path, flat=True).distinct() if value}))

    return Choices(values("stage"), values("persona"), values("vertical__name"))


def read_records(user: Reader, facts: Facts) -> Mapping[int, Record]:
    """Return how the deals ended on which each asset was used; only those that the reader may read."""
    scope = scope_of(Period(), facts, within=ReadableRows(user) if is_limited(user) else None)
    return result_cache.cached_answer(_address(scope), lambda: compute_records(scope))


def _address(scope: Scope) -> str:
    snapshot = scope.facts.snapshot
    if snapshot is None:
        return ""
    whose = scope.within.digest(("content_uses", "opportunities")) if scope.within else ""
    state = (CACHE_VERSION, snapshot.pk, snapshot.taken_at, whose)
    return "content-records:" + hashlib.sha256(repr(state).encode()).hexdigest()


def compute_records(scope: Scope) -> dict[int, Record]:
    """Count the closed deals of each use: the deal that it names, else those of its lead; a use after the close is none of it."""
    uses, deals = scope.table("content_uses"), scope.table("opportunities")
    if scope.within:
        uses, deals = scope.within.only("content_uses", uses), scope.within.only("opportunities", deals)
    uses = uses.filter(uses.asset_id.notnull() & uses.used_at.notnull() & (uses.reason_unused.fill_null("") == ""))
    closed = deals.filter(deals.outcome != "open").select(
        deal="id", from_lead="lead_id", outcome="outcome",
        closed_on=ibis.coalesce(deals.closed_on, deals.closed_at.date()),
    )  # fmt: skip
    own = uses.filter(uses.opportunity_id.notnull())
    own = own.join(closed, own.opportunity_id == closed.deal).select(
        "asset_id", "used_at", "deal", "outcome", "closed_on"
    )
    through = uses.filter(uses.opportunity_id.isnull() & uses.lead_id.notnull())
    through = through.join(closed, through.lead_id == closed.from_lead)
    through = through.select("asset_id", "used_at", "deal", "outcome", "closed_on")
    both = ibis.union(own, through)
    both = both.filter(both.closed_on.isnull() | (both.used_at.date() <= both.closed_on))
    sums = both.group_by("asset_id").aggregate(
        won=both.deal.nunique(where=both.outcome == "won"), closed=both.deal.nunique()
    )
    lines = plain_rows(scope.facts.execute(sums))
    return {int(line["asset_id"]): Record(int(line["won"]), int(line["closed"])) for line in lines}
