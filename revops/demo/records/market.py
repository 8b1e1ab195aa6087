"""Verticals, products, campaigns, and the accounts of the firms that AppLexus deals with."""

from datetime import date
from decimal import Decimal
from random import Random

from crm.models import Account, Campaign, Product, Vertical
from revops.demo.book import Book
from revops.demo.days import DAY, next_workday
from revops.demo.dice import seeded_random
from revops.demo.firms import Firm
from revops.demo.prospects import Run
from revops.demo.story import CURRENCY, OUTSIDE, VERTICALS, WARES, YEARS

TARGETS = 130  # firms that were chosen and never contacted
MARKETERS = ("nadia.karim", "owen.fitzgerald", "lucia.ferrer")
REVENUE_PER_HEAD = 210_000


def write_market(book: Book) -> None:
    for name in VERTICALS:
        book.verticals[name] = book.write(Vertical, f"vertical-{_to_slug(name)}", name=name)
    for ware in WARES:
        book.products[ware.name] = book.write(
            Product, f"product-{_to_slug(ware.name)}", name=ware.name, family=ware.family,
            list_price=Decimal(ware.price), currency=CURRENCY,
        )  # fmt: skip
    _write_campaigns(book)
    _write_accounts(book)


def _to_slug(name: str) -> str:
    return name.lower().replace(" ", "-")


def _write_campaigns(book: Book) -> None:
    runs: dict[str, list[Run]] = {}
    for run in book.world.runs:
        if run.plan.is_campaign and book.calendar.seen(run.starts):
            runs.setdefault(run.plan.key, []).append(run)
    for number, (key, runs_of_plan) in enumerate(runs.items()):
        book.campaigns[key] = _write_campaign(book, runs_of_plan, MARKETERS[number % len(MARKETERS)])


def _write_campaign(book: Book, runs: list[Run], marketer: str) -> Campaign:
    """Write down a campaign by the years it has run in so far; one that runs on has no last day."""
    plan, first, last = runs[0].plan, runs[0], runs[-1]
    runs_on = 0 in plan.years and not book.calendar.seen(last.ends)
    budget = sum(plan.cost * YEARS[run.offset].spend / YEARS[-1].spend for run in runs)
    return book.write(
        Campaign,
        f"campaign-{plan.key}",
        name=plan.name,
        kind=plan.kind,
        owner=book.people.owners[marketer],
        status="In progress" if runs_on else "Completed",
        starts_on=first.starts,
        ends_on=None if runs_on else last.ends,
        budget=Decimal(round(budget * 1.04, -3)),
        cost=Decimal(0),  # the lines of spend add up here
        currency=CURRENCY,
        created_at=book.calendar.moment(next_workday(first.starts - 40 * DAY), 10),
    )


def _write_accounts(book: Book) -> None:
    rng = seeded_random("accounts")
    dealt: dict[Firm, date] = {}
    for deal in book.world.told_deals:
        dealt[deal.firm] = min(deal.opened.date(), dealt.get(deal.firm, deal.opened.date()))
    lonely = [firm for firm in book.world.firms if firm not in dealt and not firm.customer_since]
    targets = set(rng.sample([firm for firm in lonely if firm.vertical != OUTSIDE], TARGETS))
    for firm in book.world.firms:
        since = firm.customer_since if book.calendar.seen(firm.customer_since) else None
        if first := min(filter(None, (dealt.get(firm), since)), default=None):
            book.accounts[firm] = _write_account(book, rng, firm, _account_kind(book, firm), first)
        elif firm in targets:
            chosen = book.calendar.first + DAY * rng.randrange((book.calendar.last - book.calendar.first).days)
            book.accounts[firm] = _write_account(book, rng, firm, "Target", chosen)


def _account_kind(book: Book, firm: Firm) -> str:
    """Say what the firm is to AppLexus today."""
    if book.calendar.seen(firm.left_on):
        return "Former customer"
    return "Customer" if book.calendar.seen(firm.customer_since) else "Prospect"


def _write_account(book: Book, rng: Random, firm: Firm, kind: str, first: date) -> Account:
    city, region, country = firm.location
    return book.write(
        Account,
        f"account-{firm.number:04}",
        name=firm.name,
        domain=firm.domain,
        website=f"https://www.{firm.domain}",
        kind=kind,
        owner=book.people.owners[firm.rep.key],
        territory=book.people.territories[firm.territory],
        vertical=book.verticals[firm.vertical],
        country=country,
        region=region,
        city=city,
        employees=firm.employees,
        annual_revenue=Decimal(round(firm.employees * REVENUE_PER_HEAD * rng.uniform(0.6, 1.6), -5)),
        currency=CURRENCY,
        founded_year=firm.founded,
        created_at=book.calendar.moment(next_workday(first) if next_workday(first) <= book.calendar.last else first, 8),
    )
