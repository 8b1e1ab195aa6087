"""Which owner records are one person: one in each CRM, and another where a file named them by e-mail.

Records are of one person where they are tied to the same user, or have the same e-mail address as each other or as a user.
One record represents the person: an active one before one that is not, one with a user before one without, one with a name
before one that is called by its e-mail address, then the oldest.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Case, F, IntegerField, Value, When

from crm.models import Owner
from team.models import User


@dataclass(frozen=True)
class OwnerRecord:
    """What tells whose an owner record is."""

    pk: int
    email: str = ""
    user_id: int | None = None
    is_active: bool = True
    name: str = ""

    @property
    def rank(self) -> tuple[bool, bool, bool, int]:
        """The smallest of a person's records represents the person."""
        return not self.is_active, self.user_id is None, self.name in {"", self.email}, self.pk


@dataclass(frozen=True)
class People:
    """The people with more than one owner record; any other person has a single record."""

    records: Mapping[int, tuple[int, ...]] = field(
        default_factory=dict
    )  # the record that represents a person: all of them
    person_of: Mapping[int, int] = field(default_factory=dict)  # a record: the one that represents its person
    user_of: Mapping[int, int] = field(default_factory=dict)  # a record, of any person: the user that its person is

    def person(self, owner_id: int) -> int:
        return self.person_of.get(owner_id, owner_id)

    def all_of(self, owner_id: int) -> tuple[int, ...]:
        """Return all records of the person whose record this is."""
        return self.records.get(self.person(owner_id), (owner_id,))

    def all_of_any(self, owner_ids: Iterable[int]) -> set[int]:
        return {record for owner_id in owner_ids for record in self.all_of(owner_id)}

    def expression(self, name: str) -> Case | F:
        """Return the record that represents the person behind an owner link, for a query to group by."""
        cases = [When(**{f"{name}__in": records}, then=Value(person)) for person, records in self.records.items()]
        return Case(*cases, default=F(f"{name}_id"), output_field=IntegerField()) if cases else F(f"{name}_id")


def read_people() -> People:
    """Read the people and their records, with two queries."""
    rows = Owner.objects.order_by().values_list("pk", "email", "user_id", "is_active", "name")
    users = {email.casefold(): pk for pk, email in User.objects.order_by("-pk").values_list("pk", "email") if email}
    return group_records((OwnerRecord(*row) for row in rows), users)


def group_records(records: Iterable[OwnerRecord], users: Mapping[str, int]) -> People:
    """Group the records by person; `users` are the users by e-mail address, in lower case."""
    owners = list(records)
    tied = {owner.email.strip().casefold(): owner.user_id for owner in owners if owner.user_id and owner.email.strip()}
    by_email = {**tied, **users}
    groups: dict[Any, list[OwnerRecord]] = {}
    user_of = {}
    for owner in owners:
        email = owner.email.strip().casefold()
        if user := owner.user_id or by_email.get(email):
            user_of[owner.pk] = user
        key = ("user", user) if user else ("email", email) if email else ("record", owner.pk)
        groups.setdefault(key, []).append(owner)
    groups_of_person = {}
    for its in groups.values():
        if len(its) > 1:
            groups_of_person[min(its, key=lambda owner: owner.rank).pk] = tuple(sorted(owner.pk for owner in its))
    return People(groups_of_person, {pk: person for person, its in groups_of_person.items() for pk in its}, user_of)
