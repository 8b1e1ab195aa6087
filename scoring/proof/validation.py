"""Prove a version: score every lead as of its hand-off, hold that against what became of it, and keep the answer."""

import hashlib
import json
import time
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
import pyarrow as pa

from agreements.models import Version
from core.work import PermanentFailure, State
from facts.engine import Facts, latest_snapshot, open_facts
from facts.models import Snapshot
from scoring.definitions import SCORE, of_version
from scoring.leakage import find_suspects
from scoring.learned.scope import facts_of
from scoring.model_checks import find_faults
from scoring.models import Proof
from scoring.permissions import PROVE_SCORES
from scoring.proof.evidence import Evidence, OutcomeContext, evaluate_segments, gather_evidence
from scoring.proof.outcomes import SEGMENTS, Outcomes, load_outcomes
from scoring.proof.score_files import has_scores, save_scores
from scoring.proof.verdict import Verdict, judge_evidence
from scoring.scores_in_force import scores_as_of
from scoring.terms import Model
from team.models import Company, User

PORTION = 250_000  # leads scored in one question
SHAPE = 1  # of the stored result: raise it when the result changes, and every proof is made again
OWN = {"scores"}  # written by ourselves: a change in it is no reason for a new proof


@dataclass(frozen=True)
class ProofStatus:
    """The proof that can be shown, and the one that is being made or failed; either may be missing."""

    finished: Proof | None
    pending: Proof | None

    @property
    def evidence(self) -> Evidence | None:
        return Evidence.from_json(self.finished.evidence) if self.finished else None


def proof_status(version: Version) -> ProofStatus:
    """Return the state of the proof of a version by the newest facts, and request the proof if there is none."""
    newest = request_proof(version)
    if newest is not None and newest.state == State.DONE:
        return ProofStatus(newest, None)
    return ProofStatus(last_made(version), newest)


def last_made(version: Version) -> Proof | None:
    """Return the newest finished proof of the version as its terms are now."""
    proofs = Proof.objects.filter(version=version, terms_digest=digest_terms(version.terms), state=State.DONE)
    return next((proof for proof in proofs.order_by("-as_of", "-pk")[:1] if has_scores(proof)), None)


def verdicts_on(day: date) -> list[tuple[str, Verdict | None]]:
    """Return the title of each active score on a day with what its last proof by then said; None where it had none."""
    until = datetime.combine(day + timedelta(days=1), datetime.min.time(), Company.get().zone)
    versions = Version.objects.in_force(day).filter(agreement__kind=SCORE, pilot_manager=None)
    verdicts = []
    for version in versions.select_related("agreement").order_by("agreement__title"):
        made = Proof.objects.filter(
            version=version, terms_digest=digest_terms(version.terms), state=State.DONE, as_of__lt=until
        )
        proof = made.order_by("-as_of", "-pk").first()
        verdict = judge_evidence(Evidence.from_json(proof.evidence)) if proof and proof.evidence else None
        verdicts.append((version.agreement.title, verdict))
    return verdicts


def request_proof(version: Version) -> Proof | None:
    """Return the proof of the version by the newest facts, queued if there is none; None while there are no facts."""
    snapshot = latest_snapshot()
    if snapshot is None or find_faults(version.terms):
        return None
    terms = digest_terms(version.terms)
    key = f"{version.pk}:{terms[:20]}:{facts_digest(snapshot)[:20]}"
    proof, _ = Proof.objects.get_or_create(key=key, defaults={"version": version, "terms_digest": terms})
    if proof.state == State.DONE and not has_scores(proof):
        requeue_proof(proof)
    return proof


def requeue_proof(proof: Proof, by: User | None = None) -> None:
    """Queue a proof again that failed, or whose scores are gone from the disk."""
    if by is not None:
        PROVE_SCORES.require(by)
    over = Proof.objects.filter(pk=proof.pk, state__in=[State.DONE, State.FAILED, State.CANCELLED])
    over.update(state=State.QUEUED, attempts=0, last_error="", done_units=0)
    proof.refresh_from_db()


