"""Reads of joint reviews: the open one, its steps as they are or were, and the decisions that are due."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from agreements.signing import seat_holder
from alignment.metric_values import ResultReader
from alignment.plan.permissions import SIDES, represented_side
from alignment.review.content import Content, ReviewReader
from alignment.review.models import Decision, DecisionAnswer, LeadWish, Review
from alignment.review.permissions import HOLD_REVIEW
from alignment.review.steps import STEPS, ReviewStep
from facts.engine import open_facts
from team.access import LEADERS, can_see_all_buyers
from team.models import Company, User

DAYS_BACK = 30  # where no review was held before


def first_day() -> date:
    """Return the first day that the next review looks at."""
    last = Review.objects.closed().first()
    if last is None or last.closed_at is None:
        return Company.today() - timedelta(days=DAYS_BACK)
    return last.closed_at.astimezone(Company.get().zone).date()


def make_reader(user: User, review: Review) -> ReviewReader:
    last = Review.objects.closed().filter(number__lt=review.number).first()
    results = ResultReader(user, open_facts())
    return ReviewReader(results, review.since, Company.today(), last.figures if last else {})


def read_step(user: User, review: Review, step: ReviewStep) -> Content:
    """Return what a step shows: of a closed review as it was frozen, of an open one as it is now."""
    if review.is_closed:
        return dict(review.figures.get(step.key, {}))
    return step.read(make_reader(user, review)) if step.read else {}


def freeze_steps(user: User, review: Review) -> dict[str, Any]:
    """Return what every step shows now, to be stored with the review."""
    reader = make_reader(user, review)
    return {step.key: step.read(reader) for step in STEPS if step.read}


@dataclass(frozen=True)
class AskedDecision:
    """A decision of an earlier review, and what this review learnt of it."""

    decision: Decision
    answer: DecisionAnswer | None
    is_overdue: bool

    @property
    def waits(self) -> bool:
        """Whether it has to be answered before the review is closed; what was done in between is only shown."""
        return self.answer is None and self.decision.status == Decision.Status.OPEN


def list_asked(review: Review) -> list[AskedDecision]:
    """Return the decisions of earlier reviews that this one asks about, the first due first."""
    answers = {answer.decision_id: answer for answer in review.answers.all()}
    decisions = Decision.objects.before(review).select_related("owner", "review")
    today = Company.today()
    return [
        AskedDecision(decision, answers.get(decision.pk), decision.is_overdue(today))
        for decision in sorted(decisions, key=lambda row: (_first_due_on(row, answers), row.pk))
    ]


def _first_due_on(decision: Decision, answers: Mapping[int, DecisionAnswer]) -> date:
    """Return the day before this review moved it, so that an answer does not reorder the list."""
    return answers[decision.pk].was_due_on if decision.pk in answers else decision.due_on


def wishes_by_part(review: Review) -> dict[str, LeadWish]:
    return {f"{wish.dimension}:{wish.key}": wish for wish in review.wishes.all()}


def possible_attendees() -> list[tuple[User, str]]:
    """Return who can confirm to have been present, each with the side they lead; the CEO leads neither."""
    people = User.objects.filter(is_active=True).order_by("name", "pk")
    sided = [(person, represented_side(person) or "") for person in people.filter(role__in=LEADERS)]
    leaders = {person.pk for person, _ in sided}
    deputies = [
        (person, side) for person in _seat_holders() if person.pk not in leaders and (side := represented_side(person))
    ]
    order = [*SIDES, ""]
    return sorted([*sided, *deputies], key=lambda row: order.index(row[1]))  # type: ignore[arg-type]


def _seat_holders() -> list[User]:
    holders = {holder.pk: holder for side in SIDES if (holder := seat_holder(side))}
    return list(holders.values())


def can_see_review(user: User) -> bool:
    """Tell whether figures, wishes and decisions of others are shown: they are the company's, of days that are not whole months."""
    return can_see_all_buyers(user)


def may_hold(user: User) -> bool:
    return HOLD_REVIEW.allows(user)


def readable_decisions(user: User) -> Any:
    """Return the decisions that a person reads: all where they see the company's figures, else their own."""
    rows = Decision.objects.select_related("owner", "review")
    return rows if can_see_review(user) else rows.filter(owner=user)
