"""What both leaders do to the update of the joint plan: prepare it, write their part, present it."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from agreements.signing import seat_holder
from alignment.metric_values import ResultReader
from alignment.plan.models import PlanUpdate
from alignment.plan.permissions import DRAFT_UPDATE, PRESENT_UPDATE, SIDES, WRITE_UPDATE, represented_side
from alignment.plan.queries import (
    DAYS_BETWEEN_UPDATES,
    PlanGoal,
    due_day,
    freeze_figures,
    list_moves,
    read_goals,
)
from facts.engine import open_facts
from notify.actions import publish_event
from team.models import Company, Role, Side, User

LONGEST_INTERVAL = timedelta(days=190)


@transaction.atomic
def draft_update(*, by: User) -> PlanUpdate:
    """Begin the next update, each part drafted from what moved since the last one; an open one is gone on with.

    Raises:
        ValidationError: no goal is signed, so that there is no plan to tell of.
    """
    DRAFT_UPDATE.require(by)
    updates = list(PlanUpdate.objects.select_for_update())
    current = next((update for update in updates if not update.is_presented), None)
    if current:
        return current
    goals = read_goals(ResultReader(by, open_facts()), Company.today())
    if not goals:
        raise ValidationError("No goal of the plan is signed yet. Propose a goal first.")
    return _create_draft(by, goals, updates)


def _create_draft(by: User, goals: list[PlanGoal], updates: list[PlanUpdate]) -> PlanUpdate:
    last = updates[0] if updates else None
    texts = {f"{side.value}_text": _draft_text(last, goals, side) for side in SIDES}
    return PlanUpdate.objects.create(
        number=(last.number if last else 0) + 1, drafted_by=by, due_on=due_day(updates),
        next_due_on=Company.today() + timedelta(days=DAYS_BETWEEN_UPDATES), **texts,
    )  # fmt: skip


@transaction.atomic
def write_review_update(*, by: User, notes: Mapping[str, str], next_due_on: date) -> PlanUpdate | None:
    """Write what a joint review decided into the open update, or begin the next one with it; None where no goal is signed.

    It is presented for the side of who closed the review. The other side presents it itself, so that no one confirms
    for another. `alignment.review.actions.close_review` asks for the permission.
    """
    _check_next_day(next_due_on)
    updates = list(PlanUpdate.objects.select_for_update())
    goals = read_goals(ResultReader(by, open_facts()), Company.today())
    if not goals:
        return None
    update = next((row for row in updates if not row.is_presented), None) or _create_draft(by, goals, updates)
    for side in SIDES:
        setattr(update, f"{side.value}_text", "\n\n".join(filter(None, [update.text_of(side), notes.get(side, "")])))
    update.next_due_on = next_due_on
    update.marketing_by = update.marketing_at = update.sales_by = update.sales_at = None
    update.save()
    return present_update(by=by, update=update) if represented_side(by) else update


def _check_next_day(next_due_on: date) -> None:
    if not Company.today() < next_due_on <= Company.today() + LONGEST_INTERVAL:
        raise ValidationError("Choose a day for the next update within the next six months.")


def _draft_text(last: PlanUpdate | None, goals: list[PlanGoal], side: Side) -> str:
    own = [goal for goal in goals if goal.terms.horizon.side == side]
    moves = list_moves(last.figures if last else [], own)
    return "\n".join(moves) or "No goal of this side has moved since the last update."


@transaction.atomic
def write_update(*, by: User, update: PlanUpdate, text: str, next_due_on: date) -> PlanUpdate:
    """Write the part of one's own side. Who has presented an earlier wording presents the new one again."""
    WRITE_UPDATE.require(by, update)
    update, side = _lock_open_update(update), _side_of(by)
    if not text.strip():
        raise ValidationError("Write what your side has to tell.")
    _check_next_day(next_due_on)
    setattr(update, f"{side}_text", text.strip())
    update.next_due_on = next_due_on
    update.marketing_by = update.marketing_at = update.sales_by = update.sales_at = None
    update.save()
    return update


@transaction.atomic
def present_update(*, by: User, update: PlanUpdate) -> PlanUpdate:
    """Confirm that one's side presents the update; the second confirmation freezes the figures of that day."""
    PRESENT_UPDATE.require(by, update)
    update, side = _lock_open_update(update), _side_of(by)
    if not (update.marketing_text.strip() and update.sales_text.strip()):
        raise ValidationError("A part of the update is empty. Both sides write theirs before it is presented.")
    if update.presenter_of(side):
        raise ValidationError("Your side has presented it already. It waits for the other side.")
    now = timezone.now()
    setattr(update, f"{side}_by", by)
    setattr(update, f"{side}_at", now)
    if update.marketing_at and update.sales_at:
        update.presented_at = now
        update.figures = freeze_figures(read_goals(ResultReader(by, open_facts()), Company.today()))
    update.save()
    _notify_of_presentation(update, by)
    return update


def _lock_open_update(update: PlanUpdate) -> PlanUpdate:
    locked = PlanUpdate.objects.select_for_update().get(pk=update.pk)
    if locked.is_presented:
        raise ValidationError(
            f"Update {locked.number} was presented and does not change any more. Prepare the next one."
        )
    return locked


def _side_of(user: User) -> str:
    side = represented_side(user)
    if side is None:
        raise ValidationError("You write for neither side.")
    return side


def _presenters() -> list[User]:
    people = {holder for side in SIDES if (holder := seat_holder(side))}
    people |= set(User.objects.filter(role__in=[Role.CMO, Role.CRO], is_active=True))
    return sorted(people, key=lambda person: person.pk)


def _notify_of_presentation(update: PlanUpdate, by: User) -> Any:
    what = "presented" if update.is_presented else "waits"
    title = (
        f"Update {update.number} of the joint plan was presented"
        if update.is_presented
        else f"{by} has presented update {update.number} of the joint plan; it waits for the other side"
    )
    leaders = User.objects.filter(role=Role.CEO, is_active=True) if update.is_presented else []
    return publish_event(
        key=f"alignment.update.{update.pk}.{what}.{timezone.now().isoformat()}", kind=f"alignment.update_{what}", title=title,
        to=[person for person in [*_presenters(), *leaders] if person != by], link=f"/plan/updates/{update.number}/",
    )  # fmt: skip


def remind_of_update() -> bool:
    """Tell the presenters and the CEO once of an update that is overdue; returns whether a notice was sent now."""
    due = due_day()
    if due is None or due >= Company.today():
        return False
    people = [*_presenters(), *User.objects.filter(role=Role.CEO, is_active=True)]
    title = f"The update of the joint plan was due on {due}"
    event = publish_event(
        key=f"alignment.update.due.{due}", kind="alignment.update_overdue", title=title, to=people, link="/plan/"
    )
    return event is not None
