"""What Sales does with a lead that was handed over: accept, reject, rate, pause, log a call, undo.

A verdict is written at once and takes effect ten seconds later, when it can no longer be undone: only then is
the move written and the hand-off ended, both dated to the moment at which the verdict was given. So an undo corrects
nothing: nothing has happened yet. Moves stay append-only, and no number ever saw a verdict that was not meant.
"""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from agreements.models import company_today
from crm.models import Activity
from facts.rules import Rule, describe_rule, list_conditions
from funnel.buyers.actions import owner_of
from funnel.definitions import in_force
from funnel.evaluate_one import evaluate_stage
from funnel.handoffs.pauses import pause_clocks, resume_clocks
from funnel.models import HandOff, Move, Verdict
from funnel.permissions import (
    ACCEPT_LEAD,
    LOG_ACTIVITY,
    PAUSE_CLOCK,
    RATE_LEAD,
    REJECT_LEAD,
    RESUME_CLOCK,
    UNDO_VERDICT,
)
from funnel.queries import current_stages
from funnel.stages.drafts import Funnel, Stage, from_terms
from team.authorization import Action
from team.models import User

UNDO_SECONDS = 10
LONGEST_PAUSE = timedelta(days=60)
BATCH = 500
CALLS = {"call": "Call", "email": "E-mail", "meeting": "Meeting", "message": "Message"}


@transaction.atomic
def accept_lead(*, by: User, handoff: HandOff, rating: int | None = None, note: str = "") -> Verdict:
    """Take the lead on; it becomes Sales' own."""
    return _give_verdict(by, ACCEPT_LEAD, handoff, answer=Verdict.Answer.ACCEPTED, rating=rating, note=note.strip())


@transaction.atomic
def reject_lead(
    *,
    by: User,
    handoff: HandOff,
    criterion: str = "",
    note: str = "",
    after: str = Verdict.After.RECYCLED,
    return_on: date | None = None,
    rating: int | None = None,
) -> Verdict:
    """Give the lead back: which criterion of the signed definition failed, and what becomes of the lead.

    Raises:
        ValidationError: no reason, a criterion that is none of the definition's, or a day of return that has passed.
    """
    REJECT_LEAD.require(by, handoff)
    if not criterion.strip() and not note.strip():
        raise ValidationError("Choose the criterion that is not met, or enter a reason.")
    criteria = criteria_of(handoff)
    if criterion and criterion not in criteria:
        raise ValidationError(f"The definition does not have this criterion. It has: {'; '.join(criteria) or 'none'}.")
    if after not in {Verdict.After.RECYCLED, Verdict.After.DISQUALIFIED}:
        raise ValidationError("A rejected lead goes back to nurture or is disqualified.")
    if return_on and after != Verdict.After.RECYCLED:
        raise ValidationError("Only a lead that goes back to nurture returns.")
    if return_on and return_on <= company_today():
        raise ValidationError("The return date has already passed.")
    return _give_verdict(
        by, REJECT_LEAD, handoff, answer=Verdict.Answer.REJECTED, criterion=criterion.strip(), note=note.strip(), after=after,
        return_on=return_on, rating=rating,
    )  # fmt: skip


def recycle_lead(*, by: User, handoff: HandOff, until: date, note: str = "Not now") -> Verdict:
    """Put the lead back to nurture until a day: nothing is wrong with it but the time."""
    return reject_lead(by=by, handoff=handoff, note=note, after=Verdict.After.RECYCLED, return_on=until)


@transaction.atomic
def rate_lead(*, by: User, handoff: HandOff, rating: int) -> HandOff:
    """Say how good the lead is, 1 to 5, before or after a verdict."""
    locked = _lock_handoff(by, RATE_LEAD, handoff)
    if rating not in range(1, 6):
        raise ValidationError("Rate from 1 to 5.")
    HandOff.objects.filter(pk=locked.pk).update(rating=rating, rated_by=by)
    locked.verdicts.standing().update(rating=rating)  # type: ignore[attr-defined]
    locked.rating, locked.rated_by = rating, by
    return locked


@transaction.atomic
def undo_verdict(*, by: User, verdict: Verdict) -> Verdict:
    """Undo a verdict within ten seconds; the row lock decides between the undo and a verdict that takes effect just now.

    Raises:
        ValidationError: it has taken effect.
    """
    locked = Verdict.objects.select_for_update().get(pk=verdict.pk)
    UNDO_VERDICT.require(by, locked)
    if locked.undone_at:
        return locked
    if locked.settled_at or timezone.now() > locked.given_at + timedelta(seconds=UNDO_SECONDS):
        raise ValidationError("The verdict has already taken effect. Move the lead by hand and give a reason.")
    locked.undone_at = timezone.now()
    locked.save(update_fields=["undone_at"])
    return locked


