"""Prove the active versions when the facts have changed; an app above runs it, after the step that copies the moves."""

import logging

from agreements.models import Version
from core.work import run_claimed
from facts.models import SetAside
from facts.refresh import Progress
from facts.set_aside import clear_fault, set_aside
from scoring.definitions import in_force
from scoring.models import Proof
from scoring.proof.validation import request_proof

STEP, TABLE = "proofs", Version._meta.db_table
log = logging.getLogger(__name__)


def prove_in_force(progress: Progress) -> int:
    """Make the proofs that the newest facts ask for; return how many. One that fails says so itself, and is tried again."""
    ids = [model.version_id for model in in_force() if model.version_id]
    versions = Version.objects.filter(pk__in=ids).select_related("agreement")
    wanted = [proof for proof in map(request_proof, versions) if proof is not None and not proof.is_over]
    SetAside.objects.filter(step=STEP).exclude(row_id__in=ids).delete()
    for done, proof in enumerate(wanted):
        progress(done, len(wanted), "scores proven")
        try:
            run_claimed(Proof, proof.pk)
        except Exception as fault:
            log.exception("The proof %s failed.", proof.key)
            set_aside(STEP, TABLE, proof.version_id, fault, str(proof.version)[:120])
        else:
            clear_fault(STEP, TABLE, proof.version_id, str(proof.version)[:120])
    return len(wanted)
