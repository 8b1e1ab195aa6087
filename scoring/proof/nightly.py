"""Prove the versions in force when the facts have changed; in a room above, behind the step that copies the moves."""

import logging

from agreements.models import Version
from core.work import perform
from facts.refresh import Progress
from scoring.definitions import in_force
from scoring.models import Proof
from scoring.proof.proving import asked_for

log = logging.getLogger(__name__)


def prove_in_force(progress: Progress) -> int:
    """Make the proofs that the newest facts ask for; return how many. One that fails says so itself, and is tried again."""
    ids = [model.version_id for model in in_force() if model.version_id]
    versions = Version.objects.filter(pk__in=ids).select_related("agreement")
    wanted = [proof for proof in map(asked_for, versions) if proof is not None and not proof.is_over]
    for done, proof in enumerate(wanted):
        progress(done, len(wanted), "scores proven")
        try:
            perform(Proof, proof.pk)
        except Exception:
            log.exception("The proof %s failed.", proof.key)
    return len(wanted)
