"""Leads, and the marketing touches they had."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from crm.models import Account, ContentAsset, Lead, Touch
from revops.demo.book import Book
from revops.demo.days import DAY
from revops.demo.deals import Deal
from revops.demo.dice import draw_poisson, seeded_random
from revops.demo.names import invent_phone
from revops.demo.prospects import Prospect, Run
from revops.demo.records.content import UNOPENED
from revops.demo.story import CURRENCY

WORKED_DAYS = 45  # an answered lead that is older was handed back or given up
NURTURED_DAYS = 300  # the newsletter goes to leads that were given back in this time
LOOKED_AT = ("Prices looked at", "Comparison read", "Asset downloaded", "Product film watched")
LATER_KINDS = {"Webinar": "Webinar attended", "Trade show": "Booth visited", "Paid social": "Ad clicked"}


def write_leads(book: Book) -> None:
    rng = seeded_random("lead records")
    for prospect in book.world.told_prospects:
        book.leads[prospect] = _write_lead(book, rng, prospect)


def _write_lead(book: Book, rng: Random, prospect: Prospect) -> Lead:
    deal = book.world.deal_of.get(prospect)
    status, stage = _status_and_stage(book, rng, prospect, deal)
    rated = prospect.rep and book.calendar.seen(prospect.answered) and rng.random() < 0.45
    return book.write(
        Lead,
        f"lead-{prospect.number:05}",
        **_person_fields(rng, prospect),
        account=_account_of_lead(book, prospect, deal),
        owner=book.people.owners[prospect.rep.key] if prospect.rep else None,
        campaign=book.campaign(prospect.run),
        product=book.products[deal.ware.name] if deal else None,
        territory=book.people.territories[prospect.firm.territory],
        vertical=book.verticals[prospect.firm.vertical],
        lead_source=prospect.run.plan.source,
        status=status,
        lifecycle_stage=stage,
        rating=rng.choice(("Hot", "Warm") if deal else ("Warm", "Cold", "Cold")) if rated else "",
        currency=CURRENCY,
        first_contact_on=prospect.created.date(),
        is_converted=deal is not None,
        converted_on=deal.opened.date() if deal else None,
        created_at=prospect.created,
    )


def _person_fields(rng: Random, prospect: Prospect) -> dict[str, Any]:
    """Return who the lead is and where."""
    firm, who = prospect.firm, prospect.who
    city, region, country = firm.location
    return {
        "name": who.name, "first_name": who.first, "last_name": who.last, "email": who.email(firm.domain),
        "phone": invent_phone(rng, country) if rng.random() < 0.6 else "", "title": who.title, "persona": who.persona,
        "company_name": firm.name, "employees": firm.employees, "country": country, "region": region, "city": city,
    }  # fmt: skip


def _account_of_lead(book: Book, prospect: Prospect, deal: Deal | None) -> Account | None:
    """Return the account of a converted lead, and of any other whose firm the CRM knew when it came."""
    account = book.accounts.get(prospect.firm)
    is_known = deal or (account and account.created_at and account.created_at <= prospect.created)
    return account if is_known else None


def _status_and_stage(book: Book, rng: Random, prospect: Prospect, deal: Deal | None) -> tuple[str, str]:
    """Return the lead's status and lifecycle stage as the CRM has them today."""
    if deal:
        is_won = book.world.has_closed(deal) and deal.outcome == "won"
        return "Converted", "Won" if is_won else "SQL"
    if prospect.rep is None:
        return "Nurturing", "Inquiry"
    if not book.calendar.seen(prospect.answered):
        return "New", "MQL"
    is_worked = book.calendar.age(prospect.created) < WORKED_DAYS and not prospect.is_turned_away
    if prospect.converts or is_worked:
        return "Working", "SAL"
    return ("Nurturing", "Recycled") if rng.random() < 0.55 else ("Disqualified", "Disqualified")


def write_touches(book: Book) -> None:
    rng = seeded_random("touches")
    for prospect in book.world.told_prospects:
        _write_first_touch(book, prospect)
        _write_first_visit(book, rng, prospect)
        deal = book.world.deal_of.get(prospect)
        _write_nurture(book, rng, prospect, deal)
        _write_newsletters(book, prospect)
        if deal and prospect.run.plan.is_campaign:
            _write_during(book, rng, prospect, deal)


def _write_first_touch(book: Book, prospect: Prospect) -> None:
    plan = prospect.run.plan
    book.write(
        Touch,
        f"touch-{prospect.number:05}-0",
        campaign=book.campaign(prospect.run),
        lead=book.leads[prospect],
        asset=None if plan.is_campaign else book.assets[0],
        kind=plan.response,
        status="Responded",
        has_responded=True,
        happened_at=prospect.created,
        created_at=prospect.created,
    )


