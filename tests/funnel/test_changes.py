"""A run asks those on whom something changed: leads by what the funnel keeps of them too, accounts by their people."""

from collections.abc import Callable
from typing import Any

import pytest

from crm.models import Activity, StageChange, Touch, UsageEvent
from funnel.changes import changed_buyer_ids
from tests import make

pytestmark = pytest.mark.django_db
OLD, SINCE = 5, "6"  # a stamp of long ago, and the horizon behind it


class Book:
    """An account with its people and its deal, beside another, of whom nothing has changed for long."""

    def __init__(self) -> None:
        self.account = make.account(changed_xid=OLD)
        self.lead = make.lead(account=self.account, changed_xid=OLD)
        self.contact = make.contact(account=self.account, changed_xid=OLD)
        self.deal = make.opportunity(account=self.account, lead=self.lead, changed_xid=OLD)


@pytest.fixture
def book() -> Book:
    Book()
    return Book()


ON_ACCOUNTS: dict[str, Callable[[Book], Any]] = {
    "its own fields": lambda book: book.account.save(),
    "a deal": lambda book: book.deal.save(),
    "a use": lambda book: make.record(UsageEvent, account=book.account),
    "an activity": lambda book: make.record(Activity, account=book.account),
    "a touch of its lead": lambda book: make.record(Touch, lead=book.lead),
    "a touch of its contact": lambda book: make.record(Touch, contact=book.contact),
    "an activity of its lead": lambda book: make.record(Activity, lead=book.lead),
    "an activity of its contact": lambda book: make.record(Activity, contact=book.contact),
    "a lead that is found to be its": lambda book: make.lead(account=book.account),
    "a contact that is found to be its": lambda book: make.contact(account=book.account),
}


@pytest.mark.parametrize("what", ON_ACCOUNTS)
def test_what_happens_concerns_its_account_alone(book: Book, what: str) -> None:
    assert changed_buyer_ids("accounts", SINCE).tolist() == []
    ON_ACCOUNTS[what](book)
    assert changed_buyer_ids("accounts", SINCE).tolist() == [book.account.pk]


@pytest.mark.parametrize("through", ["lead", "opportunity"])
def test_a_new_entry_of_the_sources_history_concerns_its_lead(book: Book, through: str) -> None:
    assert changed_buyer_ids("leads", SINCE).tolist() == []
    make.record(StageChange, **{through: book.lead if through == "lead" else book.deal})
    assert changed_buyer_ids("leads", SINCE).tolist() == [book.lead.pk]
