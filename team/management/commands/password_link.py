"""Show the link for a forgotten password to who runs the server: the way out where no mail is sent."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from team.accounts.invitations import password_link
from team.models import User


class Command(BaseCommand):
    help = (
        "Show a link under which a person sets a new password. It works once and for a few days. Send it to no one "
        "else: anyone with this link can take over the account."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the address the person signs in with")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        person = User.objects.filter(email__iexact=email).first()
        if person is None:
            raise CommandError(f"No account has the address {email}.")
        try:
            self.stdout.write(password_link(person))
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
