"""Mails about accounts: each change goes to the previous address, each request to those it concerns."""

import logging
from datetime import timedelta
from smtplib import SMTPException

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from core.mail import send_text
from team.accounts import consents
from team.accounts.history import describe_change
from team.models import AccountChange, Company, ConsentRequest

KEEP_TRYING = timedelta(days=3)
AT_ONCE = 200

logger = logging.getLogger(__name__)


def send_pending_mails() -> int:
    """Send what was not sent yet; what a mail server refuses is tried again for three days. Returns how many went out."""
    since = timezone.now() - KEEP_TRYING
    changes = AccountChange.objects.filter(mailed_at=None, changed_at__gte=since)
    requests = ConsentRequest.objects.filter(mailed_at=None, asked_at__gte=since)
    people = ("person", "by", "consent__decided_by")
    done = sum(_mail_change(row) for row in changes.select_related(*people)[:AT_ONCE])
    return done + sum(_mail_request(row) for row in requests.select_related("person", "owner", "asked_by")[:AT_ONCE])


def _mail_change(change: AccountChange) -> bool:
    context = {
        "change": change,
        "sentence": describe_change(change),
        "company": Company.get(),
        "site": settings.SITE_URL,
    }
    text = render_to_string("team/email/account_change.txt", context)
    if not _try_to_send("Your Accord account was changed", text, change.mail_to):
        return False
    return bool(AccountChange.objects.filter(pk=change.pk, mailed_at=None).update(mailed_at=timezone.now()))


def _mail_request(request: ConsentRequest) -> bool:
    link = settings.SITE_URL + reverse("account_requests")
    context = {"request": request, "lines": consents.describe_request(request), "company": Company.get(), "link": link}
    text = render_to_string("team/email/consent_request.txt", context)
    concerned = [
        request.person,
        request.owner,
        *consents.possible_consenters(request),
        *consents.possible_refusers(request),
    ]
    addresses = {person.email for person in concerned if person and person.pk != request.asked_by_id}
    sent = [_try_to_send("A change in Accord waits for a consent", text, address) for address in sorted(addresses)]
    if addresses and not any(sent):
        return False
    return bool(ConsentRequest.objects.filter(pk=request.pk, mailed_at=None).update(mailed_at=timezone.now()))


def _try_to_send(subject: str, text: str, address: str) -> bool:
    try:
        return send_text(subject, text, address)
    except (OSError, SMTPException):
        logger.warning("The mail server did not accept “%s”; Accord tries again.", subject)
        return False
