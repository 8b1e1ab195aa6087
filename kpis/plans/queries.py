"""Read what a replay needs: the won deals of the last full year and the year before, the quotas, and the products."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from core import periods
from core.periods import Period, add_months
from crm.models import Owner
from crm.models import Product as ProductRecord
from facts.engine import Facts
from facts.plain_rows import plain_rows
from kpis.plans.moves import Product
from kpis.plans.pay import CENT, Event, RepYear, Span
from kpis.plans.terms import LIST, PayPlan
from kpis.quotas.achieved import find_new_products, first_day, read_achieved, won_deals
from kpis.quotas.categories import CHURN, GROWTH
from kpis.quotas.report import QuotaBook
from kpis.quotas.selection import select_quotas
from team.models import Company

NO_RATE, NO_DISCOUNT = (
    "won deals in another currency without a rate",
    "won deals without lines, taken as sold without discount",
)
UNITS = {"month": periods.month_period, "quarter": periods.quarter_period, "year": periods.year_of}
LATE = timedelta(days=31)


@dataclass(frozen=True)
class ReplayData:
    """The year that is replayed."""

    year: Period
    reps: tuple[RepYear, ...]
    spans: Mapping[str, Sequence[Span]]
    products: tuple[Product, ...]
    left_out: Mapping[str, int]
    faults: tuple[str, ...]  # what a plan pays for and the records do not hold


def last_full_year(today: date) -> Period:
    return periods.preset_period("last_year", today, Company.get().fiscal_calendar)


def list_spans(year: Period) -> dict[str, list[Span]]:
    """Return the months, the quarters and the whole of a fiscal year."""
    assert year.start
    assert year.end
    spans: dict[str, list[Span]] = {}
    for name, unit_of in UNITS.items():
        day, its = year.start, []
        while day <= year.end:
            unit = unit_of(day, year.calendar)
            assert unit.start
            assert unit.end
            its.append((unit.start, unit.end))
            day = unit.end + timedelta(days=1)
        spans[name] = its
    return spans


def read_replay_data(plans: Sequence[PayPlan], book: QuotaBook | None = None) -> ReplayData:
    """Return the last full year of every person with a quota in it, by the same number of questions for any number of people."""
    book = book or QuotaBook()
    year = last_full_year(book.today)
    categories = {category for plan in plans for category in plan.weights}
    quotas = _read_quotas(book, categories, year)
    owners = Owner.objects.in_bulk(list(quotas))
    deals = won_deals(book.facts, book.company)
    new = find_new_products(book.facts, deals)
    needs_discount = any(plan.credit == LIST or plan.discount_limit is not None for plan in plans)
    events, before, left_out = _read_events(book, deals, new, year, set(quotas), needs_discount=needs_discount)
    spans = list_spans(year)
    kept = _read_kept(book, set(quotas), spans) if CHURN in categories else {}
    reps = [
        RepYear(
            owner, str(owners[owner]) if owner in owners else "Deleted owner", tuple(events.get(owner, ())), its,
            tuple(before.get(owner, ())), kept.get(owner, {}),
        )
        for owner, its in quotas.items()
    ]  # fmt: skip
    faults = []
    assert year.start
    begins = first_day(book.facts, deals)
    if GROWTH in categories and (begins is None or begins > add_months(year.start, -12) + LATE):
        faults.append("A plan pays for growth, and the deals on record do not reach back to the year before.")
    reps.sort(key=lambda rep: (rep.name.casefold(), rep.owner))
    return ReplayData(year, tuple(reps), spans, _read_products(book, deals, new, year), left_out, tuple(faults))


def _read_quotas(book: QuotaBook, categories: set[str], year: Period) -> dict[int, dict[str, Any]]:
    """Return the quotas of the year by person and category: of each person and span the last version."""
    quotas: dict[int, dict[str, Any]] = {}
    for category in sorted(categories):
        for row in select_quotas(book.rows, category, year, book.today).rows:
            its = quotas.setdefault(row.owner, {})
            its[category] = (*its.get(category, ()), (row.span, row.amount))
    return quotas


def _read_events(
    book: QuotaBook, deals: Any, new: Mapping[int, Span], year: Period, people: set[int], *, needs_discount: bool
) -> tuple[dict[int, list[Event]], dict[int, list[Event]], dict[str, int]]:
    """Return the deals of the year and of the year before by person, and what is left out."""
    assert year.start
    assert year.end
    earlier = Period(year.start, year.end, calendar=year.calendar).year_before
    assert earlier
    assert earlier.start
    records = sorted(book.people.all_of_any(people))
    rows = deals.filter((deals.day >= earlier.start) & (deals.day <= year.end) & deals.owner_id.isin(records))
    discounts = _read_discounts(book.facts) if needs_discount else {}
    events: dict[int, list[Event]] = {}
    before: dict[int, list[Event]] = {}
    left_out: dict[str, int] = {}
    for line in _plain_lines(book.facts, rows.order_by("day", "id")):
        day, pk = _to_day(line["day"]), int(line["id"])
        if line["is_rateless"]:
            left_out[NO_RATE] = left_out.get(NO_RATE, 0) + 1
            continue
        if needs_discount and pk not in discounts:
            left_out[NO_DISCOUNT] = left_out.get(NO_DISCOUNT, 0) + 1
        event = _to_event(line, pk, day, new, discounts.get(pk, Decimal(0)))
        person = book.people.person(int(line["owner_id"]))
        if day >= year.start:
            events.setdefault(person, []).append(event)
        else:
            before.setdefault(person, []).append(_a_year_later(event, year))
    return events, before, left_out


def _to_event(line: Mapping[str, Any], pk: int, day: date, new: Mapping[int, Span], discount: Decimal) -> Event:
    amount, product = Decimal(str(line["value"] or 0)), int(line["product_id"] or 0)
    listed = (amount / (1 - discount)).quantize(CENT, ROUND_HALF_UP) if 0 < discount < 1 else amount
    is_new = product in new and new[product][0] <= day < new[product][1]
    cost = None if line["home_cost"] is None else Decimal(str(line["home_cost"]))
    return Event(pk, day, amount, listed, cost, is_new, product, int(line["account_id"] or 0))


def _a_year_later(event: Event, year: Period) -> Event:
    """Date a deal of the year before on its day of this year, where it is the base of growth."""
    if year.calendar.has_calendar_months:
        return replace(event, day=add_months(event.day, 12))
    return replace(event, day=event.day + timedelta(weeks=52))


def _read_discounts(facts: Facts) -> dict[int, Decimal]:
    """Return the discount of each deal that has lines, as a share of the price before it."""
    lines = facts.table("line_items")
    lines = lines.filter(lines.opportunity_id.notnull())
    sums = lines.group_by("opportunity_id").agg(amount=lines.amount.sum(), discount=lines.discount.fill_null(0).sum())
    return {
        int(line["opportunity_id"]): Decimal(str(line["discount"])) / total
        for line in _plain_lines(facts, sums)
        if line["amount"] is not None
        and (total := Decimal(str(line["amount"])) + Decimal(str(line["discount"] or 0))) > 0
    }


def _read_kept(
    book: QuotaBook, people: set[int], spans: Mapping[str, Sequence[Span]]
) -> dict[int, dict[Span, Decimal]]:
    every = {span for its in spans.values() for span in its}
    records = book.people.all_of_any(people)
    achieved = read_achieved(book.facts, book.company, CHURN, [(record, span) for record in records for span in every])
    kept: dict[int, dict[Span, Decimal]] = {}
    for (record, span), value in achieved.sums.items():
        its = kept.setdefault(book.people.person(record), {})
        its[span] = its.get(span, Decimal(0)) + value
    return kept


def _read_products(book: QuotaBook, deals: Any, new: Mapping[int, Span], year: Period) -> tuple[Product, ...]:
    """Return the products sold in the year with their usual cost, and within which days they are new."""
    sold = deals.filter(deals.product_id.notnull() & (deals.day >= year.start) & (deals.day <= year.end))
    priced = sold.home_cost.notnull() & sold.value.notnull()
    sums = sold.group_by("product_id").agg(
        cost=priced.ifelse(sold.home_cost, 0).sum(), amount=priced.ifelse(sold.value, 0).sum()
    )
    lines = _plain_lines(book.facts, sums.order_by("product_id"))
    names = dict(
        ProductRecord.objects.filter(pk__in=[int(line["product_id"]) for line in lines]).values_list("pk", "name")
    )
    products = []
    for line in lines:
        pk, amount = int(line["product_id"]), Decimal(str(line["amount"] or 0))
        rate = Decimal(str(line["cost"])) / amount if amount > 0 else None
        days = new.get(pk)
        products.append(Product(pk, names.get(pk, ""), rate, days and days[0], days and days[1]))
    return tuple(products)


def _plain_lines(facts: Facts, rows: Any) -> list[dict[str, Any]]:
    frame = facts.execute(rows)
    return plain_rows(frame)


def _to_day(value: Any) -> date:
    return value.date() if hasattr(value, "date") else value
