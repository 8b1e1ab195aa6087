"""Opportunities with their stage history, and the people of the firms who decide."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from crm.models import BuyingRole, Contact, Opportunity, Outcome, StageChange
from revops.demo.book import Book
from revops.demo.days import DAY, next_workday
from revops.demo.deals import Deal
from revops.demo.dice import seeded_random
from revops.demo.firms import Firm
from revops.demo.names import DEPARTMENTS, FINANCE, IT, OPERATIONS, USER, FictionalPerson, invent_phone
from revops.demo.records.close_dates import SLOW_DEAL_AGE, Entry, push_at_quarter_ends, push_every_month
from revops.demo.story import AGREED, CURRENCY, LOST_REASONS, NEW, UNDECIDED_REASONS
from revops.demo.world import UNIT

CHAMPION, BUYER, EVALUATOR, ENDUSER = "Champion", "Economic buyer", "Technical evaluator", "User"
OPTIONAL = ((EVALUATOR, IT, 0.45), (ENDUSER, USER, 0.4))
NEXT_STEPS = {
    "Qualification": ("Call to learn the need", "Find the sponsor", "Check budget and timing"),
    "Discovery": ("Workshop with the department", "Map the buying group", "Interview two users"),
    "Solution": ("Demo with their own data", "Answer the security questions", "Agree success criteria"),
    "Proposal": ("Walk the CFO through the case", "Send the revised offer", "Reference call"),
    "Negotiation": ("Contract to legal", "Agree the start date", "Last round on terms"),
}
ON_CAMPAIGN = 0.85  # share of deals that carry their campaign; the others have it through their lead


def write_deals(book: Book) -> None:
    rng = seeded_random("deal records")
    slow = _find_slow_deal(book)
    for deal in sorted(book.world.told_deals, key=lambda deal: (deal.opened, deal.number)):
        book.deals[deal] = _write_deal(book, rng, deal, is_slow=deal is slow)


def _find_slow_deal(book: Book) -> Deal | None:
    """Return the largest deal that is open for months: its close date is moved again and again."""
    waiting = [
        deal
        for deal in book.world.told_deals
        if not book.world.has_closed(deal) and not deal.is_stale and book.calendar.age(deal.opened) > SLOW_DEAL_AGE
    ]
    return max(waiting, key=lambda deal: (deal.amount, deal.number), default=None)


def _write_deal(book: Book, rng: Random, deal: Deal, *, is_slow: bool) -> Opportunity:
    champion = _find_champion(book, rng, deal)
    entries = _move_close_dates(book, deal, _stage_entries(book, rng, deal), is_slow=is_slow)
    opportunity = _write_opportunity(book, rng, deal, champion, entries[-1])
    for number, entry in enumerate(entries, 1):
        book.write(
            StageChange, f"stage-{deal.number:05}-{number}", opportunity=opportunity, stage=entry.stage,
            entered_at=entry.moment, amount=entry.amount, currency=CURRENCY, probability=AGREED[entry.stage],
            expected_close_on=entry.promise, created_at=entry.moment,
        )  # fmt: skip
    _write_roles(book, rng, deal, opportunity, champion)
    return opportunity


def _stage_entries(book: Book, rng: Random, deal: Deal) -> list[Entry]:
    entered = _entered_stages(book, deal)
    amounts, promises = _stage_amounts(rng, deal, len(entered)), _expected_closes(book, rng, deal, entered)
    return [Entry(stage, moment, amount, promise)
            for (stage, moment), amount, promise in zip(entered, amounts, promises, strict=True)]  # fmt: skip


def _move_close_dates(book: Book, deal: Deal, entries: list[Entry], *, is_slow: bool) -> list[Entry]:
    """Return the entries with the close dates that were moved; a deal left lying is never touched again."""
    if deal.is_stale:
        return entries
    if is_slow:
        return push_every_month(entries, book.calendar)
    end = deal.closed if book.world.has_closed(deal) else None
    return push_at_quarter_ends(seeded_random(f"close dates {deal.number}"), entries, book.calendar, end)


def _entered_stages(book: Book, deal: Deal) -> list[tuple[str, datetime]]:
    """Return the stages entered by now; a deal left lying never reaches its end."""
    path = deal.path[:-1] if deal.is_stale else deal.path
    return [(stage, moment) for stage, moment in path if book.calendar.seen(moment)]


def _stage_amounts(rng: Random, deal: Deal, entries: int) -> list[Decimal]:
    """Return the amount at each stage: guessed at first, right at the end."""
    steps = max(len(deal.path) - 1, 1)
    error = max(rng.gauss(0.03, 0.16), -0.5)
    guesses = [1 + error * (steps - step) / steps for step in range(entries)]
    return [max(UNIT, UNIT * round(float(deal.amount) * guess / float(UNIT))) if guess != 1 else deal.amount
            for guess in guesses]  # fmt: skip


def _expected_closes(book: Book, rng: Random, deal: Deal, entered: list[tuple[str, datetime]]) -> list[date]:
    """Return the close date expected at each stage: too early at first, and not always kept up to date."""
    hope, steps = rng.uniform(0.4, 1.02), len(deal.path) - 1
    span = 90 * DAY if deal.is_stale else deal.closed - deal.opened
    promises = [
        next_workday((deal.opened + span * (hope + (1 - hope) * step / steps)).date()) for step in range(len(entered))
    ]
    promises = [max(promise, moment.date()) for promise, (_, moment) in zip(promises, entered, strict=True)]
    if book.world.has_closed(deal):
        promises[-1] = deal.closed.date()
    elif promises[-1] <= book.calendar.last and not deal.is_stale and rng.random() < 0.5:
        promises[-1] = next_workday(book.calendar.today + DAY * rng.randint(4, 70))
    return promises


def _write_opportunity(book: Book, rng: Random, deal: Deal, champion: Contact, last: Entry) -> Opportunity:
    is_closed = book.world.has_closed(deal)
    return book.write(
        Opportunity,
        f"deal-{deal.number:05}",
        name=f"{deal.firm.name} – {deal.ware.name.removeprefix('AppLexus ')}",
        **_party_fields(book, rng, deal, champion),
        lead_source=deal.source,
        pipeline="Sales",
        stage=last.stage,
        kind=deal.kind,
        amount=last.amount,
        currency=CURRENCY,
        cost=(last.amount * Decimal(str(deal.ware.cost))).quantize(Decimal("0.01")),
        probability=AGREED[last.stage],
        is_new_business=deal.kind == NEW,
        first_contact_on=deal.first_contact.date(),
        opened_on=deal.opened.date(),
        expected_close_on=last.promise,
        created_at=deal.opened,
        modified_at=last.moment,
        **(_outcome_fields(rng, deal) if is_closed else {"next_step": _next_step(rng, deal, last.stage)}),
    )


def _party_fields(book: Book, rng: Random, deal: Deal, champion: Contact) -> dict[str, Any]:
    """Return whose deal it is, with whom, about what, and by whom it came."""
    return {
        "account": book.accounts[deal.firm],
        "contact": champion,
        "lead": book.leads.get(deal.prospect) if deal.prospect else None,
        "owner": book.people.owners[deal.firm.rep.key],
        "product": book.products[deal.ware.name],
        "campaign": book.campaign(deal.run) if rng.random() < ON_CAMPAIGN else None,
        "territory": book.people.territories[deal.firm.territory],
    }


def _outcome_fields(rng: Random, deal: Deal) -> dict[str, Any]:
    reasons = {Outcome.LOST: LOST_REASONS, Outcome.NO_DECISION: UNDECIDED_REASONS}.get(Outcome(deal.outcome))
    unsaid = reasons is None or rng.random() < 0.06
    reason = "" if unsaid or reasons is None else rng.choices(list(reasons), list(reasons.values()))[0]
    return {"outcome": deal.outcome, "closed_on": deal.closed.date(), "closed_at": deal.closed, "lost_reason": reason}


def _next_step(rng: Random, deal: Deal, stage: str) -> str:
    missing = 0.8 if deal.is_stale else 0.2
    return "" if rng.random() < missing else rng.choice(NEXT_STEPS[stage])


def _find_champion(book: Book, rng: Random, deal: Deal) -> Contact:
    """Return who speaks for us there: the lead made a contact, or a person of the firm."""
    if deal.prospect is None:
        return _find_contact(book, rng, deal, rng.choice((OPERATIONS, IT, USER)), [])
    lead = book.leads[deal.prospect]
    lead.contact = _write_contact(book, rng, deal.firm, deal.prospect.who, deal.opened, deal.source)
    return lead.contact


def _find_contact(book: Book, rng: Random, deal: Deal, persona: str, busy: list[Contact]) -> Contact:
    """Return a person of the firm with that part to play, met before or now."""
    for contact in book.contacts.get(deal.firm, []):
        if contact.persona == persona and contact not in busy:
            return contact
    return _write_contact(book, rng, deal.firm, deal.firm.person(rng, persona), deal.opened, deal.source)


def _write_contact(book: Book, rng: Random, firm: Firm, who: FictionalPerson, met: datetime, source: str) -> Contact:
    people = book.contacts.setdefault(firm, [])
    contact = book.write(
        Contact,
        f"contact-{firm.number:04}-{len(people) + 1}",
        name=who.name,
        first_name=who.first,
        last_name=who.last,
        email=who.email(firm.domain),
        phone=invent_phone(rng, firm.location[2]) if rng.random() < 0.8 else "",
        title=who.title,
        department=DEPARTMENTS[who.persona],
        persona=who.persona,
        account=book.accounts[firm],
        owner=book.people.owners[firm.rep.key],
        lead_source=source,
        lifecycle_stage="SQL",
        country=firm.location[2],
        created_at=met,
    )
    people.append(contact)
    return contact


def _write_roles(book: Book, rng: Random, deal: Deal, opportunity: Opportunity, champion: Contact) -> None:
    """Write down the buying group; the economic buyer is missing where no one found one."""
    wanted = [(BUYER, FINANCE)] if deal.has_buyer else []
    wanted += [(role, persona) for role, persona, chance in OPTIONAL if rng.random() < chance]
    group = [(CHAMPION, champion)]
    for role, persona in wanted:
        group.append((role, _find_contact(book, rng, deal, persona, [contact for _, contact in group])))
    for number, (role, contact) in enumerate(group, 1):
        book.write(
            BuyingRole, f"role-{deal.number:05}-{number}", opportunity=opportunity, contact=contact, role=role,
            is_primary=role == CHAMPION, created_at=deal.opened + timedelta(minutes=number),
        )  # fmt: skip
