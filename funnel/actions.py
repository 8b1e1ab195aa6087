"""Every deliberate write on the stage of a buyer."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from crm.models import Account, Lead
from funnel.definitions import in_force
from funnel.evaluate_one import evaluate_stage
from funnel.models import Move
from funnel.permissions import MOVE_BUYER, ManualMove
from funnel.queries import stage_of
from team.models import User


@transaction.atomic
def move_buyer(
    *, by: User, buyer: Lead | Account, stage: str, override: str = "", evidence: dict[str, Any] | None = None
) -> Move:
    """Let a person move a buyer to a stage, forward or back; the evidence is kept with the move.

    Raises:
        Http404: the buyer is not the person's to see.
        PermissionDenied: the person may not move this buyer from where it is to that stage.
        ValidationError: no such stage, the buyer is in it, or its criteria fail and no reason is given to override them.
    """
    buyer = type(buyer).objects.select_for_update(of=("self",)).get(pk=buyer.pk)
    name = "leads" if isinstance(buyer, Lead) else "accounts"
    funnel = in_force(by)
    wanted = funnel.get(stage)
    if wanted is None or name not in wanted.subjects:
        raise ValidationError(f"The funnel has no stage “{stage}” for {name}.")
    before = stage_of(buyer)
    MOVE_BUYER.require(by, ManualMove(buyer, funnel.get(before), wanted))
    if before == stage:
        raise ValidationError(f"{buyer} is already in {wanted.name}.")
    holds, evidence_found = evaluate_stage(buyer, wanted)
    if not holds and not override.strip():
        failing = ", ".join(evidence_found.get("failed", {})) or wanted.criteria_words
        raise ValidationError(
            f"{buyer} does not meet the criteria of {wanted.name}: {failing}. Enter a reason to move it anyway."
        )
    owner = {"lead": buyer} if isinstance(buyer, Lead) else {"account": buyer}
    return Move.objects.create(
        **owner, stage=stage, from_stage=before, entered_at=timezone.now(), by=Move.By.HAND, actor=by,
        version_id=wanted.version_id, evidence={**evidence_found, **(evidence or {})}, override="" if holds else override.strip(),
    )  # fmt: skip
