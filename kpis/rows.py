"""A fact row with the rows it points to, joined only as far as a question asks.

A declaration writes `row["lead.owner_id"]` for "the owner of the deal's lead". The paths that a question's
expressions name are collected first; then exactly those look-ups are joined, each by key, so no row doubles.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import ibis

from core.periods import Period
from crm.readable import ReadableRows
from crm.registry import linked_table
from facts.custom import custom_field
from facts.engine import Facts
from kpis.people import with_persons

Build = Callable[["Row"], Any]  # from a row to an Ibis value
EXACT = "decimal(38,6)"  # sums of money keep six places until they are shown


@dataclass(frozen=True)
class CashTerms:
    """After how many days the company expects an invoice, a payment without a due date, and a customer that is live."""

    invoice_days: int = 14
    payment_days: int = 30
    live_days: int = 30


@dataclass(frozen=True)
class Scope:
    """What an expression may need to know besides its row."""

    facts: Facts
    period: Period
    currency: str  # the company's; rows without one are in it
    today: date  # the company's day at the snapshot
    asked_evenings: tuple[date, ...] = ()
    converts: bool = False  # amounts in other currencies are computed in the company's
    shared: Any = field(
        default=None, compare=False, repr=False
    )  # kpis.shared_queries.Shared, where several answers are wanted
    cash: CashTerms = CashTerms()
    model: str = "linear"  # the attribution model: the company's, or the one that is asked for
    within: ReadableRows | None = None  # only what one reader may read is counted; None: everything
    _tables: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def evenings(self) -> tuple[date, ...]:
        """The days on whose evening a stock is counted: the period's last, or those that a trend asks for."""
        return self.asked_evenings or (self.period.end or self.today,)

    def table(self, name: str) -> Any:
        """Return the fact table; its columns are looked up once for a question."""
        if name not in self._tables:
            self._tables[name] = self.facts.table(name)
        return self._tables[name]

    @property
    def owners(self) -> Any:
        """The owners, each with the record that represents its person."""
        if "owners with persons" not in self._tables:
            self._tables["owners with persons"] = with_persons(self.table("owners"))
        return self._tables["owners with persons"]


class Row:
    """One row of a fact table: `row["amount"]`, `row["account.vertical.name"]`."""

    def __init__(self, scope: Scope, take: Callable[[str], Any]) -> None:
        self.scope = scope
        self._take = take

    def __getitem__(self, path: str) -> Any:
        return self._take(path)

    def first(self, *paths: str) -> Any:
        """Return the first that is not NULL."""
        return ibis.coalesce(*(self[path] for path in paths))

    def text(self, *paths: str) -> Any:
        """Return the first that is not empty; NULL when all are."""
        return ibis.coalesce(*(self[path].nullif("") for path in paths))

    def day(self, path: str) -> Any:
        """Return the company's calendar day of a moment."""
        return self[path].date()

    def custom(self, name: str) -> Any:
        return custom_field(self, name).nullif("")  # type: ignore[arg-type]

    def money(self, path: str) -> Any:
        return self[path].cast(EXACT)


def _first_touches(scope: Scope) -> Any:
    """The first campaign that touched each lead: by time, undated touches last."""
    touches = scope.table("touches")
    touches = touches.filter(touches.lead_id.notnull() & touches.campaign_id.notnull())
    by_time = [touches.happened_at.isnull(), touches.happened_at, touches.id]
    turn = ibis.row_number().over(group_by=touches.lead_id, order_by=by_time)
    ranked = touches.mutate(turn=turn)
    return ranked.filter(ranked.turn == 0).select(id="lead_id", campaign_id="campaign_id")


def _deals_of_leads(scope: Scope) -> Any:
    """What became of each lead's deals."""
    deals = scope.table("opportunities")
    deals = deals.filter(deals.lead_id.notnull())
    return deals.group_by(id=deals.lead_id).aggregate(won=(deals.outcome == "won").any(), deals=deals.count())


def _last_of(table: str, link: str, moment: str) -> Callable[[Scope], Any]:
    """Return, for each record that rows of a table point to, when the last of them was."""

    def build(scope: Scope) -> Any:
        rows = scope.table(table)
        rows = rows.filter(rows[link].notnull() & rows[moment].notnull())
        return rows.group_by(id=rows[link]).aggregate(at=rows[moment].max())

    return build


def _last_openings(scope: Scope) -> Any:
    """When a buyer opened each asset last: one that Sales sent, or one of a touch that the buyer responded to."""
    uses, touches = scope.table("content_uses"), scope.table("touches")
    opened = uses.filter(uses.asset_id.notnull() & uses.opened_at.notnull())
    answered = touches.filter(touches.asset_id.notnull() & touches.happened_at.notnull() & touches.has_responded)
    both = ibis.union(
        opened.select(asset="asset_id", moment="opened_at"), answered.select(asset="asset_id", moment="happened_at")
    )
    return both.group_by(id=both.asset).aggregate(at=both.moment.max())


def _places_of(link: str) -> Callable[[Scope], Any]:
    """Return the place of each lead or account by the signed ideal customer profile."""

    def build(scope: Scope) -> Any:
        places = scope.table("icp_places")
        return places.filter(places[link].notnull()).select(id=link, place="place")

    return build


