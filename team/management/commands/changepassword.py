"""Django's command, which also writes the change to the account's history and mails the person."""

from typing import Any

from django.contrib.auth.management.commands import changepassword

from team.accounts.history import recording_actor
from team.accounts.mail import send_pending_mails


class Command(changepassword.Command):
    help = "Change a person's password. It is written to the history of the agreements and mailed to the person."

    def handle(self, *args: Any, **options: Any) -> str:
        with recording_actor(via="changepassword"):
            answer = super().handle(*args, **options)
        send_pending_mails()
        return str(answer)
