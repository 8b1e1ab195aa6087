"""The figures that a version is proposed with, so that those who sign see them as they were."""

from typing import Any

from agreements.models import Version
from scoring.proof.evidence import Evidence
from scoring.proof.validation import asked_for, last_made
from scoring.proof.verdict import judged


def figures_of(version: Version) -> dict[str, Any]:
    """Return what is proven of a version now, and ask for the newest proof; empty while there is none."""
    asked_for(version)
    proof = last_made(version)
    if proof is None or proof.as_of is None:
        return {}
    evidence = Evidence.from_json(proof.evidence)
    verdict = judged(evidence)
    return {
        "proof": {
            "kind": verdict.kind, "words": verdict.sentence, "n": evidence.n, "won": evidence.won, "auc": evidence.auc,
            "auc_low": evidence.auc_low, "auc_high": evidence.auc_high, "as_of": proof.as_of.isoformat(),
        }
    }  # fmt: skip