def digest_terms(terms: Any) -> str:
    return hashlib.sha256(json.dumps([SHAPE, terms], sort_keys=True).encode()).hexdigest()


def facts_digest(snapshot: Snapshot) -> str:
    """Say the facts in one word: another one asks for a new proof. Outcomes ripen, so each week has its own."""
    tables = sorted((name, version) for name, version in snapshot.versions.items() if name not in OWN)
    year, week, _ = snapshot.taken_at.isocalendar()
    return digest_terms([tables, sorted(snapshot.lake_ids.items()), year, week])


def prove_version(proof: Proof) -> bool:
    """Make the proof and keep it, in one step: True.

    Raises:
        PermanentFailure: there is nothing to make it of.
    """
    started = time.monotonic()
    facts = open_facts()
    if facts.snapshot is None:
        raise PermanentFailure("No records have been copied to the facts yet. Import records or start the nightly run.")
    if find_faults(proof.version.terms):
        raise PermanentFailure("The model cannot be computed. Correct its rules first.")
    model = of_version(proof.version)
    results = _compute_proof(proof, facts_of(model, facts), model)
    for name, value in results.items():
        setattr(proof, name, value)
    proof.snapshot, proof.as_of = facts.snapshot.pk, facts.as_of
    proof.seconds = time.monotonic() - started
    proof.save(update_fields=[*results, "snapshot", "as_of", "seconds"])
    return True


def _compute_proof(proof: Proof, facts: Facts, model: Model) -> dict[str, Any]:
    proof.tell(0, 1, "Reading the outcomes of the leads")
    outcomes = load_outcomes(facts)
    rows = len(outcomes.frame)
    frame = _score_all_leads(proof, facts, model, outcomes)
    proof.tell(rows, rows, "Comparing the scores with the outcomes")
    evidence = gather_evidence(frame, model.threshold, outcome_context(outcomes))
    parts = {}
    for name in SEGMENTS:
        parts[name] = [asdict(segment) for segment in evaluate_segments(frame, frame[name], model.threshold)]
        proof.tell(rows, rows, f"Looking at the leads by {SEGMENTS[name].lower()}")
    proof.tell(rows, rows, "Checking fields that may contain the outcome")
    suspects = [segment.as_json() for segment in find_suspects(facts, outcomes)]
    save_scores(proof, frame)
    return {"evidence": evidence.as_json(), "segments": parts, "suspects": suspects}


def outcome_context(outcomes: Outcomes) -> OutcomeContext:
    zone = str(Company.get().zone)
    return OutcomeContext(
        outcomes.currency, outcomes.goal, zone, outcomes.has_dates, outcomes.too_recent, outcomes.maturity_days
    )


def _score_all_leads(proof: Proof, facts: Facts, model: Model, outcomes: Outcomes) -> pd.DataFrame:
    """Return the leads that the model scores, each with its score as of the moment it was to be judged."""
    rows = outcomes.frame
    if outcomes.has_dates:
        rows = rows[rows["asked_at"].notna()]
    pieces = []
    for first in range(0, len(rows), PORTION):
        proof.tell(first, len(rows), "Scoring leads as of their hand-off")
        pieces.append(score_at_handoff(facts, model, rows.iloc[first : first + PORTION]))
    return pd.concat(pieces, ignore_index=True) if pieces else rows.assign(score=pd.Series(dtype=float))


def score_at_handoff(facts: Facts, model: Model, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that the model scores with `score`; who has no date is asked about as of the facts."""
    moments = rows[["lead_id", "asked_at"]].copy()
    assert facts.as_of
    moments["asked_at"] = moments["asked_at"].fillna(pd.Timestamp(facts.as_of)).astype("datetime64[us, UTC]")
    answer = facts.execute(scores_as_of(facts, model, pa.Table.from_pandas(moments, preserve_index=False)))
    scores = answer[["id", "score"]].rename(columns={"id": "lead_id"})
    return rows.merge(scores, on="lead_id", how="inner")