@transaction.atomic
def log_call(
    *, by: User, handoff: HandOff, kind: str = "call", outcome: str = "", notes: str = "", seconds: int | None = None
) -> Activity:
    """Log a call, a mail or a meeting with the lead, in the name of the person who logs it.

    It is an attempt, and the first response when it is the first, also when it was the manager's.
    """
    locked, now = _lock_handoff(by, LOG_ACTIVITY, handoff), timezone.now()
    if kind not in CALLS:
        raise ValidationError(f"Log one of: {', '.join(CALLS)}.")
    if seconds is not None and seconds < 0:
        raise ValidationError("The duration of a call cannot be negative.")
    activity = Activity.objects.create(
        source="accord", external_id=f"logged-{uuid4().hex}", kind=kind, subject=f"{CALLS[kind]} with {locked.lead}"[:500],
        owner=owner_of(by), logged_by=by, lead=locked.lead, account_id=locked.lead.account_id, outcome=outcome[:255], notes=notes, seconds=seconds,
        status="completed", happened_at=now, created_at=now,
    )  # fmt: skip
    if locked.ended_at is None:
        locked.attempts += 1
        locked.answered_at = locked.answered_at or now
        HandOff.objects.filter(pk=locked.pk).update(attempts=F("attempts") + 1, answered_at=locked.answered_at)
    return activity


@transaction.atomic
def pause_clock(*, by: User, handoff: HandOff, until: datetime, reason: str) -> HandOff:
    """Pause the clock while the lead itself waits for a date."""
    locked, now = _lock_handoff(by, PAUSE_CLOCK, handoff), timezone.now()
    if locked.ended_at or locked.paused_at:
        raise ValidationError("This clock is not running.")
    if not now < until <= now + LONGEST_PAUSE:
        raise ValidationError(f"A clock can be paused for at most {LONGEST_PAUSE.days} days.")
    if not reason.strip():
        raise ValidationError("Enter the reason for the pause.")
    pause_clocks([locked], now, until, reason.strip())
    HandOff.objects.filter(pk=locked.pk).update(paused_by=by)
    locked.refresh_from_db()
    return locked


@transaction.atomic
def resume_clock(*, by: User, handoff: HandOff) -> HandOff:
    """Let the clock go on before its pause is over."""
    locked = _lock_handoff(by, RESUME_CLOCK, handoff)
    if locked.ended_at or not locked.paused_at:
        raise ValidationError("This clock is not paused.")
    resume_clocks([locked], [timezone.now()])
    return locked


def criteria_of(handoff: HandOff) -> list[str]:
    """Return the conditions of the definition by which the lead was handed over, in words: what a rejection may name."""
    move = handoff.move
    if move is None:
        return []
    stage = from_terms(move.stage, move.version.terms) if move.version else in_force().get(move.stage)
    return (
        list(dict.fromkeys(describe_rule(leaf, stage.subject) for leaf in list_conditions(stage.rule))) if stage else []
    )


def _lock_handoff(by: User, action: Action, handoff: HandOff) -> HandOff:
    """Return the hand-off fresh and locked, if the person may do this to it."""
    rows = HandOff.objects.select_for_update(of=("self",)).select_related("lead", "to_owner", "move__version")
    locked = rows.get(pk=handoff.pk)
    action.require(by, locked)
    return locked


def _give_verdict(by: User, action: Action, handoff: HandOff, *, rating: int | None = None, **fields: Any) -> Verdict:
    locked = _lock_handoff(by, action, handoff)
    if rating is not None and rating not in range(1, 6):
        raise ValidationError("Rate from 1 to 5.")
    if locked.ended_at:
        raise ValidationError(f"This hand-off has ended: {locked.get_end_display().lower()}.")
    if locked.verdicts.standing().exists():  # type: ignore[attr-defined]
        raise ValidationError("It already has a verdict.")
    return locked.verdicts.create(
        lead=locked.lead, given_by=by, given_at=timezone.now(), rating=rating or locked.rating, **fields
    )  # fmt: skip


# Taking effect


def settle_verdicts(now: datetime) -> int:
    """Let the verdicts take effect that can no longer be undone."""
    done = 0
    while True:
        with transaction.atomic():
            due = Verdict.objects.standing().filter(
                settled_at=None, given_at__lte=now - timedelta(seconds=UNDO_SECONDS)
            )
            held = due.select_related("lead", "given_by", "handoff__move").select_for_update(
                of=("self",), skip_locked=True
            )
            batch = list(held.order_by("given_at", "pk")[:BATCH])
            _settle_batch(batch, now)
        done += len(batch)
        if len(batch) < BATCH:
            return done


