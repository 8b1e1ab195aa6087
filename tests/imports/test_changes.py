"""Every change finds those it concerns and no one else, by the stamps of Postgres."""

from collections.abc import Callable
from typing import Any

import pytest

from crm.changed_rows import LEADS, changed_ids, names_changed
from crm.models import Account, Activity, Lead, Touch, UsageEvent
from facts.rules import Rule
from tests import make

pytestmark = pytest.mark.django_db
OLD, SINCE = 5, "6"  # a stamp of long ago, and the horizon behind it


@pytest.fixture
def lead() -> Lead:
    """A lead with an account and a deal, among others, of whom nothing has changed for long."""
    make.opportunity(lead=old_lead(), account=old_lead().account, changed_xid=OLD)
    found = old_lead()
    make.opportunity(lead=found, account=found.account, changed_xid=OLD)
    return found


def old_lead() -> Lead:
    return make.lead(account=make.account(changed_xid=OLD), changed_xid=OLD)


NEWS: dict[str, Callable[[Lead], Any]] = {
    "a touch": lambda lead: make.record(Touch, lead=lead),
    "an activity": lambda lead: make.record(Activity, lead=lead),
    "a use": lambda lead: make.record(UsageEvent, lead=lead),
    "a deal": lambda lead: make.opportunity(lead=lead),
    "a use by the customer that it became": lambda lead: make.record(UsageEvent, account=lead.account),
    "its own fields": lambda lead: lead.save(),
    "the fields of its account": lambda lead: Account.objects.get(pk=lead.account_id).save(),
}


@pytest.mark.parametrize("what", NEWS)
def test_what_happens_concerns_its_lead_alone(lead: Lead, what: str) -> None:
    assert changed_ids(LEADS, SINCE).tolist() == []
    NEWS[what](lead)
    assert changed_ids(LEADS, SINCE).tolist() == [lead.pk]


def test_what_a_room_adds_is_found_too_and_each_lead_once(lead: Lead) -> None:
    make.record(Touch, lead=lead), make.record(Touch, lead=lead)
    added = f"{LEADS} UNION SELECT id FROM crm_lead WHERE id < %s"
    assert changed_ids(added, SINCE, [lead.pk]).tolist() == sorted(Lead.objects.values_list("pk", flat=True))


def is_in(field: str) -> Rule:
    return {"field": field, "is": "is", "value": "Fair"}


@pytest.mark.parametrize(
    ("rule", "is_everybodys"),
    [
        (is_in("campaign.name"), True),
        ({"any": [is_in("title"), {"not": is_in("campaign.kind")}]}, True),
        ({"count": "touches", "at_least": 1, "where": {"all": [is_in("campaign.name")]}}, True),
        ({"count": "touches", "at_least": 1}, False),
        (is_in("title"), False),
        (is_in("account.name"), False),  # followed to the leads of the account
        (is_in("account.vertical.name"), False),
        (is_in("custom.campaign.name"), False),
        (is_in("territory.name"), False),
    ],
)
def test_a_row_behind_a_pointer_is_everybodys(rule: Rule, is_everybodys: bool) -> None:
    make.account(), make.territory()
    campaign = make.campaign(changed_xid=OLD)
    assert not names_changed([rule], SINCE)
    campaign.save()
    assert names_changed([is_in("title"), rule], SINCE) is is_everybodys
