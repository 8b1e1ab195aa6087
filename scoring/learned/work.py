"""The learning as work: asked for by a person, done in the worker or by a command, kept with its proof, made a draft."""

import time
from typing import Any
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.db import transaction

from agreements.actions import draft_version
from agreements.models import Version
from core.formatting import format_count, format_percent
from core.work import PermanentFailure, State
from facts.engine import open_facts
from scoring.definitions import SCORE
from scoring.learned.result import Result
from scoring.learned.scope import Scope
from scoring.models import Learning
from scoring.permissions import LEARN_SCORES
from team.models import User

KEY = "learned-model"
ENDED = (State.DONE, State.FAILED, State.CANCELLED)


@transaction.atomic
def request_learning(*, by: User | None, source: str = "", put_back: list[str] | None = None) -> Learning:
    """Queue the learning, or return the one of these leads that is under way."""
    if by is not None:
        LEARN_SCORES.require(by)
    running = Learning.objects.exclude(state__in=ENDED).filter(source=source).first()
    if running is not None:
        return running
    return Learning.objects.create(key=f"learned.{uuid4().hex}", source=source, put_back=put_back or [], asked_by=by)


def run_learning(row: Learning) -> bool:
    """Learn, and keep what came of it, in one step: True.

    Raises:
        PermanentFailure: there are no facts.
    """
    from scoring.learned.training import learn_model  # brings scikit-learn, which no page needs

    started = time.monotonic()
    facts = open_facts()
    if facts.snapshot is None:
        raise PermanentFailure("No records have been copied to the facts yet. Import records or start the nightly run.")
    result = learn_model(Scope(facts, row.source), row.tell, put_back=row.put_back)
    row.result, row.snapshot, row.as_of = result.as_json(), facts.snapshot.pk, facts.as_of
    row.seconds = time.monotonic() - started
    row.save(update_fields=["result", "snapshot", "as_of", "seconds"])
    return True


def result_of(row: Learning) -> Result | None:
    return Result.from_json(row.result) if row.result else None


@transaction.atomic
def make_draft(*, by: User, learning: Learning) -> Version:
    """Make the proposed rules a draft of a score model, with the evidence for them; it binds no one until both sign.

    Raises:
        PermissionDenied: the role does not set scores.
        ValidationError: what was learned does not work, or is a draft already.
    """
    LEARN_SCORES.require(by)
    row = Learning.objects.select_for_update().get(pk=learning.pk)
    result = result_of(row)
    if result is None or not result.works:
        raise ValidationError("Only a model that works on the leads held out can become a draft.")
    if row.version_id:
        raise ValidationError("It is already a draft.")
    key, title = _draft_key_and_title(row, result)
    row.version = draft_version(
        by=by, kind=SCORE, key=key, title=title, text=_draft_text(result), terms=result.terms, reason=_draft_reason(row, result),
        evidence=_draft_evidence(row, result),
    )  # fmt: skip
    row.save(update_fields=["version"])
    return row.version


def _draft_key_and_title(row: Learning, result: Result) -> tuple[str, str]:
    """A model for all leads is the next version of the active one; a model for the leads of one system is a model of its own."""
    if not row.source and result.other:
        return result.other.key, result.other.title
    return (f"learned-{row.source}", f"Learned from {row.source}") if row.source else (KEY, "Learned model")


def _draft_text(result: Result) -> str:
    what = "won a deal" if result.goal == "won" else "converted"
    return (
        f"Points learned from which leads {what}: ten points double the odds. Ready for Sales from "
        f"{result.terms['threshold']} points, where precision and recall were best together."
    )


def _draft_reason(row: Learning, result: Result) -> str:
    used = ", ".join(suspect["label"] for suspect in result.taken_in)
    parts = [result.verdict.sentence, *result.verdict.more, result.how_held_out]
    if used:
        parts.append(f"Included by a user, although they may contain the outcome: {used}.")
    if row.source and result.other:
        parts.append(
            f"Of two models that score a lead the one with the lower position counts: raise that of “{result.other.title}” if "
            "this one is to decide."
        )
    return " ".join(parts)


def _draft_evidence(row: Learning, result: Result) -> dict[str, Any]:
    """What the agreement keeps of the proof: the figures, and each rule with its reason."""
    evidence = result.evidence
    assert evidence
    calibration = evidence.calibration
    return {
        "learning": row.pk, "as_of": row.as_of.isoformat() if row.as_of else "", "held_out": evidence.n, "won": evidence.won,
        "auc": evidence.auc, "auc_low": evidence.auc_low, "auc_high": evidence.auc_high,
        "brier": calibration.brier if calibration else None, "put_back": result.put_back,
        "rules": {rule.name: f"{format_count(rule.n)} leads, {format_percent(rule.rate)} of them won" for rule in result.rules},
    }  # fmt: skip
