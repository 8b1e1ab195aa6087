"""Segments of one's own choice: any text that is known of a lead, and columns that only one company has.

A reader who may not read every buyer sees such texts only for the leads that they may read, and of the SEGMENTS,
which the whole company shares, only where there are enough leads (`crm.readable`).
"""

import hashlib
from collections.abc import Callable
from typing import Any

import pandas as pd
from django.core.cache import cache

from crm.readable import FEWEST, ReadableRows, achieving_owners, is_limited
from crm.rule_fields import LINKS, RuleTables
from facts.compiling import RuleContext, add_rule_columns
from facts.engine import Facts, open_facts
from imports.models import CustomField
from scoring.models import Proof
from scoring.proof.evidence import Evidence, OutcomeContext, Segment, evaluate_segments, gather_evidence
from scoring.proof.outcomes import SEGMENTS
from scoring.proof.score_files import load_scores
from scoring.terms import SCORED
from team.models import Company, User

KEPT_SECONDS = 24 * 3600
LEADS = "leads"
COLLEAGUES = "owner.name"


def cut_names(reader: User) -> dict[str, str]:
    """Return what leads can be cut by: the segments, then every other text of theirs, then columns of one's own."""
    closed = _SAME if achieving_owners(reader) is None else _SAME | {COLLEAGUES}
    own = CustomField.objects.filter(kind="lead").order_by("key").values_list("key", flat=True)
    texts = {path: field.label for path, field in SCORED.fields.items() if field.type == "text" and path not in closed}
    return {**SEGMENTS, **texts, **{f"custom.{key}": key.replace("_", " ") for key in own}}


_SAME = {"lead_source", "campaign.name", "product.name", "territory.name", "vertical.name", "country", "email", "phone"}


def values_of(facts: Facts, path: str) -> pd.DataFrame:
    """Return lead_id and cut: what a field of each lead says today."""
    assert facts.as_of
    context = RuleContext(RuleTables(facts, LEADS), facts.as_of, LINKS)
    leaf = {"field": path, "is": "filled"}
    marked = add_rule_columns(context, SCORED, {"is_filled": leaf}, facts.table(LEADS), {"cut": leaf})
    answer = facts.execute(marked.filter(marked.is_filled).select(lead_id="id", cut=marked.cut.cast("string")))
    return answer.assign(cut=answer["cut"].astype("category"))


def load_cut(proof: Proof, by: str, reader: User) -> pd.DataFrame:
    frame = load_scores(proof)
    if by in SEGMENTS:
        return frame.rename(columns={by: "cut"})
    # other texts of a lead are shown only to those who may read the lead
    return _only_readable(frame, reader).merge(values_of(open_facts(), by), on="lead_id", how="left")


def evidence_of(proof: Proof, by: str, value: str, reader: User) -> Evidence:
    """Return what is said of the leads of one segment."""
    return Evidence.from_json(
        _cache_answer(proof, f"one:{by}:{value}", reader, lambda: _gather_evidence(proof, by, value, reader).as_json())
    )


def _gather_evidence(proof: Proof, by: str, value: str, reader: User) -> Evidence:
    frame = load_cut(proof, by, reader)
    whole = Evidence.from_json(proof.evidence)
    outcome_context = OutcomeContext(
        whole.currency, whole.goal, str(Company.get().zone), whole.has_dates, 0, whole.maturity_days
    )
    chosen = frame[(frame["cut"] == value).to_numpy(dtype=bool)]
    if is_limited(reader) and len(chosen) < FEWEST:
        chosen = _only_readable(chosen, reader)
    return gather_evidence(chosen, whole.at.threshold, outcome_context)


def segments_of(proof: Proof, by: str, reader: User) -> list[Segment]:
    """Return how the score does in each of the largest values of a segment."""
    rows = proof.segments.get(by)
    if rows is None:

        def evaluate() -> list[dict[str, Any]]:
            frame = load_cut(proof, by, reader)
            threshold = Evidence.from_json(proof.evidence).at.threshold
            return [segment.__dict__ for segment in evaluate_segments(frame, frame["cut"], threshold)]

        rows = _cache_answer(proof, f"all:{by}", reader, evaluate)
    least = FEWEST if is_limited(reader) and by in SEGMENTS else 0
    return [Segment(**segment) for segment in rows if segment["n"] >= least]


def _only_readable(frame: pd.DataFrame, reader: User) -> pd.DataFrame:
    ids = ReadableRows(reader).ids(LEADS)
    return frame if ids is None else frame[frame["lead_id"].isin(ids)]


def _cache_answer(proof: Proof, name: str, reader: User, answer: Callable[[], Any]) -> Any:
    """Answers of one proof never change for those who may read the same: they are kept for a day."""
    readers = ReadableRows(reader).digest([LEADS])
    key = "proof:" + hashlib.sha256(f"{proof.pk} {proof.key} {proof.as_of} {name} {readers}".encode()).hexdigest()
    cached = cache.get(key)
    if cached is None:
        cached = answer()
        cache.set(key, cached, KEPT_SECONDS)
    return cached
