"""What the source has deleted is deleted here, with what means nothing without it."""

import pytest

from connectors.deletions import delete_records
from crm.models import Account, LineItem, Opportunity
from tests import make


@pytest.mark.django_db
def test_line_items_go_with_their_opportunity_and_no_others() -> None:
    account = make.account(source="hubspot")
    gone = make.opportunity(source="hubspot", external_id="1", account=account)
    kept = make.opportunity(source="hubspot", external_id="2", account=account)
    make.line_item(opportunity=gone, account=account)
    other = make.line_item(opportunity=kept, account=account)
    assert delete_records("hubspot", [("opportunity", "1")]) == 1
    assert list(Opportunity.objects.all()) == [kept]
    assert list(LineItem.objects.all()) == [other]
    assert Account.objects.exists()
