"""Changing one's own address: asked for after the password, and in effect once the new address has confirmed it."""

from smtplib import SMTPException
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.template.loader import render_to_string
from django.urls import reverse

from core.mail import send_text, sends_mail
from team.accounts import reauthentication
from team.accounts.history import recording_actor
from team.models import Company, User

SALT = "team.accounts.own_email"
DAYS = 3
UNUSABLE = "This address cannot be used. Choose another."
STALE = "This link is no longer valid. Request a new one on your account page."


def request_email_change(*, by: User, email: str) -> None:
    """Mail a link to the new address; nothing changes before it is followed.

    Raises:
        ValidationError: no mail can be sent, or the address cannot be used; whose it is is not told.
    """
    reauthentication.require(by)
    email = email.lower()
    if not sends_mail():
        raise ValidationError("This Accord sends no mail. Ask an ops admin to change your address.")
    if User.objects.filter(email__iexact=email).exists():
        raise ValidationError({"email": UNUSABLE})
    key = signing.dumps({"person": by.pk, "old": by.email, "new": email}, salt=SALT)
    link = settings.SITE_URL + reverse("confirm_my_email", args=[key])
    context = {"person": by, "link": link, "company": Company.get(), "days": DAYS, "email": email}
    try:
        send_text("Confirm your new address", render_to_string("team/email/confirm_email.txt", context), email)
    except (OSError, SMTPException):
        raise ValidationError("The mail could not be sent. Try again later, or ask an ops admin.") from None


def new_address(*, by: User, key: str) -> str:
    """Return the address that a link confirms.

    Raises:
        ValidationError: the link is too old, was used, or is another person's.
    """
    try:
        confirmed: dict[str, Any] = signing.loads(key, salt=SALT, max_age=DAYS * 86400)
    except signing.BadSignature:
        raise ValidationError(STALE) from None
    if confirmed["person"] != by.pk or confirmed["old"] != by.email:
        raise ValidationError(STALE)
    return str(confirmed["new"])


def confirm_email_change(*, by: User, key: str) -> User:
    """Replace one's address by the one that a link confirms.

    Raises:
        ValidationError: the link is not valid, or another person has the address by now.
    """
    email = new_address(by=by, key=key)
    person = User.objects.get(pk=by.pk)
    if User.objects.filter(email__iexact=email).exclude(pk=by.pk).exists():
        raise ValidationError(UNUSABLE)
    person.email = email
    try:
        with recording_actor(by=by):
            person.save(update_fields=["email"])
            EmailAddress.objects.filter(user=person).delete()
            EmailAddress.objects.create(user=person, email=email, verified=True, primary=True)
    except IntegrityError:
        raise ValidationError(UNUSABLE) from None
    return person
