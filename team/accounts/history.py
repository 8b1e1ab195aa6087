"""The history of accounts: triggers write the rows; this module names who acted and describes each change."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from team import seats
from team.models import AccountChange, ConsentRequest, Role, User

FLAGS = {
    ("is_active", "true"): "{person} was reactivated",
    ("is_active", "false"): "{person} was deactivated",
    ("is_superuser", "true"): "{person} was made an owner",
    ("is_superuser", "false"): "{person} is no longer an owner",
    ("is_staff", "true"): "{person} may enter the back office",
    ("is_staff", "false"): "{person} may no longer enter the back office",
    ("two_factor", "on"): "{person} turned two-factor sign-in on",
    ("two_factor", "off"): "{person} turned two-factor sign-in off",
    ("two_factor", "reset"): "The two-factor sign-in of {person} was reset",
    ("api_token", "issued"): "An API token was issued for {person}",
}


@contextmanager
def recording_actor(*, by: User | None = None, via: str = "", consent: ConsentRequest | None = None) -> Iterator[None]:
    """Set who changes accounts inside, so that the trigger stores it with each change."""
    with transaction.atomic():
        _set_actor(str(by.pk) if by else "", via, str(consent.pk) if consent else "")
        yield
        _set_actor("", "", "")


def record_change(
    *, person: User, field: str, old: str = "", new: str = "", by: User | None = None, via: str = "",
    consent: ConsentRequest | None = None,
) -> AccountChange:  # fmt: skip
    """Write a change that is not in the person's own row: a seat, a second factor, a token."""
    return AccountChange.objects.create(
        person=person, field=field, old=old, new=new, mail_to=person.email, by=by, via=via, consent=consent
    )


def record_seats(
    held: set[tuple[str, int]], *, by: User | None, via: str = "", consent: ConsentRequest | None = None
) -> None:
    """Write who gained and who lost a seat since `held` was asked; a seat that would be vacant stays with its holder."""
    if by:
        seats.keep_holders(held, by=by)
    now = seats.seats_held()
    people = User.objects.in_bulk({pk for _, pk in held ^ now})
    for label, pk in sorted(held ^ now):
        new = "gained" if (label, pk) in now else "lost"
        record_change(person=people[pk], field="seat", old=label, new=new, by=by, via=via, consent=consent)


def describe_change(change: AccountChange) -> str:
    """Say one change in a sentence: what, by whom, with whose consent."""
    return f"{_describe_event(change)}{_describe_actor(change)}."


def _describe_event(change: AccountChange) -> str:
    person = str(change.person)
    if change.field == "email":
        return f"The e-mail address of {person} was changed from {change.old} to {change.new}"
    if change.field == "password":
        return _describe_password(person, change)
    if change.field == "role":
        return f"The role of {person} was changed from {_role_label(change.old)} to {_role_label(change.new)}"
    if change.field == "seat":
        return f"The seat “{change.old}” was {'given to' if change.new == 'gained' else 'taken from'} {person}"
    return FLAGS[change.field, change.new].format(person=person)


def _describe_password(person: str, change: AccountChange) -> str:
    if change.new == "none":
        return f"The password of {person} was removed"
    return f"{person} set a first password" if change.old == "none" else f"The password of {person} was changed"


def _role_label(value: str) -> str:
    return Role(value).label if value in Role.values else value


def _describe_actor(change: AccountChange) -> str:
    consent = change.consent
    by = f", by {change.by}" if change.by else f", by the command {change.via}" if change.via else ", on the server"
    if change.by_id == change.person_id and change.field != "email":
        by = ""
    if consent is None or consent.decision == ConsentRequest.Decision.ELAPSED:
        return f"{by}, after the waiting period" if consent else by
    return f"{by}, with the consent of {consent.decided_by}"


def _set_actor(actor: str, via: str, consent: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('accord.actor', %s, true), set_config('accord.via', %s, true), "
            "set_config('accord.consent', %s, true)",
            [actor, via[:60], consent],
        )
