"""Change an account where no page can: no one is left to consent, or the last admin lost the second factor."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from team import actions
from team.accounts.mail import send_pending_mails
from team.models import Role, User

VIA = "change_account"


class Command(BaseCommand):
    help = (
        "Change an account's address, role, state or second factor without a consent. Each change is written to the "
        "history of the agreements and mailed to the address before it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the address the person signs in with now")
        parser.add_argument("--new-email", help="the new address")
        parser.add_argument("--role", choices=Role.values)
        parser.add_argument("--active", choices=["yes", "no"], help="whether the person may sign in")
        parser.add_argument("--reset-two-factor", action="store_true", help="remove the second factor")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        person = User.objects.filter(email__iexact=email).first()
        if person is None:
            raise CommandError(f"No account has the address {email}.")
        fields = self._read_fields(options)
        if not fields and not options["reset_two_factor"]:
            raise CommandError("Name what to change: --new-email, --role, --active or --reset-two-factor.")
        try:
            actions.change_on_server(person=person, via=VIA, **fields)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        if options["reset_two_factor"]:
            actions.remove_two_factor(person=person, via=VIA)
        send_pending_mails()
        self.stdout.write(f"{person.email} is changed. The history and a mail to {email.lower()} say so.")

    def _read_fields(self, options: dict[str, Any]) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        if options["new_email"]:
            try:
                validate_email(options["new_email"])
            except ValidationError as error:
                raise CommandError(" ".join(error.messages)) from None
            fields["email"] = options["new_email"].lower()
        if options["role"]:
            fields["role"] = options["role"]
        if options["active"]:
            fields["is_active"] = options["active"] == "yes"
        return fields
