"""Invoices, credit notes and payments of what was won.

Each deal is invoiced in the year it was won in, and its invoices net of its credit notes are its amount: so a
year's revenue is the same by invoice and by close date. A credit note corrects what was billed too much.

In the year that runs, finance has lost some: deals that were never billed, second invoices that were never written,
and services that were billed though no one recorded a deal. The page Market to cash finds them.
"""

from datetime import date
from decimal import Decimal
from random import Random

from crm.models import Invoice, Opportunity, Payment
from revops.demo.book import Book
from revops.demo.days import DAY, last_workday, next_workday
from revops.demo.deals import Deal
from revops.demo.dice import seeded_random
from revops.demo.scaling import distribute_total
from revops.demo.story import CURRENCY, NEW

CENT = Decimal("0.01")
LARGE = Decimal(120_000)  # deals from here on are billed in parts
MISTAKES = 0.06  # share of invoices that bill too much at first
TERM = 30
NEVER_BILLED, HALF_BILLED, EVERY = 7, 3, 40  # of so many deals won this year one has no invoice, and one no second one
EXTRA_EVERY, EXTRA = 90, Decimal("4800.00")  # one of so many deals is followed by a service that was billed without one


def write_money(book: Book) -> None:
    rng = seeded_random("money")
    for deal in sorted(book.world.won_deals, key=lambda deal: (deal.closed, deal.number)):
        _bill_deal(book, rng, deal, book.deals[deal])


def _bill_deal(book: Book, rng: Random, deal: Deal, opportunity: Opportunity) -> None:
    parts = _bill_parts(rng, deal)
    amounts = distribute_total([float(share) for share, _ in parts], deal.amount, CENT)
    lost = _first_lost_part(book, deal, len(parts))
    for number, (amount, (_, day)) in enumerate(zip(amounts, parts, strict=True), 1):
        if book.calendar.seen(day) and number < lost:
            _write_invoice(book, rng, deal, opportunity, f"{deal.number:05}-{number}", amount, day)
    extra_day = next_workday(parts[0][1] + DAY * 30)
    if _is_told_this_year(book, deal) and deal.number % EXTRA_EVERY == 0 and book.calendar.seen(extra_day):
        _write_one_invoice(
            book, deal, opportunity, f"SRV-{deal.number:05}", Invoice.Kind.INVOICE, EXTRA, extra_day, None
        )


def _is_told_this_year(book: Book, deal: Deal) -> bool:
    return deal.closed.year == book.calendar.today.year


def _first_lost_part(book: Book, deal: Deal, parts: int) -> int:
    """Return from which invoice on finance wrote none; past the last for almost all deals."""
    if _is_told_this_year(book, deal):
        if deal.number % EVERY == NEVER_BILLED:
            return 1
        if parts > 1 and deal.number % (EVERY // 4) == HALF_BILLED:
            return 2
    return parts + 1


def _bill_parts(rng: Random, deal: Deal) -> list[tuple[Decimal, date]]:
    """Return the shares and days of the deal's invoices, none later than the year's last working day."""
    closed = deal.closed.date()
    first = _by_year_end(next_workday(closed + DAY * rng.randint(0, 7)), closed.year)
    second = next_workday(first + DAY * rng.randint(50, 80))
    if deal.amount < LARGE or second.year != closed.year:
        return [(Decimal(1), first)]
    return [(Decimal("0.6"), first), (Decimal("0.4"), second)]


def _by_year_end(day: date, year: int) -> date:
    return min(day, last_workday(year))


def _write_invoice(
    book: Book, rng: Random, deal: Deal, opportunity: Opportunity, number: str, amount: Decimal, day: date
) -> None:
    excess = _draw_excess(rng, amount)
    corrected = _by_year_end(next_workday(day + DAY * rng.randint(3, 20)), day.year)
    if not book.calendar.seen(corrected):
        excess = Decimal(0)
    invoice = _write_one_invoice(
        book, deal, opportunity, f"INV-{number}", Invoice.Kind.INVOICE, amount + excess, day, opportunity
    )
    if excess:
        _write_one_invoice(
            book, deal, opportunity, f"CRN-{number}", Invoice.Kind.CREDIT, excess, corrected, opportunity
        )
    _write_payment(book, rng, invoice, number, amount, max(day, corrected) if excess else day)


def _draw_excess(rng: Random, amount: Decimal) -> Decimal:
    """Return what an invoice bills too much: nothing as a rule, seats no one ordered now and then."""
    if rng.random() > MISTAKES:
        return Decimal(0)
    return (amount * Decimal(str(round(rng.uniform(0.05, 0.3), 3)))).quantize(CENT)


def _write_one_invoice(
    book: Book, deal: Deal, opportunity: Opportunity, number: str, kind: Invoice.Kind, amount: Decimal, day: date,
    billed: Opportunity | None,
) -> Invoice:  # fmt: skip
    cost = amount * Decimal(str(deal.ware.cost))
    return book.write(
        Invoice,
        f"invoice-{number.lower()}",
        number=number,
        kind=kind,
        account=opportunity.account,
        opportunity=billed,
        product=opportunity.product,
        issued_on=day,
        due_on=day + DAY * TERM if kind == Invoice.Kind.INVOICE else None,
        amount=amount,
        cost=cost.quantize(CENT),
        currency=CURRENCY,
        is_new_business=deal.kind == NEW,
        created_at=book.calendar.moment(day, 17.5),
    )


def _write_payment(book: Book, rng: Random, invoice: Invoice, number: str, amount: Decimal, since: date) -> None:
    """Pay what is owed, most near its term, some late; one in forty is not paid yet."""
    if rng.random() < 0.025:
        return
    day = next_workday(since + DAY * max(2, round(rng.gauss(TERM, 6) + (rng.random() < 0.15) * rng.uniform(10, 50))))
    if book.calendar.seen(day):
        book.write(
            Payment, f"payment-{number}", invoice=invoice, paid_on=day, amount=amount, currency=CURRENCY,
            created_at=book.calendar.moment(day, 16),
        )  # fmt: skip
