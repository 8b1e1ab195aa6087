"""Prove a version: score every lead as of its hand-off, hold that against what became of it, and keep the answer."""

import hashlib
import json
import time
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd
import pyarrow as pa

from agreements.models import Version
from core.work import PermanentFailure, State
from facts.engine import Facts, latest_snapshot, open_facts
from facts.models import Snapshot
from scoring.definitions import of_version
from scoring.leakage import suspects
from scoring.learned.scope import facts_of
from scoring.model_checks import faults
from scoring.models import Proof
from scoring.permissions import PROVE_SCORES
from scoring.proof.evidence import Evidence, Ground, gathered, segments
from scoring.proof.outcomes import SEGMENTS, Outcomes, outcomes
from scoring.proof.score_files import is_kept, keep
from scoring.scores_in_force import as_of
from scoring.terms import Model
from team.models import Company, User

PORTION = 250_000  # leads scored in one question
SHAPE = 1  # of what is kept: a proof of another shape is made anew
OWN = {"scores"}  # what we write ourselves tells nothing new


@dataclass(frozen=True)
class Standing:
    """The proof that can be shown, and the one that is being made or failed; either may be missing."""

    shown: Proof | None
    making: Proof | None

    @property
    def evidence(self) -> Evidence | None:
        return Evidence.from_json(self.shown.evidence) if self.shown else None


def standing(version: Version) -> Standing:
    """Return how the proof of a version stands by the newest facts, and ask for it where nobody has yet."""
    newest = asked_for(version)
    if newest is not None and newest.state == State.DONE:
        return Standing(newest, None)
    return Standing(last_made(version), newest)


def last_made(version: Version) -> Proof | None:
    """Return the newest finished proof of the version as its terms are now."""
    found = Proof.objects.filter(version=version, terms_digest=digest(version.terms), state=State.DONE)
    return next((proof for proof in found.order_by("-as_of", "-pk")[:1] if is_kept(proof)), None)


def asked_for(version: Version) -> Proof | None:
    """Return the proof of the version by the newest facts, queued if there is none; None while there are no facts."""
    snapshot = latest_snapshot()
    if snapshot is None or faults(version.terms):
        return None
    terms = digest(version.terms)
    key = f"{version.pk}:{terms[:20]}:{facts_digest(snapshot)[:20]}"
    proof, _ = Proof.objects.get_or_create(key=key, defaults={"version": version, "terms_digest": terms})
    if proof.state == State.DONE and not is_kept(proof):
        again(proof)
    return proof


def again(proof: Proof, by: User | None = None) -> None:
    """Queue a proof anew that failed, or whose scores are gone from the disk."""
    if by is not None:
        PROVE_SCORES.require(by)
    over = Proof.objects.filter(pk=proof.pk, state__in=[State.DONE, State.FAILED, State.CANCELLED])
    over.update(state=State.QUEUED, attempts=0, last_error="", done_units=0)
    proof.refresh_from_db()


def digest(terms: Any) -> str:
    return hashlib.sha256(json.dumps([SHAPE, terms], sort_keys=True).encode()).hexdigest()


def facts_digest(snapshot: Snapshot) -> str:
    """Say the facts in one word: another one asks for a new proof. Outcomes ripen, so each week has its own."""
    tables = sorted((name, version) for name, version in snapshot.versions.items() if name not in OWN)
    year, week, _ = snapshot.taken_at.isocalendar()
    return digest([tables, sorted(snapshot.lake_ids.items()), year, week])


def prove(proof: Proof) -> bool:
    """Make the proof and keep it, in one step: True.

    Raises:
        Hopeless: there is nothing to make it of.
    """
    started = time.monotonic()
    facts = open_facts()
    if facts.snapshot is None:
        raise PermanentFailure("No facts were copied yet. Import records, or start the nightly run.")
    if faults(proof.version.terms):
        raise PermanentFailure("The model cannot be computed. Mend its rules first.")
    model = of_version(proof.version)
    found = _found(proof, facts_of(model, facts), model)
    for name, value in found.items():
        setattr(proof, name, value)
    proof.snapshot, proof.as_of = facts.snapshot.pk, facts.as_of
    proof.seconds = time.monotonic() - started
    proof.save(update_fields=[*found, "snapshot", "as_of", "seconds"])
    return True


def _found(proof: Proof, facts: Facts, model: Model) -> dict[str, Any]:
    proof.tell(0, 1, "Reading what became of the leads")
    known = outcomes(facts)
    rows = len(known.frame)
    frame = _scored(proof, facts, model, known)
    proof.tell(rows, rows, "Holding the scores against the outcomes")
    evidence = gathered(frame, model.threshold, ground_of(known))
    parts = {}
    for name in SEGMENTS:
        parts[name] = [asdict(one) for one in segments(frame, frame[name], model.threshold)]
        proof.tell(rows, rows, f"Looking at the leads by {SEGMENTS[name].lower()}")
    proof.tell(rows, rows, "Looking for fields that may know the outcome")
    doubted = [one.as_json() for one in suspects(facts, known)]
    keep(proof, frame)
    return {"evidence": evidence.as_json(), "segments": parts, "suspects": doubted}


def ground_of(known: Outcomes) -> Ground:
    zone = str(Company.get().zone)
    return Ground(known.currency, known.goal, zone, known.has_dates, known.too_recent, known.maturity_days)


def _scored(proof: Proof, facts: Facts, model: Model, known: Outcomes) -> pd.DataFrame:
    """Return the leads that the model scores, each with its score as of the moment it was to be judged."""
    rows = known.frame
    if known.has_dates:
        rows = rows[rows["asked_at"].notna()]
    pieces = []
    for first in range(0, len(rows), PORTION):
        proof.tell(first, len(rows), "Scoring leads as of their hand-off")
        pieces.append(scored_then(facts, model, rows.iloc[first : first + PORTION]))
    return pd.concat(pieces, ignore_index=True) if pieces else rows.assign(score=pd.Series(dtype=float))


def scored_then(facts: Facts, model: Model, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that the model scores with `score`; who has no date is asked about as of the facts."""
    moments = rows[["lead_id", "asked_at"]].copy()
    assert facts.as_of
    moments["asked_at"] = moments["asked_at"].fillna(pd.Timestamp(facts.as_of)).astype("datetime64[us, UTC]")
    found = facts.execute(as_of(facts, model, pa.Table.from_pandas(moments, preserve_index=False)))
    scores = found[["id", "score"]].rename(columns={"id": "lead_id"})
    return rows.merge(scores, on="lead_id", how="inner")
