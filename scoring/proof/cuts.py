"""Segments of one's own choice: any text that is known of a lead, and columns that only one company has."""

import hashlib
from collections.abc import Callable
from typing import Any

import pandas as pd
from django.core.cache import cache

from crm.models import CustomField
from crm.subjects import LINKS, Described
from facts.compiling import Question, with_rules
from facts.engine import Facts, open_facts
from scoring.models import Proof
from scoring.proof.evidence import Evidence, Ground, Segment, gathered, segments
from scoring.proof.kept import kept
from scoring.proof.outcomes import SEGMENTS
from scoring.terms import SCORED
from team.models import Company

KEPT_SECONDS = 24 * 3600
LEADS = "leads"


def names() -> dict[str, str]:
    """Return what leads can be cut by: the segments, then every other text of theirs, then columns of one's own."""
    own = CustomField.objects.filter(kind="lead").order_by("key").values_list("key", flat=True)
    texts = {path: field.label for path, field in SCORED.fields.items() if field.type == "text" and path not in _SAME}
    return {**SEGMENTS, **texts, **{f"custom.{key}": key.replace("_", " ") for key in own}}


_SAME = {"lead_source", "campaign.name", "product.name", "territory.name", "vertical.name", "country", "email", "phone"}


def values_of(facts: Facts, path: str) -> pd.DataFrame:
    """Return lead_id and cut: what a field of each lead says today."""
    assert facts.as_of
    question = Question(Described(facts, LEADS), facts.as_of, LINKS)
    leaf = {"field": path, "is": "filled"}
    found = with_rules(question, SCORED, {"is_filled": leaf}, facts.table(LEADS), {"cut": leaf})
    answer = facts.execute(found.filter(found.is_filled).select(lead_id="id", cut=found.cut.cast("string")))
    return answer.assign(cut=answer["cut"].astype("category"))


def with_cut(proof: Proof, by: str) -> pd.DataFrame:
    frame = kept(proof)
    if by in SEGMENTS:
        return frame.rename(columns={by: "cut"})
    return frame.merge(values_of(open_facts(), by), on="lead_id", how="left")


def evidence_of(proof: Proof, by: str, value: str) -> Evidence:
    """Return what is said of the leads of one segment."""
    return Evidence.from_json(_remembered(proof, f"one:{by}:{value}", lambda: _evidence(proof, by, value).as_json()))


def _evidence(proof: Proof, by: str, value: str) -> Evidence:
    frame = with_cut(proof, by)
    whole = Evidence.from_json(proof.evidence)
    ground = Ground(whole.currency, whole.goal, str(Company.get().zone), whole.has_dates, 0, whole.maturity_days)
    return gathered(frame[(frame["cut"] == value).to_numpy(dtype=bool)], whole.at.threshold, ground)


def segments_of(proof: Proof, by: str) -> list[Segment]:
    """Return how the score does in each of the largest values of a segment."""
    if by in proof.segments:
        return [Segment(**one) for one in proof.segments[by]]
    found = _remembered(proof, f"all:{by}", lambda: [one.__dict__ for one in _segments(proof, by)])
    return [Segment(**one) for one in found]


def _segments(proof: Proof, by: str) -> list[Segment]:
    frame = with_cut(proof, by)
    return segments(frame, frame["cut"], Evidence.from_json(proof.evidence).at.threshold)


def _remembered(proof: Proof, what: str, answer: Callable[[], Any]) -> Any:
    """Answers of one proof never change: they are kept for a day."""
    key = "proof:" + hashlib.sha256(f"{proof.pk} {proof.key} {proof.as_of} {what}".encode()).hexdigest()
    found = cache.get(key)
    if found is None:
        found = answer()
        cache.set(key, found, KEPT_SECONDS)
    return found
