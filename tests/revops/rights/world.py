"""A company with one person of each role, each with a report, and a person outside all their teams."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from agreements.models import Agreement, Dispute, Version
from crm import models as crm
from funnel.models import Answer, HandOff, Move, Verdict
from team.models import ApiToken, Company, Role, User
from team.tokens import create_token
from tests import make
from tests.conftest import proven

OWN, TEAM, OTHER = "own", "team", "other"
BACKEND = "django.contrib.auth.backends.ModelBackend"


@dataclass
class World:
    """The people, who owns records in the CRM, and a client for each way in."""

    people: dict[str, User] = field(default_factory=dict)
    owners: dict[int, crm.Owner] = field(default_factory=dict)  # by the id of the user
    reports: dict[str, User] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    tokens: dict[str, Client] = field(default_factory=dict)
    readers: dict[str, Client] = field(default_factory=dict)

    @property
    def stranger(self) -> User:
        return self.people["stranger"]

    def whose(self, actor: User, relation: str) -> User:
        """Return the person of the relation to the actor: themselves, who reports to them, or no one of their team."""
        return {OWN: actor, TEAM: self.reports[actor.role], OTHER: self.stranger}[relation]

    def colleague(self, actor: User, relation: str) -> User:
        """Return an author for drafts: oneself, another of one's side, or a person of the other side."""
        if relation == OWN:
            return actor
        if relation == TEAM:
            return next((one for one in self.people.values() if one.side == actor.side and one != actor), actor)
        return self.people[Role.CRO if actor.side != "sales" else Role.CMO]

    def owner(self, user: User) -> crm.Owner:
        return self.owners[user.pk]


def build() -> World:
    company = Company.get()
    company.name, company.currency, company.time_zone = "Testing Ltd", "EUR", "Europe/Berlin"
    company.save()
    world = World()
    for role in Role.values:
        actor = world.people[role] = make.user(role, email=f"{role}@rights.example", name=f"The {role}")
        world.reports[role] = make.user(Role.REP, name=f"Report of {role}", manager=actor)
    world.people["stranger"] = make.user(Role.REP, name="Stranger")
    for user in (*world.people.values(), *world.reports.values()):
        world.owners[user.pk] = make.owner(name=user.name, user=user)
    for role in Role.values:
        world.clients[role] = signed_in(world.people[role])
        world.tokens[role] = with_token(world.people[role], ["read", "write"])
        world.readers[role] = with_token(world.people[role], ["read"])
    gone = make.user(Role.OPS, email="gone@rights.example")
    world.clients["gone"], world.tokens["gone"] = signed_in(gone), with_token(gone, ["read", "write"])
    User.objects.filter(pk=gone.pk).update(is_active=False)
    world.clients["owner"] = signed_in(make.user(Role.CEO, is_superuser=True, email="owner@rights.example"))
    world.clients["anonymous"] = world.tokens["anonymous"] = Client()
    return world


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return proven(client, user)


def with_token(user: User, scopes: list[str]) -> Client:
    token, secret = create_token(owner=user, name="test", scopes=scopes)
    ApiToken.objects.filter(pk=token.pk).update(last_used_at=timezone.now() + timedelta(days=1))
    return Client(headers={"Authorization": f"Bearer {secret}"})


# Records, made for one request


def lead(owner: crm.Owner, stage: str = "") -> crm.Lead:
    found = make.lead(owner=owner)
    if stage:
        Move.objects.create(lead=found, stage=stage, entered_at=timezone.now() - timedelta(hours=1))
    return found


def handoff(owner: crm.Owner, **fields: Any) -> HandOff:
    found = lead(owner)
    now = timezone.now()
    move = Move.objects.create(lead=found, stage="mql", entered_at=now - timedelta(hours=1))
    return HandOff.objects.create(
        lead=found, move=move, to_owner=owner, why="Its owner", started_at=move.entered_at, due_at=now + timedelta(hours=4),
        **fields,
    )  # fmt: skip


def verdict(owner: crm.Owner, by: User, **fields: Any) -> Verdict:
    given = handoff(owner)
    values = {"answer": "rejected", "note": "A student", "after": "recycled", "given_at": timezone.now(), **fields}
    return Verdict.objects.create(handoff=given, lead=given.lead, given_by=by, **values)


def contest(owner: crm.Owner, by: User, arbiter: User) -> Answer:
    given = verdict(owner, owner.user or by, settled_at=timezone.now())
    return Answer.objects.create(
        verdict=given, is_contest=True, words="It fits.", given_by=by, arbiter=arbiter, rule_by=timezone.localdate()
    )


def version(author: User, *, is_proposed: bool = False, kind: str = "term", **fields: Any) -> Version:
    agreement = Agreement.objects.create(kind=kind, key=f"word-{author.pk}", title="A word")
    proposal = {"proposed_by": author, "proposed_at": timezone.now(), "sides": agreement.sides} if is_proposed else {}
    return agreement.versions.create(number=1, text="What it means.", drafted_by=author, **proposal, **fields)


def dispute(author: User, arbiter: User) -> Dispute:
    return version(author, is_proposed=True).disputes.create(
        side="sales", raised_by=author, reason="No.", arbiter=arbiter, decide_by=timezone.localdate()
    )