def _write_first_visit(book: Book, rng: Random, prospect: Prospect) -> None:
    """What it looked at once it was there: how much it did tells how much it wants."""
    for number in range(1, prospect.eagerness + 1):
        moment = prospect.created + timedelta(seconds=80 * number)
        book.write(
            Touch, f"touch-{prospect.number:05}-v{number}", campaign=book.campaign(prospect.run), lead=book.leads[prospect],
            kind=rng.choice(LOOKED_AT), status="Responded", has_responded=True, happened_at=moment, created_at=moment,
        )  # fmt: skip


def _write_nurture(book: Book, rng: Random, prospect: Prospect, deal: Deal | None) -> None:
    """Touch the lead until it becomes an opportunity; one that came to nothing is soon forgotten, a bought one at once."""
    if not prospect.run.plan.is_campaign:
        return
    mean = 3.0 if deal else 1.8 if prospect.rep else 0.9
    end = deal.opened if deal else prospect.created + timedelta(days=120)
    moment = prospect.created
    for number in range(1, 1 + draw_poisson(rng, mean)):
        moment = book.calendar.between(rng, moment, moment + timedelta(days=rng.expovariate(1 / (9 if deal else 24))))
        if moment >= end or not book.calendar.seen(moment):
            return
        _write_touch(book, rng, prospect, moment, f"{prospect.number:05}-{number}", during=False)


def _write_newsletters(book: Book, prospect: Prospect) -> None:
    """Send the newsletter to a lead that Sales gave back; it is not answered."""
    lead = book.leads[prospect]
    if lead.lifecycle_stage != "Recycled" or not prospect.answered:
        return
    rng = seeded_random(f"newsletter {prospect.number}")
    moment = max(prospect.answered, book.calendar.moment(book.calendar.today - NURTURED_DAYS * DAY, 9))
    moment = book.calendar.later(moment, rng.uniform(80, 250))
    number = 1
    while book.calendar.seen(moment):
        book.write(
            Touch, f"touch-{prospect.number:05}-n{number}", campaign=book.campaigns["mails"], lead=lead, kind="E-mail",
            status="Sent", has_responded=False, happened_at=moment, created_at=moment,
        )  # fmt: skip
        moment, number = book.calendar.later(moment, rng.uniform(200, 280)), number + 1


def _write_during(book: Book, rng: Random, prospect: Prospect, deal: Deal) -> None:
    """Touch the buyer while the deal is open; deals that are won were helped more often."""
    mean = {"won": 1.9, "lost": 1.0}.get(str(deal.outcome), 0.6)
    for number in range(draw_poisson(rng, mean)):
        moment = book.calendar.between(rng, deal.opened + DAY, deal.closed)
        if deal.opened < moment <= deal.closed and book.calendar.seen(moment):
            _write_touch(book, rng, prospect, moment, f"{prospect.number:05}-d{number}", during=True)


def _write_touch(book: Book, rng: Random, prospect: Prospect, moment: datetime, number: str, during: bool) -> None:
    run = _running_campaigns(book, rng, moment) or prospect.run
    kind = LATER_KINDS.get(run.plan.kind, "E-mail")
    responded = rng.random() < (0.45 if during or prospect.converts else 0.22)
    lead = book.leads[prospect]
    book.write(
        Touch,
        f"touch-{number}",
        campaign=book.campaign(run),
        lead=lead,
        contact=lead.contact if during else None,
        asset=_draw_asset(book, rng),
        kind=kind,
        status="Responded" if responded else "Sent",
        has_responded=responded,
        happened_at=moment,
        created_at=moment,
    )


def _draw_asset(book: Book, rng: Random) -> ContentAsset | None:
    """Return the asset that a touch names; what no buyer opens is looked over."""
    asset = rng.choice(book.assets) if rng.random() < 0.3 else None
    return None if asset and asset.name in UNOPENED else asset


def _running_campaigns(book: Book, rng: Random, moment: datetime) -> Run | None:
    """Return a campaign that reaches known people and runs on that day: the mails mostly."""
    day = moment.date()
    runs = [run for run in book.world.runs if run.starts <= day <= run.ends and _reaches_the_known(run)]
    return rng.choices(runs, [6 if run.plan.kind == "E-mail" else 1 for run in runs])[0] if runs else None


def _reaches_the_known(run: Run) -> bool:
    return run.plan.kind == "E-mail" or (run.plan.kind in LATER_KINDS and not run.plan.vertical)
