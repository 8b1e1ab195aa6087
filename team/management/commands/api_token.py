"""Make an API token for a person of the company."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from team.accounts.history import record_change
from team.accounts.mail import send_pending_mails
from team.models import User
from team.tokens import LIFETIME, create_token


class Command(BaseCommand):
    help = (
        "Create an API token with read access to what its owner may read, and print it once; only its digest is stored."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="whose token it is")
        parser.add_argument("--name", default="command line", help="what it is for")
        parser.add_argument("--days", type=int, default=LIFETIME.days, help="how long it lives, at most a year")

    def handle(self, *args: Any, email: str, name: str, days: int, **options: Any) -> None:
        owner = User.objects.filter(email__iexact=email, is_active=True).first()
        if owner is None:
            raise CommandError(f"There is no active account with the address {email}.")
        if not 1 <= days <= LIFETIME.days:
            raise CommandError(f"A token lives from 1 to {LIFETIME.days} days.")
        token, secret = create_token(owner=owner, name=name[:120], lifetime=timedelta(days=days))
        record_change(person=owner, field="api_token", new="issued", via="api_token")
        send_pending_mails()
        self.stderr.write(f"Shown once. It reads as {owner.email} until {token.expires_at:%Y-%m-%d}:")
        self.stdout.write(secret)
