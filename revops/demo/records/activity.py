"""What reps did: the first calls to leads, and the calls, mails, demos and visits of each deal."""

from datetime import datetime, timedelta
from random import Random

from crm.models import Activity, Lead, Opportunity
from revops.demo.book import Book
from revops.demo.days import DAY
from revops.demo.deals import Deal
from revops.demo.dice import draw_poisson, seeded_random
from revops.demo.prospects import Prospect
from revops.demo.story import NEW, OUTSIDE

CALL, MAIL, DEMO, VISIT = "Call", "Mail", "Demo", "Visit"
SECONDS = {CALL: (120, 1500), MAIL: (0, 0), DEMO: (2400, 4500), VISIT: (3600, 10_800)}
SUBJECTS = {
    CALL: ("Call about the next step", "Follow-up call", "Call with the champion", "Questions on the offer"),
    MAIL: ("Summary of our meeting", "Answers to open questions", "Reference story", "Revised offer"),
    DEMO: ("Demo for the department", "Demo with their own data", "Demo for the steering group"),
    VISIT: ("Workshop on site", "Visit with the department head", "Meeting with the buying group"),
}
MIX = {CALL: 42, MAIL: 36, DEMO: 13, VISIT: 9}
FRUITLESS_MIX = {CALL: 26, MAIL: 24, DEMO: 20, VISIT: 30}  # outside the niche: much travel for little


def write_activities(book: Book) -> None:
    rng = seeded_random("activities")
    for prospect in book.world.told_prospects:
        _write_attempts(book, rng, prospect)
        _write_contact_kept(book, prospect)
    for deal, opportunity in book.deals.items():
        _write_work(book, rng, deal, opportunity)


def _write_attempts(book: Book, rng: Random, prospect: Prospect) -> None:
    """Call or write to the lead, the first time when the story says so, until it answers or the rep gives up."""
    if not prospect.rep or not prospect.answered:
        return
    deal = book.world.deal_of.get(prospect)
    moment, tries = prospect.answered, rng.choices((1, 2, 3, 4), (38, 32, 20, 10))[0]
    for number in range(1, tries + 1):
        if not book.calendar.seen(moment) or (deal and moment > deal.opened):
            return
        kind = rng.choices((CALL, MAIL), (70, 30))[0]
        _write_attempt(book, rng, book.leads[prospect], kind, moment, f"{prospect.number:05}-{number}")
        moment = book.calendar.later(moment, rng.uniform(6, 28))


def _write_contact_kept(book: Book, prospect: Prospect) -> None:
    """Call an accepted lead every week or two while it is in progress: at AppLexus an accepted lead is worked."""
    lead = book.leads[prospect]
    if lead.lifecycle_stage != "SAL" or not prospect.answered:
        return
    rng = seeded_random(f"contact {prospect.number}")
    moment = book.calendar.later(prospect.answered, rng.uniform(40, 90))
    number = 1
    while book.calendar.seen(moment):
        _write_attempt(book, rng, lead, CALL, moment, f"{prospect.number:05}-c{number}")
        moment, number = book.calendar.later(moment, rng.uniform(40, 90)), number + 1


def _write_attempt(book: Book, rng: Random, lead: Lead, kind: str, moment: datetime, number: str) -> None:
    reached = rng.random() < (0.6 if lead.is_converted else 0.3)
    book.write(
        Activity, f"activity-{number}", kind=kind, subject="First call" if kind == CALL else "Introduction",
        status="Done", outcome="Connected" if reached else "No answer", owner=lead.owner, lead=lead,
        account=lead.account, happened_at=moment, created_at=moment, seconds=_draw_seconds(rng, kind) if reached else None,
    )  # fmt: skip


def _draw_seconds(rng: Random, kind: str) -> int | None:
    low, high = SECONDS[kind]
    return rng.randint(low, high) if high else None


def _write_work(book: Book, rng: Random, deal: Deal, opportunity: Opportunity) -> None:
    outside = deal.firm.vertical == OUTSIDE
    mix = FRUITLESS_MIX if outside else MIX
    end = deal.opened + timedelta(days=30) if deal.is_stale else deal.closed
    days = (end - deal.opened) / DAY
    mean = (1.5 if deal.kind == NEW else 0.8) + days / 22 * (1.7 if outside else 1)
    moments = sorted(book.calendar.between(rng, deal.opened, end) for _ in range(draw_poisson(rng, min(mean, 14))))
    for number, moment in enumerate((drawn for drawn in moments if book.calendar.seen(drawn)), 1):
        kind = rng.choices(list(mix), list(mix.values()))[0]
        book.write(
            Activity, f"activity-d{deal.number:05}-{number}", kind=kind, subject=rng.choice(SUBJECTS[kind]), status="Done",
            outcome="Held", owner=opportunity.owner, opportunity=opportunity, account=opportunity.account,
            contact=opportunity.contact, happened_at=moment, created_at=moment, seconds=_draw_seconds(rng, kind),
        )  # fmt: skip