def _settle_batch(batch: list[Verdict], now: datetime) -> None:
    if not batch:
        return
    funnel = in_force()
    stages = current_stages([verdict.lead_id for verdict in batch])
    moves = [_move_for_verdict(verdict, funnel, stages.get(verdict.lead_id, "")) for verdict in batch]
    Move.objects.bulk_create([move for move in moves if move], batch_size=BATCH)
    handoffs = []
    for verdict in batch:
        handoff = verdict.handoff
        handoff.answered_at = min(filter(None, [handoff.answered_at, verdict.given_at]))
        handoff.ended_at, handoff.end, handoff.response_seconds = verdict.given_at, verdict.answer, None
        handoff.paused_at = handoff.paused_until = None
        handoffs.append(handoff)
    names = ["answered_at", "ended_at", "end", "response_seconds", "paused_at", "paused_until"]
    HandOff.objects.bulk_update(handoffs, names, batch_size=BATCH)
    Verdict.objects.filter(pk__in=[verdict.pk for verdict in batch]).update(settled_at=now)


def _move_for_verdict(verdict: Verdict, funnel: Funnel, before: str) -> Move | None:
    """Return the move that the verdict makes; None where the lead is there already."""
    stage = accepted_stage(funnel, verdict) if verdict.answer == Verdict.Answer.ACCEPTED else funnel.get(verdict.after)
    if stage is None or stage.key == before:
        return None
    evidence: dict[str, Any] = {"verdict": verdict.pk}
    override = ""
    if verdict.answer == Verdict.Answer.REJECTED:
        override = ": ".join(filter(None, [verdict.criterion, verdict.note])) or "Rejected by Sales"
    elif not follows_from_acceptance(stage.rule):
        holds, evidence_found = evaluate_stage(verdict.lead, stage)
        evidence |= evidence_found
        override = "" if holds else verdict.note or "Accepted by Sales"
    return Move(
        lead=verdict.lead, stage=stage.key, from_stage=before, entered_at=verdict.given_at, by=Move.By.HAND,
        actor=verdict.given_by, version_id=stage.version_id, evidence=evidence, override=override,
    )  # fmt: skip


def accepted_stage(funnel: Funnel, verdict: Verdict) -> Stage | None:
    """Return the stage that an accepted lead enters: the next of the main way that Sales owns, behind the gate."""
    gate = funnel.get(verdict.handoff.move.stage) if verdict.handoff.move else None
    indexes = {stage.key: index for index, stage in enumerate(funnel)}
    behind = indexes.get(gate.key, -1) if gate else -1
    return next((stage for stage in funnel.main if stage.side == "sales" and indexes[stage.key] > behind), None)


def follows_from_acceptance(rule: Rule) -> bool:
    """Whether criteria hold by the acceptance alone, so that nothing else has to be asked."""
    if "any" in rule:
        return any(follows_from_acceptance(part) for part in rule["any"])
    if "all" in rule:
        return all(follows_from_acceptance(part) for part in rule["all"])
    return rule.get("field") == "verdict" and rule.get("is") == "is" and rule.get("value") == Verdict.Answer.ACCEPTED


# Coming back


def return_recycled(now: datetime) -> int:
    """Move recycled leads on their day of return to the stage of nurtured leads, where they can qualify again."""
    home = nurture_stage(in_force())
    done = 0
    while home:
        with transaction.atomic():
            due = Verdict.objects.standing().filter(
                returned_at=None, settled_at__isnull=False, after=Verdict.After.RECYCLED, return_on__lte=company_today()
            )
            batch = list(due.select_for_update(skip_locked=True).order_by("pk")[:BATCH])
            stages = current_stages([verdict.lead_id for verdict in batch])
            Move.objects.bulk_create(
                Move(
                    lead_id=verdict.lead_id, stage=home.key, from_stage=Verdict.After.RECYCLED, entered_at=now, by=Move.By.RULE,
                    version_id=home.version_id, evidence={"verdict": verdict.pk, "returned_on": str(verdict.return_on)},
                )
                for verdict in {verdict.lead_id: verdict for verdict in batch}.values()  # one move for each lead
                if stages.get(verdict.lead_id) == Verdict.After.RECYCLED
            )  # fmt: skip
            Verdict.objects.filter(pk__in=[verdict.pk for verdict in batch]).update(returned_at=now)
        done += len(batch)
        if len(batch) < BATCH:
            break
    return done


def nurture_stage(funnel: Funnel) -> Stage | None:
    """Return the first stage of the main way in which a lead is ready for nurturing."""
    return next((stage for stage in funnel.main if "leads" in stage.subjects and stage.standing == "nurturing"), None)
