"""Django's command, which also writes the change to the account's history and mails the person."""

from typing import Any

from django.contrib.auth.management.commands import changepassword

from team.accounts.history import acting
from team.accounts.mail import send_waiting


class Command(changepassword.Command):
    help = "Change somebody's password. It is written to the history of the agreements and mailed to the person."

    def handle(self, *args: Any, **options: Any) -> str:
        with acting(via="changepassword"):
            answer = super().handle(*args, **options)
        send_waiting()
        return str(answer)
