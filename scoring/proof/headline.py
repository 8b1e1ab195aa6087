"""The figures that a version is proposed with, so that those who sign see them as they were."""

from typing import Any

from agreements.models import Version
from scoring.proof.evidence import Evidence
from scoring.proof.validation import last_made, request_proof
from scoring.proof.verdict import judge_evidence


def figures_of(version: Version) -> dict[str, Any]:
    """Return what is proven of a version now, and ask for the newest proof; empty while there is none."""
    request_proof(version)
    proof = last_made(version)
    if proof is None or proof.as_of is None:
        return {}
    evidence = Evidence.from_json(proof.evidence)
    verdict = judge_evidence(evidence)
    return {
        "proof": {
            "kind": verdict.kind, "words": verdict.sentence, "n": evidence.n, "won": evidence.won, "auc": evidence.auc,
            "auc_low": evidence.auc_low, "auc_high": evidence.auc_high, "as_of": proof.as_of.isoformat(),
        }
    }  # fmt: skip
