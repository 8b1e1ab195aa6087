"""When each lead became qualified, was accepted, and left again: the history that the CRM kept of its life cycle."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from crm.models import Lead, StageChange, StageTrack
from revops.demo.book import Book
from revops.demo.dice import draw_lognormal, seeded_random
from revops.demo.prospects import Prospect

MQL, SAL = "MQL", "SAL"
GIVEN_UP = {"Recycled", "Disqualified"}
SOON = timedelta(minutes=20)
FIRST_VISIT = timedelta(minutes=6)


def write_lead_history(book: Book) -> None:
    rng = seeded_random("lead history")
    for prospect in book.world.told_prospects:
        lead = book.leads[prospect]
        for number, (stage, drawn) in enumerate(_life_cycle_stages(book, rng, prospect, lead), 1):
            moment = book.calendar.within_hours(drawn)
            if not book.calendar.seen(moment):
                break
            book.write(
                StageChange, f"life-{prospect.number:05}-{number}", lead=lead, track=StageTrack.LIFECYCLE, stage=stage,
                entered_at=moment, created_at=moment,
            )  # fmt: skip


def _life_cycle_stages(book: Book, rng: Random, prospect: Prospect, lead: Lead) -> Iterator[tuple[str, datetime]]:
    """Yield the stages up to the opportunity; what comes after, the deal itself tells."""
    if prospect.rep is None:
        return
    handed = _handover_stages(book, rng, prospect)
    yield MQL, handed
    if prospect.answered is None or not book.calendar.seen(prospect.answered):
        return
    looked = max(prospect.answered, handed + SOON)
    if lead.lifecycle_stage not in GIVEN_UP:
        yield SAL, looked
    elif not prospect.is_turned_away:
        yield SAL, looked
        yield lead.lifecycle_stage, looked + timedelta(days=draw_lognormal(rng, 12, 0.6, 1, 60))
    else:
        yield lead.lifecycle_stage, looked + SOON


def _handover_stages(book: Book, rng: Random, prospect: Prospect) -> datetime:
    """A lead is scored when it comes, and handed over at once or when the next response lifts it over the mark."""
    latest = prospect.answered or prospect.created + timedelta(days=6)
    drawn = prospect.created + (latest - prospect.created) * min(1.0, abs(rng.gauss(0, 0.25)))
    return max(drawn, prospect.created + FIRST_VISIT)
