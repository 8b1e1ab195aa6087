"""Write the whole story as seen on a day: who is there, and all records."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from crm.models import Owner
from revops.demo.book import Book
from revops.demo.people import make_people
from revops.demo.records.activity import write_activities
from revops.demo.records.content import write_assets, write_uses
from revops.demo.records.deals import write_deals
from revops.demo.records.lead_history import write_lead_history
from revops.demo.records.leads import write_leads, write_touches
from revops.demo.records.market import write_market
from revops.demo.records.money import write_money
from revops.demo.records.quotas import write_quotas
from revops.demo.records.service import write_enquiries, write_usage
from revops.demo.records.spend import write_spend
from revops.demo.world import simulate_market

CHAPTERS = (
    write_market, write_assets, write_leads, write_deals, write_lead_history, write_touches, write_activities, write_money, write_spend,
    write_quotas, write_enquiries, write_usage, write_uses,
)  # fmt: skip


def write_book(today: date) -> Book:
    """Return everything the demo company holds when the company's day is `today`; the same day, the same book."""
    with _without_garbage_collection():
        book = Book(simulate_market(today), make_people())
        book.pages[Owner] = list(book.people.owners.values())
        for write in CHAPTERS:
            write(book)
    return book


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Keep the collector of reference cycles away: it would look at ninety thousand living records again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
