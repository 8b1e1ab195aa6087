"""What each owner achieved within spans of days, by category, in the company's currency: sums over the facts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa

from core.periods import Period, add_months
from crm.rates.conversion import CENTS, Conversion, in_company_currency
from facts.engine import Facts
from facts.plain_rows import plain_rows
from kpis.quotas.categories import CHURN, GROWTH, MARGIN, NEW_PRODUCTS
from team.models import Company

Span = tuple[date, date]
Key = tuple[int, Span]  # owner record, span
SLACK = timedelta(
    days=31
)  # the first row on record may be this late in the year before, and the year still counts as whole
UNCOUNTED = {
    "is_amountless": "won deals without an amount, which count as 0",
    "is_rateless": "won deals in another currency without a rate",
    "is_costless": "won deals without a cost",
    "is_productless": "won deals without a product",
}
UNDATED = "won deals without a closing day"
RATELESS_INVOICES = "invoices in another currency without a rate"


@dataclass(frozen=True)
class Achieved:
    """What was achieved by owner record and span, and what the sums leave out, by reason."""

    sums: Mapping[Key, Decimal] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    missing: frozenset[Span] = frozenset()  # spans whose year before is older than the records

    def total(self, owners: Iterable[int], spans: Iterable[Span]) -> Decimal | None:
        """Add up the spans of a person, over all owner records of theirs; None where the records do not reach back."""
        spans, owners = list(spans), list(owners)
        if any(span in self.missing for span in spans):
            return None
        return sum((self.sums.get((owner, span), Decimal(0)) for owner in owners for span in spans), Decimal(0))


def year_before(span: Span) -> Span:
    period = Period(*span).year_before
    assert period
    assert period.start
    assert period.end
    return period.start, period.end


def read_achieved(facts: Facts, company: Company, category: str, keys: Iterable[Key]) -> Achieved:
    """Return what each owner record achieved in its spans; the number of questions does not depend on how many there are."""
    wanted = set(keys)
    if not wanted:
        return Achieved()
    if category == CHURN:
        return _read_kept(facts, company, wanted)
    deals = won_deals(facts, company)
    if category == GROWTH:
        return _read_growth(facts, deals, wanted)
    if category == NEW_PRODUCTS:
        deals = _only_new_products(facts, deals)
    if category == MARGIN:
        deals = deals.mutate(value=deals.value - deals.home_cost)
    flags = {MARGIN: ("is_rateless", "is_costless", "is_amountless"), NEW_PRODUCTS: ("is_rateless", "is_productless")}
    return _sum_deals(facts, deals, wanted, flags.get(category, ("is_rateless", "is_amountless")))


def today_of(facts: Facts) -> date:
    """Return the company's day at the snapshot."""
    return facts.as_of.astimezone(Company.get().zone).date() if facts.as_of else Company.today()


def won_deals(facts: Facts, company: Company) -> Any:
    """Return the won deals with `day`, `value` and `home_cost` in the company's currency; NULL where there is no rate."""
    deals = facts.table("opportunities")
    rows = in_home_currency(facts, company, "opportunities", deals.filter(deals.outcome == "won"))
    is_home = rows.currency.fill_null("").isin(["", company.currency])
    return rows.select(
        "id", "owner_id", "account_id", "product_id",
        day=ibis.coalesce(rows.closed_on, rows.closed_at.date()),
        value=is_home.ifelse(rows.amount.fill_null(0).cast(CENTS), None),
        home_cost=is_home.ifelse(rows.cost.cast(CENTS), None),
        is_amountless=rows.amount.isnull(), is_rateless=~is_home, is_costless=rows.cost.isnull() & is_home,
        is_productless=rows.product_id.isnull(),
    )  # fmt: skip


def in_home_currency(facts: Facts, company: Company, table: str, rows: Any) -> Any:
    """Return the rows with their amounts converted, where the company converts; else as they are."""
    if not company.is_converting_amounts:
        return rows
    return in_company_currency(Conversion(facts, company.currency, today_of(facts)), table, rows)


def in_spans(rows: Any, spans: Sequence[Span]) -> Any:
    """Return each row once for every span that its day is in, with the number of the span."""
    edges = ibis.memtable(
        pa.table({
            "span": pa.array(range(len(spans)), pa.int64()),
            "first_day": pa.array([span[0] for span in spans], pa.date32()),
            "last_day": pa.array([span[1] for span in spans], pa.date32()),
        })
    )  # fmt: skip
    return rows.join(edges, [rows.day >= edges.first_day, rows.day <= edges.last_day])


def _sum_deals(facts: Facts, deals: Any, keys: set[Key], flags: Sequence[str]) -> Achieved:
    spans = sorted({span for _, span in keys})
    both = in_spans(deals, spans)
    counts = {name: both[name].cast("int64").sum() for name in flags}
    frame = facts.execute(both.group_by(["owner_id", "span"]).agg(total=both.value.sum(), **counts))
    sums: dict[Key, Decimal] = {}
    left_out = dict.fromkeys((UNCOUNTED[name] for name in flags), 0)
    for line in plain_rows(frame):
        key = (int(line["owner_id"] or 0), spans[int(line["span"])])
        if key not in keys:
            continue
        sums[key] = Decimal(str(line["total"] or 0))
        for name in flags:
            left_out[UNCOUNTED[name]] += int(line[name])
    left_out[UNDATED] = _count_undated(facts, deals, {owner for owner, _ in keys})
    return Achieved(sums, {reason: n for reason, n in left_out.items() if n})


