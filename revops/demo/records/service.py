"""What customers ask, the hands it passes through, and how they use the product."""

from datetime import date, datetime
from decimal import Decimal
from random import Random

from core.periods import add_months
from crm.models import Account, Contact, Enquiry, EnquiryHandover, Owner, UsageEvent
from revops.demo.book import Book
from revops.demo.days import DAY, next_workday, seasonal_days
from revops.demo.dice import draw_lognormal, draw_poisson, seeded_random
from revops.demo.firms import Firm
from revops.demo.prospects import Prospect
from revops.demo.story import WARES

A_YEAR = 520  # enquiries
FIRST_HANDS = ("ben.castell", "greta.holm", "aisha.diallo")
KINDS = {"How-to": 44, "Incident": 26, "Billing": 14, "Sales question": 16}
QUESTIONS = {
    "How-to": ("How do we add a second ledger?", "Where do we set user rights?", "How is the forecast calculated?"),
    "Incident": ("The nightly import stopped", "Reports load slowly", "A user cannot sign in"),
    "Billing": ("Seats on the last invoice", "Change of the billing address", "Which order number applies?"),
    "Sales question": (
        "Can we add the analytics module?",
        "Price for forty more seats",
        "Is there a compliance module?",
    ),
}
FIRST_ANSWERS = {"How-to": 0.86, "Incident": 0.68, "Billing": 0.72, "Sales question": 0.3}
SILENT = 0.22  # share of hand-overs after which no one speaks for days
TRIAL_STEPS = ("Signed in", "Report built", "Data connected", "Colleague invited", "Dashboard shared")


def write_enquiries(book: Book) -> None:
    rng = seeded_random("enquiries")
    days = (book.calendar.last - book.calendar.first).days + 1
    number = round(A_YEAR * days / 365)
    days_asked = [next_workday(day) for day in seasonal_days(rng, book.calendar.first, book.calendar.last, number)]
    customers = [firm for firm in book.accounts if firm.customer_since]
    for number_of_enquiry, day in enumerate(days_asked, 1):
        firm = rng.choice(customers)
        while not firm.is_customer(day):
            firm = rng.choice(customers)
        if book.calendar.seen(day):
            _write_enquiry(book, rng, firm, book.calendar.sometime(rng, day), number_of_enquiry)


def _write_enquiry(book: Book, rng: Random, firm: Firm, opened: datetime, number: int) -> None:
    kind = rng.choices(list(KINDS), list(KINDS.values()))[0]
    hands, moments, answered = _draw_handovers(book, rng, firm, kind, opened)
    account = book.accounts[firm]
    enquiry = book.write(
        Enquiry,
        f"enquiry-{number:05}",
        name=rng.choice(QUESTIONS[kind]),
        kind=kind,
        status="Closed" if answered else "Open",
        priority=rng.choices(("Normal", "High", "Urgent"), (78, 17, 5))[0],
        channel=rng.choices(("Mail", "Portal", "Phone", "Chat"), (40, 30, 20, 10))[0],
        pipeline="Support",
        owner=hands[-1],
        account=account,
        contact=_draw_contact(book, rng, firm, opened),
        opened_at=opened,
        answered_at=answered,
        closed_at=answered,
        created_at=opened,
    )
    for step, moment in enumerate(moments, 1):
        book.write(
            EnquiryHandover, f"handover-{number:05}-{step}", enquiry=enquiry, from_owner=hands[step - 1],
            to_owner=hands[step], handed_at=moment, created_at=moment,
        )  # fmt: skip


def _draw_handovers(
    book: Book, rng: Random, firm: Firm, kind: str, opened: datetime
) -> tuple[list[Owner], list[datetime], datetime | None]:
    """Return the hands that held the enquiry, when it was passed on, and when it was answered, if it was by now."""
    owners = book.people.owners
    hands = [owners[rng.choice(FIRST_HANDS)]]
    moments: list[datetime] = []
    moment = book.calendar.later(opened, draw_lognormal(rng, 1.5, 0.8, 0.1, 20))
    passes = 0 if rng.random() < FIRST_ANSWERS[kind] else 1 + draw_poisson(rng, 0.5)
    for _ in range(passes):
        if not book.calendar.seen(moment):
            return hands, moments, None
        moments.append(moment)
        hands.append(_next_hand(rng, owners, firm, kind, hands[-1]))
        silence = (
            draw_lognormal(rng, 60, 0.5, 30, 250) if rng.random() < SILENT else draw_lognormal(rng, 5, 0.7, 0.3, 30)
        )
        moment = book.calendar.later(moment, silence)
    lost = passes and rng.random() < 0.06  # between two desks
    return hands, moments, moment if book.calendar.seen(moment) and not lost else None


def _next_hand(rng: Random, owners: dict[str, Owner], firm: Firm, kind: str, holder: Owner) -> Owner:
    """Return who gets it next: the rep for a sales question, else a colleague."""
    rep = owners[firm.rep.key]
    if kind == "Sales question" and holder is not rep:
        return rep
    return rng.choice([owners[key] for key in FIRST_HANDS if owners[key] is not holder])


def _draw_contact(book: Book, rng: Random, firm: Firm, moment: datetime) -> Contact | None:
    people = [contact for contact in book.contacts.get(firm, []) if contact.created_at and contact.created_at <= moment]
    return rng.choice(people) if people else None


def write_usage(book: Book) -> None:
    rng = seeded_random("usage")
    for prospect in book.world.told_prospects:
        if prospect.run.plan.key == "trial":
            _write_trial(book, rng, prospect)
    for firm, account in book.accounts.items():
        if book.calendar.seen(firm.customer_since):
            _write_adoption(book, rng, firm, account)


def _write_trial(book: Book, rng: Random, prospect: Prospect) -> None:
    """Use the trial for three weeks: those who will buy use it more."""
    end = prospect.created + 21 * DAY
    steps = draw_poisson(rng, 7 if prospect.converts else 2)
    moments = sorted(book.calendar.between(rng, prospect.created, end) for _ in range(steps))
    lead, product = book.leads[prospect], book.products[WARES[0].name]
    for number, moment in enumerate([prospect.created, *moments]):
        if book.calendar.seen(moment):
            name = rng.choice(TRIAL_STEPS) if number else "Trial started"
            book.write(
                UsageEvent, f"usage-{prospect.number:05}-{number}", name=name, quantity=Decimal(1), lead=lead,
                product=product, happened_at=moment, created_at=moment,
            )  # fmt: skip


def _write_adoption(book: Book, rng: Random, firm: Firm, account: Account) -> None:
    """Count the active users of each month: growing in most firms, fading in those that will leave or may."""
    fades = firm.left_on is not None or rng.random() < 0.15
    assert firm.customer_since
    users, month = max(5.0, firm.employees**0.5 * rng.uniform(0.8, 2)), _months_in(book, firm.customer_since)
    while month <= book.calendar.last and not (firm.left_on and month > firm.left_on):
        users = max(1.0, users * rng.gauss(0.96 if fades else 1.015, 0.05))
        moment = book.calendar.moment(month, 18)
        book.write(
            UsageEvent, f"usage-{firm.number:04}-{month:%Y%m}", name="Active users", quantity=Decimal(round(users)),
            account=account, happened_at=moment, created_at=moment,
        )  # fmt: skip
        month = add_months(month, 1)


def _months_in(book: Book, since: date) -> date:
    """Return the first of the month after going live; use is measured since the start of the last full year."""
    return max(add_months(since.replace(day=1), 2), date(book.calendar.today.year - 1, 1, 1))
