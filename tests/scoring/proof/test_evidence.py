"""Evidence of scores, and what is said of it; no database."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from scoring.proof.evidence import Evidence, OutcomeContext, evaluate_segments, gather_evidence
from scoring.proof.verdict import drift_words, judge_evidence, monotone_words, segment_kind, verdict_words

EUR = OutcomeContext(currency="EUR", zone="Europe/Berlin")


def frame(n: int = 4_000, strength: float = 1.2, rate: float = 0.2, seed: int = 1, **fields: Any) -> pd.DataFrame:
    """Leads over two years whose score tells the won apart by so many standard deviations."""
    chance = np.random.default_rng(seed)
    won = chance.random(n) < rate
    asked = pd.Timestamp("2024-01-03", tz="UTC") + pd.to_timedelta(np.arange(n) * 700 / n, unit="D")
    accepted = pd.array(np.where(chance.random(n) < 0.3, won, None), dtype="boolean")
    rows = {
        "lead_id": np.arange(n), "score": chance.normal(50, 10, n) + strength * 10 * won, "won": won,
        "revenue": np.where(won, 1_000.0, 0.0), "asked_at": asked, "accepted": accepted,
        "source": np.where(np.arange(n) % 4 == 0, "Web", "Fair"),
    }  # fmt: skip
    return pd.DataFrame({**rows, **fields})


def of(rows: pd.DataFrame, ground: OutcomeContext = EUR, **more: Any) -> Evidence:
    return gather_evidence(rows, 60, ground, **more)


def test_a_score_that_works_is_said_to_and_by_how_much() -> None:
    found = of(frame())
    verdict = judge_evidence(found)
    assert verdict.kind == "works"
    assert found.top
    assert (
        verdict.sentence
        == f"This score works: the top tenth is won {found.top.lift:.1f} times as often as the average."
    )
    assert found.auc_low
    assert found.auc_low > 0.7
    assert monotone_words(found).startswith("More points mean more wins")
    assert sum(band.n for band in found.bands) == found.n == 4_000
    assert sum(band.revenue for band in found.bands) == found.revenue == found.won * 1_000


def test_noise_is_called_noise_in_plain_words() -> None:
    verdict = judge_evidence(of(frame(strength=0)))
    assert verdict.kind == "chance"
    assert verdict.sentence.startswith("This score does not work")
    assert monotone_words(of(frame(strength=0))) == "More points do not mean more wins."


def test_a_score_turned_round_works_backwards() -> None:
    rows = frame()
    assert judge_evidence(of(rows.assign(score=-rows["score"]))).kind == "backwards"


def test_with_too_few_wins_it_says_what_is_missing_and_nothing_else() -> None:
    rows = frame(n=500, rate=0.1)
    found = of(rows, OutcomeContext(too_recent=40, maturity_days=60))
    verdict = judge_evidence(found)
    assert verdict.kind == "few"
    assert not verdict.is_proven
    assert f"{found.won} of the 120 wins needed are known, {120 - found.won} are still missing" in verdict.sentence
    assert verdict.more[0].startswith("Of all leads, 40 came within the last 60 days")
    assert "months more" in verdict.more[1]


def test_too_few_others_are_missing_too() -> None:
    found = of(frame(n=300, rate=0.9))
    assert "came to nothing" in judge_evidence(found).sentence


def test_of_nothing_nothing_is_said() -> None:
    found = of(frame().iloc[:0])
    assert judge_evidence(found).kind == "nothing"
    assert (found.bands, found.gains, found.base) == ([], [], None)


def test_without_dates_it_is_a_hint_and_no_proof() -> None:
    found = of(frame(asked_at=pd.NaT), OutcomeContext(has_dates=False))
    verdict = judge_evidence(found)
    assert verdict.kind == "undated"
    assert (found.spans, found.halves) == ([], [])
    assert verdict.more[0].startswith("This score works")


def test_a_fall_between_bands_is_said() -> None:
    rows = frame()
    top = rows["score"] >= rows["score"].quantile(0.9)
    fallen = rows.assign(won=rows["won"] & ~top)
    verdict = judge_evidence(of(fallen))
    assert any("it falls" in words for words in verdict.more)
    assert monotone_words(of(fallen)) == "More points do not always mean more wins."


def test_drift_tells_a_score_that_became_worse() -> None:
    early, late = frame(), frame(strength=0, seed=2)
    late["asked_at"] += pd.Timedelta(days=701)
    found = of(pd.concat([early, late], ignore_index=True))
    assert drift_words(found).startswith("It has become worse")
    assert drift_words(of(early)).startswith("It works as well")
    assert sum(month.n for month in of(early).spans) == 4_000


def test_months_are_the_companys() -> None:
    rows = frame(n=100).assign(asked_at=pd.Timestamp("2024-03-31T22:30Z"))
    assert [span.key for span in of(rows).spans] == ["2024-04"]
    assert [span.key for span in of(rows.iloc[:30]).spans] == ["2024 Q2"]  # too few for a month


def test_what_sales_said_stands_beside_the_score() -> None:
    rows = frame()
    rows["accepted"] = pd.array(rows["score"] >= 60, dtype="boolean")
    found = of(rows)
    assert found.said
    assert (found.said.rate_over, found.said.rate_under, found.said.auc) == (1, 0, 1)
    assert "accepted 100" in verdict_words(found)
    assert of(rows.assign(accepted=pd.array([None] * len(rows), dtype="boolean"))).said is None


def test_probabilities_are_held_to_what_came() -> None:
    rows = frame()
    flat = of(rows, predicted=np.full(4_000, rows["won"].mean())).calibration
    wrong = of(rows, predicted=1.0 - rows["won"].to_numpy(dtype=float)).calibration
    assert flat
    assert flat.brier == pytest.approx(flat.base_brier)
    assert wrong
    assert wrong.brier == 1


def test_each_segment_is_judged_by_itself() -> None:
    rows = frame(n=6_000)
    web = rows["source"] == "Web"
    rows.loc[web, "score"] = np.random.default_rng(5).normal(50, 10, int(web.sum()))  # noise
    fair, noise = evaluate_segments(rows, rows["source"], 60)
    assert (fair.value, segment_kind(fair)) == ("Fair", "works")
    assert (noise.value, segment_kind(noise)) == ("Web", "chance")
    assert fair.lift
    assert fair.lift > 1.5
    assert [segment_kind(one) for one in evaluate_segments(rows.iloc[:200], rows["source"].iloc[:200], 60)] == [
        "few",
        "few",
    ]


def test_evidence_survives_being_kept() -> None:
    rows = frame()
    found = of(rows, predicted=np.clip(rows["score"].to_numpy() / 100, 0, 1))
    assert Evidence.from_json(json.loads(json.dumps(found.as_json()))) == found