def _icp_mixes(scope: Scope) -> Any:
    """How many leads of each campaign have a place, and which share of them is inside."""
    leads, places, first = scope.table("leads"), scope.table("icp_places"), _first_touches(scope)
    placed = places.filter(places.lead_id.notnull()).select(placed_lead="lead_id", place="place")
    touched = first.select(touched_lead="id", touched_campaign="campaign_id")
    rows = leads.join(placed, leads.id == placed.placed_lead)
    rows = rows.left_join(touched, rows.id == touched.touched_lead)
    each = rows.select(campaign=ibis.coalesce(rows.campaign_id, rows.touched_campaign), place=rows.place)
    each = each.filter(each.campaign.notnull())
    counts = each.group_by(id=each.campaign).aggregate(
        placed=each.count(),
        inside=each.count(where=each.place == "inside"),
        near=each.count(where=each.place == "near"),
    )
    return counts.mutate(
        inside_share=_exact_share(counts.inside, counts.placed), near_share=_exact_share(counts.near, counts.placed)
    )


def _exact_share(part: Any, whole: Any) -> Any:
    return (part / whole).round(10).cast("decimal(11,10)")


def _count_handovers(scope: Scope) -> Any:
    """How often each enquiry was passed to another hand before its answer."""
    handovers, enquiries = scope.table("enquiry_handovers"), scope.table("enquiries")
    answers = enquiries.select(asked="id", answered="answered_at")
    rows = handovers.join(answers, handovers.enquiry_id == answers.asked)
    is_other = rows.from_owner_id.isnull() | rows.to_owner_id.isnull() | (rows.from_owner_id != rows.to_owner_id)
    is_before = rows.answered.isnull() | rows.handed_at.isnull() | (rows.handed_at <= rows.answered)
    passed = rows.filter(is_other & is_before)
    return passed.group_by(id=passed.enquiry_id).aggregate(n=passed.count())


DERIVED: dict[str, Callable[[Scope], Any]] = {
    "first_touch": _first_touches,
    "deals": _deals_of_leads,
    "last_activity": _last_of("activities", "lead_id", "happened_at"),
    "last_touch": _last_of("touches", "lead_id", "happened_at"),
    "last_move": _last_of("moves", "lead_id", "entered_at"),
    "last_use": _last_of("content_uses", "asset_id", "used_at"),
    "last_opening": _last_openings,
    "account_icp": _places_of("account_id"),
    "lead_icp": _places_of("lead_id"),
    "icp_mix": _icp_mixes,
    "handovers": _count_handovers,
    "silence": lambda scope: scope.table("silences"),
}


def _pointer_and_table(scope: Scope, segment: str) -> tuple[str, Any]:
    """Return the column that points and the table behind it."""
    if segment in DERIVED:
        return "id", DERIVED[segment](scope)
    table = linked_table(segment)
    return f"{segment}_id", scope.owners if table == "owners" else scope.table(table)


def column_name(path: str) -> str:
    return path.replace(".", "__")


def _collect_paths(scope: Scope, base: Any, builds: Iterable[Build]) -> set[str]:
    """Run the expressions on the tables as they are, unjoined, and note what they ask for."""
    paths: set[str] = set()

    def note(path: str) -> Any:
        paths.add(path)
        *segments, column = path.split(".")
        table = _pointer_and_table(scope, segments[-1])[1] if segments else base
        return table[column]

    for build in builds:
        build(Row(scope, note))
    return paths


def join_paths(scope: Scope, base: Any, builds: Iterable[Build], keep: tuple[str, ...] = ()) -> tuple[Any, Row]:
    """Join to `base` whatever the expressions name; return the wide table and the row to build them on."""
    paths = _collect_paths(scope, base, builds) | set(keep)
    prefixes = sorted(
        {prefix for path in paths for prefix in _path_prefixes(path)}, key=lambda prefix: (prefix.count("."), prefix)
    )
    pointers = {
        f"{head}.{_pointer_column(tail)}" if head else _pointer_column(tail)
        for head, _, tail in map(_split_prefix, prefixes)
    }
    wanted = sorted(paths | pointers)  # one order in all processes, which share the SQL
    table = base.select(**{column_name(path): base[path] for path in wanted if "." not in path})
    for prefix in prefixes:
        table = _join_lookup(scope, table, prefix, wanted)
    return table, row_of(scope, table)


def row_of(scope: Scope, table: Any) -> Row:
    """Return the row of a joined table, to build expressions on."""
    return Row(scope, lambda path: table[column_name(path)])


def _join_lookup(scope: Scope, table: Any, prefix: str, wanted: list[str]) -> Any:
    head, _, tail = _split_prefix(prefix)
    pointer, behind = _pointer_and_table(scope, tail)
    columns = {
        column_name(path): behind[path.rpartition(".")[2]] for path in wanted if path.rpartition(".")[0] == prefix
    }
    key = f"{column_name(prefix)}__key"
    lookup = behind.select(**columns, **{key: behind["id"]})
    own = table[column_name(f"{head}.{pointer}" if head else pointer)]
    return table.left_join(lookup, own == lookup[key]).drop(key)


def _pointer_column(segment: str) -> str:
    return "id" if segment in DERIVED else f"{segment}_id"


def _split_prefix(prefix: str) -> tuple[str, str, str]:
    return prefix.rpartition(".")


def _path_prefixes(path: str) -> list[str]:
    parts = path.split(".")[:-1]
    return [".".join(parts[: i + 1]) for i in range(len(parts))]