def _count_undated(facts: Facts, deals: Any, owners: set[int]) -> int:
    undated = deals.filter(deals.day.isnull() & deals.owner_id.isin(sorted(owners)))
    return int(facts.execute(undated.agg(n=undated.count()))["n"].iloc[0])


def first_day(facts: Facts, rows: Any) -> date | None:
    """Return the first day of the rows; None where no row has one."""
    value = facts.execute(rows.agg(first=rows.day.min()))["first"].iloc[0]
    return None if pd.isna(value) else pd.Timestamp(value).date()


def _find_missing(spans: Iterable[Span], begins: date | None) -> frozenset[Span]:
    """Return the spans whose year before is not wholly on record."""
    return frozenset(span for span in spans if begins is None or begins > year_before(span)[0] + SLACK)


def _read_growth(facts: Facts, deals: Any, keys: set[Key]) -> Achieved:
    before = {span: year_before(span) for _, span in keys}
    both = keys | {(owner, before[span]) for owner, span in keys}
    read = _sum_deals(facts, deals, both, ("is_rateless", "is_amountless"))
    none = Decimal(0)
    growth = {
        (owner, span): read.sums.get((owner, span), none) - read.sums.get((owner, before[span]), none)
        for owner, span in keys
    }
    return Achieved(growth, read.left_out, _find_missing(before, first_day(facts, deals)))


def find_new_products(facts: Facts, deals: Any) -> dict[int, Span]:
    """Return of each new product the day of its first sale and the first day on which it is not new any more."""
    begins = first_day(facts, deals)
    sold = deals.filter(deals.product_id.notnull() & deals.day.notnull())
    frame = facts.execute(sold.group_by("product_id").agg(first=sold.day.min()))
    firsts = {int(line["product_id"]): pd.Timestamp(line["first"]).date() for line in plain_rows(frame)}
    return {
        pk: (first, add_months(first, 12))
        for pk, first in firsts.items()
        if begins is not None and first >= add_months(begins, 12)
    }


def _only_new_products(facts: Facts, deals: Any) -> Any:
    """Let only deals of new products have a value; the others are kept for what is counted of them."""
    new = find_new_products(facts, deals)
    table = ibis.memtable(
        pa.table({
            "new_id": pa.array(list(new), pa.int64()),
            "new_from": pa.array([days[0] for days in new.values()], pa.date32()),
            "new_until": pa.array([days[1] for days in new.values()], pa.date32()),
        })
    )  # fmt: skip
    both = deals.left_join(table, deals.product_id == table.new_id)
    is_new = ((both.day >= both.new_from) & (both.day < both.new_until)).fill_null(False)
    return both.mutate(value=is_new.ifelse(both.value, None)).drop("new_id", "new_from", "new_until")


def _read_kept(facts: Facts, company: Company, keys: set[Key]) -> Achieved:
    """Return the revenue kept of each owner's accounts, by their owner of today."""
    invoices = facts.table("invoices")
    rows = in_home_currency(facts, company, "invoices", invoices.filter(invoices.account_id.notnull()))
    is_home = rows.currency.fill_null("").isin(["", company.currency])
    net = (rows.kind == "credit").ifelse(-rows.amount, rows.amount).fill_null(0).cast(CENTS)
    rows = rows.select("account_id", day=rows.issued_on, value=is_home.ifelse(net, None), is_rateless=~is_home)
    accounts = facts.table("accounts").select(of_account="id", owner_id="owner_id")
    rows = rows.inner_join(accounts, rows.account_id == accounts.of_account)
    before = {span: year_before(span) for _, span in keys}
    spans = sorted({*before, *before.values()})
    both = in_spans(rows, spans)
    lines = plain_rows(facts.execute(
        both.group_by(["owner_id", "account_id", "span"]).agg(total=both.value.sum(), rateless=both.is_rateless.cast("int64").sum())
    ))  # fmt: skip
    owners = {owner for owner, _ in keys}
    lines = [line for line in lines if line["owner_id"] in owners]
    sums = {(int(line["owner_id"]), int(line["account_id"]), spans[int(line["span"])]): Decimal(str(line["total"] or 0)) for line in lines}  # fmt: skip
    kept: dict[Key, Decimal] = {}
    for (owner, account, span), now in sums.items():
        if (owner, span) in keys:
            least = min(now, sums.get((owner, account, before[span]), Decimal(0)))
            kept[owner, span] = kept.get((owner, span), Decimal(0)) + max(least, Decimal(0))
    rateless = sum(int(line["rateless"]) for line in lines)
    return Achieved(
        kept, {RATELESS_INVOICES: rateless} if rateless else {}, _find_missing(before, first_day(facts, rows))
    )
