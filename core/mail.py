"""Whether this installation sends mail at all, and what becomes of mail where it does not."""

import logging
from collections.abc import Sequence

from django.conf import settings
from django.core.mail import EmailMessage, send_mail
from django.core.mail.backends.base import BaseEmailBackend

UNCONFIGURED = "core.mail.UnconfiguredBackend"
UNSENT = {f"django.core.mail.backends.{name}.EmailBackend" for name in ("console", "dummy", "filebased")} | {
    UNCONFIGURED
}

logger = logging.getLogger(__name__)


class UnconfiguredBackend(BaseEmailBackend):
    """Drops mail while EMAIL_URL is not set. Texts hold links that sign in, so only the subject is logged."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            logger.info("Not mailed, because EMAIL_URL is not set: “%s”", message.subject)
        return len(email_messages)


def sends_mail() -> bool:
    """Return False while EMAIL_URL is not set: no one then gets what is mailed."""
    return settings.EMAIL_BACKEND not in UNSENT


def send_text(subject: str, text: str, address: str, connection: BaseEmailBackend | None = None) -> bool:
    """Send a mail to one address, its subject in one line whatever names are in it; tell whether it went out.

    Several mails can share a `connection` that is open.

    Raises:
        OSError, SMTPException: the mail server did not take it.
    """
    return bool(send_mail(" ".join(subject.split()), text, None, [address], connection=connection))
