"""Reads of rounds: how far they are, and their results, which come through the gate alone."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q

from agreements.models import SIGNING_SIDES
from agreements.signing import seat_holder
from alignment.last_values import read_value
from alignment.permissions import ROUND_READERS
from alignment.rounds import gate
from alignment.rounds.models import AnswerSheet, Invitation, Round, SkillSheet
from alignment.rounds.results import SIDE_NAMES, SIDES, RoundResults
from core.number_locale import current_locale
from team.models import Side, User


@dataclass(frozen=True)
class Progress:
    """How many of those invited on a side have answered."""

    side: str
    invited: int
    answered: int

    @property
    def name(self) -> str:
        return SIDE_NAMES[self.side]

    @property
    def share(self) -> float | None:
        return self.answered / self.invited if self.invited else None


@dataclass(frozen=True)
class ResultReader:
    """A person who reads the results, and why."""

    person: User
    reason: str


def count_progress(rounds: Sequence[Round]) -> dict[int, list[Progress]]:
    """Return the progress of each round by side, in one query."""
    rows = Invitation.objects.filter(round__in=rounds).order_by().values("round", "side")
    counts = {
        (row["round"], row["side"]): (row["invited"], row["answered"])
        for row in rows.annotate(invited=Count("pk"), answered=Count("pk", filter=Q(is_used=True)))
    }
    return {
        assessment.pk: [Progress(side, *counts.get((assessment.pk, side), (0, 0))) for side in SIDES]
        for assessment in rounds
    }


def result_readers() -> list[ResultReader]:
    """Return everyone who reads the results of rounds today."""
    people = User.objects.filter(is_active=True, role__in=ROUND_READERS).order_by("role", "name")
    readers = {person.pk: ResultReader(person, person.get_role_display()) for person in people}
    for side in SIGNING_SIDES:
        person = seat_holder(side)
        if person and person.pk not in readers:
            readers[person.pk] = ResultReader(person, f"signs for {Side(side).label}")
    return list(readers.values())


def read_results(assessment: Round) -> RoundResults:
    """Return what may be shown of a round that has ended; what earlier rounds showed limits it.

    Nothing of an ended round changes, so what was released is stored, with its written numbers; answers are not.
    """
    rounds = list(Round.objects.ended())
    until = rounds[: rounds.index(assessment) + 1]
    name = f"results:{current_locale()}:" + ".".join(str(each.pk) for each in until)
    return read_value(name, "ended", lambda: gate.release(_load(until))[-1], waits=True)


def _load(rounds: Sequence[Round]) -> list[gate.RawRound]:
    """Read the answers of rounds for the gate; nothing else in Accord reads them."""
    members: dict[tuple[int, str], set[str]] = defaultdict(set)
    for invitation in Invitation.objects.filter(round__in=rounds, is_used=True):
        members[invitation.round_id, invitation.side].add(invitation.person)
    sheets: dict[tuple[int, str], list[gate.Sheet]] = defaultdict(list)
    for sheet in AnswerSheet.objects.filter(round__in=rounds):
        sheets[sheet.round_id, sheet.side].append(gate.Sheet(sheet.answers, sheet.guesses, sheet.expectations))
    skills: dict[int, list[gate.SkillRating]] = defaultdict(list)
    for skill in SkillSheet.objects.filter(round__in=rounds):
        skills[skill.round_id].append(gate.SkillRating(skill.is_manager, skill.ratings))
    return [
        gate.RawRound(
            key=str(assessment.pk),
            name=assessment.name,
            minimum=assessment.minimum,
            members={side: frozenset(members[assessment.pk, side]) for side in SIDES},
            sheets={side: sheets[assessment.pk, side] for side in SIDES},
            skills=skills[assessment.pk],
            terms=assessment.terms,
        )
        for assessment in rounds
    ]
