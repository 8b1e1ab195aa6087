"""What both leaders do in a joint review: start it, answer for decisions, record new ones, close it."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from alignment.plan.actions import write_review_update
from alignment.plan.permissions import SIDES, represented_side
from alignment.review.models import Decision, DecisionAnswer, LeadWish, Review
from alignment.review.permissions import CHANGE_DECISION, HOLD_REVIEW
from alignment.review.queries import first_day, freeze_steps, list_asked
from alignment.review.steps import find_step
from core.date_formatting import format_day
from kpis.sentences import count_noun
from notify.actions import NewEvent, publish_events
from team.models import Company, User

LONGEST_WAIT = timedelta(days=366)


@transaction.atomic
def start_review(*, by: User) -> Review:
    """Start the next review; an open one is resumed."""
    HOLD_REVIEW.require(by)
    rows = list(Review.objects.select_for_update().order_by("-number")[:1])
    last = rows[0] if rows else None
    if last and not last.is_closed:
        return last
    return Review.objects.create(number=(last.number if last else 0) + 1, started_by=by, since=first_day())


def remember_position(*, by: User, review: Review, step: str) -> None:
    """Store the step that is shown, so that the review is resumed there."""
    HOLD_REVIEW.require(by)
    Review.objects.open().filter(pk=review.pk).exclude(position=step).update(position=step)


@transaction.atomic
def answer_decision(
    *, by: User, review: Review, decision: Decision, answer: str, note: str = "", due_on: date | None = None
) -> DecisionAnswer:
    """Say what became of a decision of an earlier review; one that is not done goes on with a new day.

    Raises:
        ValidationError: the review is closed or does not ask about it, or the new day is missing or has passed.
    """
    HOLD_REVIEW.require(by)
    review = _lock_open_review(review)
    if not Decision.objects.before(review).filter(pk=decision.pk).exists():
        raise ValidationError("This review does not ask about this decision. Choose one of its list.")
    decision = Decision.objects.select_for_update().get(pk=decision.pk)
    existing = DecisionAnswer.objects.filter(review=review, decision=decision).first()
    was_due_on = existing.was_due_on if existing else decision.due_on
    if answer == DecisionAnswer.Answer.NOT_DONE:
        if due_on is None:
            raise ValidationError("Choose a new day for a decision that is not done.")
        _check_due_day(due_on)
        decision.status, decision.due_on = Decision.Status.OPEN, due_on
    else:
        decision.status, decision.due_on = Decision.Status(answer), was_due_on
    _save_change(decision, by)
    values = {
        "answer": answer,
        "note": note.strip(),
        "was_due_on": was_due_on,
        "answered_by": by,
        "answered_at": timezone.now(),
    }
    return DecisionAnswer.objects.update_or_create(review=review, decision=decision, defaults=values)[0]


@transaction.atomic
def answer_leads(
    *, by: User, review: Review, dimension: str, key: str, name: str, wish: str, note: str = ""
) -> LeadWish:
    """Say whether more, the same or fewer leads of a campaign, source or persona are wanted."""
    HOLD_REVIEW.require(by)
    review = _lock_open_review(review)
    values = {"name": name, "wish": wish, "note": note.strip()}
    return LeadWish.objects.update_or_create(review=review, dimension=dimension, key=key, defaults=values)[0]


@transaction.atomic
def record_decision(
    *, by: User, review: Review, text: str, owner: User, due_on: date, step: str = "", item: str = ""
) -> Decision:
    """Record who does what by when. The owner is notified when the review is closed."""
    HOLD_REVIEW.require(by)
    review = _lock_open_review(review)
    if not text.strip():
        raise ValidationError("Enter what was decided.")
    _check_owner(owner)
    _check_due_day(due_on)
    if step and not find_step(step):
        raise ValidationError("This step does not exist. Choose a step of the review.")
    return Decision.objects.create(
        review=review, text=text.strip(), owner=owner, due_on=due_on, step=step, item=item.strip(), recorded_by=by
    )


@transaction.atomic
def delete_decision(*, by: User, decision: Decision) -> None:
    """Delete a decision while its review is open."""
    HOLD_REVIEW.require(by)
    _lock_open_review(decision.review)
    decision.delete()


@transaction.atomic
def change_decision(*, by: User, decision: Decision, status: str, due_on: date, owner: User) -> Decision:
    """Change the state, the day or the owner of a decision between two reviews. A new owner is notified."""
    CHANGE_DECISION.require(by, decision)
    decision = Decision.objects.select_for_update(of=("self",)).select_related("review", "owner").get(pk=decision.pk)
    if due_on != decision.due_on:
        _check_due_day(due_on)
    is_handed_on = owner.pk != decision.owner_id
    if is_handed_on:
        _check_owner(owner)
    decision.status, decision.due_on, decision.owner = Decision.Status(status), due_on, owner
    _save_change(decision, by)
    if is_handed_on and decision.review.is_closed:
        publish_events([_owner_notice(decision)])
    return decision


@transaction.atomic
def close_review(*, by: User, review: Review, present: Iterable[User], next_due_on: date) -> Review:
    """Close the review: who was present is confirmed, the figures are frozen, and the plan's update is made from it.

    Raises:
        ValidationError: a decision of the last review is not answered, or a side had no leader present.
    """
    HOLD_REVIEW.require(by)
    review = _lock_open_review(review)
    people = list(present)
    _check_present(people)
    waiting = [asked for asked in list_asked(review) if asked.waits]
    if waiting:
        raise ValidationError(
            f"{count_noun(len(waiting), 'decision')} of the last review {'waits' if len(waiting) == 1 else 'wait'} for an "
            "answer. Answer each of them in the first step."
        )
    decisions = list(review.decisions.select_related("owner"))
    review.plan_update = write_review_update(by=by, notes=_update_notes(review, decisions), next_due_on=next_due_on)
    review.figures = freeze_steps(by, review)
    review.present.set(people)
    review.closed_by, review.closed_at = by, timezone.now()
    review.save()
    publish_events([_owner_notice(decision) for decision in decisions])
    return review


def _check_present(people: Iterable[User]) -> None:
    sides = {represented_side(person) for person in people}
    missing = [side.label for side in SIDES if side not in sides]
    if missing:
        raise ValidationError(
            f"No leader of {' and '.join(missing)} is marked as present. A joint review needs one of each side."
        )


def _update_notes(review: Review, decisions: Iterable[Decision]) -> dict[str, str]:
    """Return what the review adds to the part of each side: its own decisions; those of other people go into both."""
    opening = f"Joint review {review.number} of {format_day(Company.today())}."
    notes = {}
    for side in SIDES:
        own = [row for row in decisions if row.owner.side == side or row.owner.side not in SIDES]
        lines = [f"– {row.text} ({row.owner}, by {format_day(row.due_on)})" for row in own]
        notes[side.value] = "\n".join(
            [f"{opening} Decided:" if lines else f"{opening} No decision for this side.", *lines]
        )
    return notes


def _owner_notice(decision: Decision) -> NewEvent:
    return NewEvent(
        key=f"alignment.decision.{decision.pk}.{decision.owner_id}.{decision.changed_at or ''}", kind="alignment.decision",
        title=f"You own a decision of joint review {decision.review.number}, due on {format_day(decision.due_on)}: {decision.text}",
        to=(decision.owner,), link=f"/reviews/{decision.review.number}/",
    )  # fmt: skip


def remind_of_decisions() -> int:
    """Notify the owners of overdue decisions, once for each day that was set; returns how many were sent now."""
    today = Company.today()
    overdue = Decision.objects.open().filter(due_on__lt=today, review__closed_at__isnull=False)
    return publish_events(
        [
            NewEvent(
                key=f"alignment.decision.overdue.{decision.pk}.{decision.due_on}", kind="alignment.decision_overdue",
                title=f"Your decision of joint review {decision.review.number} was due on {format_day(decision.due_on)}: {decision.text}",
                to=(decision.owner,), link=f"/reviews/{decision.review.number}/",
            )
            for decision in overdue.select_related("owner", "review")
        ]
    )  # fmt: skip


def _lock_open_review(review: Review) -> Review:
    locked = Review.objects.select_for_update().get(pk=review.pk)
    if locked.is_closed:
        raise ValidationError(
            f"Joint review {locked.number} is closed and does not change any more. Start the next one."
        )
    return locked


def _check_owner(owner: User) -> None:
    if not owner.is_active:
        raise ValidationError(f"{owner} is not active. Choose an active person as the owner.")


def _check_due_day(due_on: date) -> None:
    if not Company.today() <= due_on <= Company.today() + LONGEST_WAIT:
        raise ValidationError("Choose a due date from today to a year ahead.")


def _save_change(decision: Decision, by: User) -> Any:
    decision.changed_by, decision.changed_at = by, timezone.now()
    decision.save(update_fields=["status", "due_on", "owner", "changed_by", "changed_at"])
