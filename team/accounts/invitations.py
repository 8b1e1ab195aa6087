"""Invitations: a link to set the first password, which works once and for a few days."""

from smtplib import SMTPException

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.urls import reverse

from core.mail import send_text, sends_mail
from team import seats
from team.models import Company, User
from team.permissions import INVITE_PERSON


def send_invitation(*, by: User, person: User) -> tuple[str, bool]:
    """Send a person the link under which they choose their password; return the link and whether a mail was sent.

    The inviter sees the link too, since many deployments send no mail. It is therefore only made for a person who has
    no password yet, so that it cannot take over an account in use. The link of a person who signs or decides is shown
    only where no mail went out; otherwise it is returned empty.
    """
    INVITE_PERSON.require(by)
    if not person.is_active or person.has_usable_password():
        raise ValidationError(
            f"{person} already has a password or is not active. They can request a new password on the sign-in page."
        )
    link = settings.SITE_URL + _password_path(person)
    sent = _mail_invitation(by, person, link)
    return ("" if sent and seats.is_protected(person) else link), sent


def password_link(person: User) -> str:
    """Return a link to set a new password. It gives access to the account, so no page shows it.

    Raises:
        ValidationError: the account is not active.
    """
    if not person.is_active:
        raise ValidationError(f"{person.email} is not active. Activate the account first.")
    return settings.SITE_URL + _password_path(person)


def _password_path(person: User) -> str:
    key = default_token_generator.make_token(person)
    return reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(person), "key": key})


def _mail_invitation(by: User, person: User, link: str) -> bool:
    if not sends_mail():
        return False
    context = {
        "by": by,
        "person": person,
        "link": link,
        "company": Company.get(),
        "days": settings.PASSWORD_RESET_TIMEOUT // 86400,
    }
    text = render_to_string("team/email/invitation.txt", context)
    try:
        return send_text(f"{by} invites you to Accord", text, person.email)
    except (OSError, SMTPException):
        return False
