"""When a learned score works: it tells leads apart, its chances beat the average, and more points mean more wins."""

import numpy as np
import pytest

from scoring.learned.regularization import Strength
from scoring.learned.result import Reason, Result, judge_result
from scoring.proof.evidence import Evidence, OutcomeContext, gather_evidence
from scoring.proof.measures import Floats
from scoring.proof.verdict import judge_evidence
from tests.scoring.proof.test_evidence import frame

ROWS = frame()
CHANCES = 1 / (1 + np.exp(-(ROWS["score"].to_numpy() - 60) / 8))
RULE = Reason("Large", "when employees is at least 50", 10, 100, 60, 0.2)


def result(evidence: Evidence) -> Result:
    return Result(
        "won", True, evidence.n, evidence.won, rules=[RULE], evidence=evidence, tried=[Strength(0.1, 1, 0.75, 0.01)]
    )


def evidence(told: Floats, scores: Floats | None = None) -> Evidence:
    rows = ROWS if scores is None else ROWS.assign(score=scores)
    return gather_evidence(rows, 60, OutcomeContext(), told)


def test_a_score_with_good_chances_and_rising_bands_works() -> None:
    found = evidence(CHANCES)
    assert found.calibration
    assert found.calibration.brier < found.calibration.base_brier
    assert (found.rises, judge_result(result(found)).kind, judge_evidence(found).kind) == (True, "works", "works")


def test_chances_no_better_than_the_average_keep_it_from_working() -> None:
    found = evidence(np.clip(CHANCES + 0.6, 0, 1))
    said = judge_result(result(found))
    assert said.kind == judge_evidence(found).kind == "weak"
    assert said.sentence.startswith("This score helps a little")
    assert "no better than giving every lead the average" in said.more[1]


@pytest.mark.parametrize("bent", [70])
def test_bands_that_do_not_rise_keep_it_from_working(bent: int) -> None:
    scores = ROWS["score"].to_numpy()
    turned = np.where(
        (scores > bent) & (np.arange(len(scores)) % 3 > 0), scores - 50, scores
    )  # many of the best have a low prediction
    found = evidence(CHANCES, turned)
    assert found.auc_low is not None
    assert found.auc_low > 0.5
    assert not found.rises
    said = judge_result(result(found))
    assert said.kind == judge_evidence(found).kind == "weak"
    assert "band to band" in said.more[-1]
