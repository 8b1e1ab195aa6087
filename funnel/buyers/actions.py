"""The actions of a buyer's page: record the use of content, and raise an opportunity."""

from datetime import date
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from crm.models import Account, Activity, ContentAsset, ContentUse, Enquiry, EnquiryHandover, Lead, Owner
from funnel.permissions import NOTE_CONTENT_USE, SPOT_OPPORTUNITY
from notify.actions import publish_event
from team.models import Role, User

SOURCE = "accord"
SPOTTED = "opportunity"
Buyer = Lead | Account


def _new_key(what: str) -> str:
    return f"{what}-{uuid4().hex}"


def owner_of(user: User) -> Owner | None:
    """Return the owner of CRM records that the person is."""
    return Owner.objects.filter(user=user).order_by("pk").first()


def note_use(*, by: User, lead: Lead, asset: ContentAsset, reason_unused: str = "") -> ContentUse:
    """Say that an asset was used with a lead, or why it was not."""
    NOTE_CONTENT_USE.require(by, lead)
    now, reason = timezone.now(), reason_unused.strip()
    return ContentUse.objects.create(
        source=SOURCE, external_id=_new_key("use"), asset=asset, owner=owner_of(by), lead=lead, requested_at=now,
        used_at=None if reason else now, opened_at=None if reason else now, reason_unused=reason[:255], created_at=now,
    )  # fmt: skip


@transaction.atomic
def spot_opportunity(*, by: User, buyer: Buyer, need: str, person: str = "", when: date | None = None) -> Enquiry:
    """Raise an opportunity: an enquiry that goes to the owner of the buyer, who is notified.

    Raises:
        Http404: the buyer is not the person's to see.
        PermissionDenied: the role meets no customers.
        ValidationError: no need is named.
    """
    SPOT_OPPORTUNITY.require(by, buyer)
    if not need.strip():
        raise ValidationError("Enter what the buyer needs.")
    now, spotter, owner = timezone.now(), owner_of(by), _owner_of_buyer(buyer)
    parts = [
        f"{person.strip()} said it" if person.strip() else "",
        f"wanted by {when}" if when else "",
        f"heard by {by}",
    ]
    description = "; ".join(filter(None, parts))
    enquiry = Enquiry.objects.create(
        source=SOURCE, external_id=_new_key("spotted"), name=need.strip()[:500], description=description, kind=SPOTTED, status="Open",
        channel="Spotted", owner=owner or spotter, account=buyer if isinstance(buyer, Account) else buyer.account,
        contact=buyer.contact if isinstance(buyer, Lead) else None, opened_at=now, created_at=now,
    )  # fmt: skip
    if owner and owner != spotter:
        EnquiryHandover.objects.create(
            source=SOURCE, external_id=_new_key("spotted"), enquiry=enquiry, from_owner=spotter, to_owner=owner, handed_at=now,
            created_at=now,
        )  # fmt: skip
    if isinstance(buyer, Lead) and not (buyer.account_id or buyer.contact_id):
        _note_on_lead(buyer, enquiry, description, spotter)
    chiefs = User.objects.filter(role=Role.CRO, is_active=True)  # where the buyer has no owner who signs in
    recipients = [owner.user] if owner and owner.user else list(chiefs)
    publish_event(
        key=f"funnel.spotted.{enquiry.pk}", kind="funnel.spotted", title=f"{by} spotted an opportunity: {buyer} needs {enquiry.name}"[:300],
        to=recipients, link=buyer_url(buyer), enquiry=enquiry.pk,
    )  # fmt: skip
    return enquiry


def _note_on_lead(lead: Lead, enquiry: Enquiry, notes: str, spotter: Owner | None) -> None:
    """A lead without account and contact has no enquiries; a note, which is not a response, keeps it on its line."""
    Activity.objects.create(
        source=SOURCE, external_id=_new_key("spotted"), kind="Note", subject=f"Opportunity spotted: {enquiry.name}"[:500],
        notes=notes, lead=lead, owner=spotter, status="completed", happened_at=enquiry.opened_at, created_at=enquiry.opened_at,
    )  # fmt: skip


def _owner_of_buyer(buyer: Buyer) -> Owner | None:
    """Return who owns the buyer: the lead's owner, else its account's."""
    if isinstance(buyer, Lead) and buyer.owner is None and buyer.account:
        return buyer.account.owner
    return buyer.owner


def buyer_url(buyer: Buyer) -> str:
    return f"/leads/{buyer.pk}/" if isinstance(buyer, Lead) else f"/accounts/{buyer.pk}/"
