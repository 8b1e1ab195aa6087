"""What the page of score models says first is true of no lead, of one, of all and of some."""

import pytest

from agreements.models import Agreement
from scoring.model_list import Line, describe_models


class Binding:
    """Stands for the active version of a model."""

    def __init__(self, threshold: float) -> None:
        self.terms = {"threshold": threshold}


@pytest.mark.parametrize(
    ("scored", "over", "said"),
    [
        (0, 0, "A score model is active, but no leads are scored yet."),
        (1, 1, "The one lead that is scored is at 60 points or over: ready for Sales."),
        (1, 0, "The one lead that is scored is under 60 points."),
        (4, 4, "All 4 leads are at 60 points or over: ready for Sales."),
        (4, 0, "No lead of 4 is at 60 points or over."),
        (4, 1, "1 of 4 leads is at 60 points or over: ready for Sales."),
        (4000, 1200, "1,200 of 4,000 leads are at 60 points or over: ready for Sales."),
    ],
)
def test_how_many_are_ready(scored: int, over: int, said: str) -> None:
    line = Line(Agreement(title="Fit"), Binding(60), None, scored, over)  # type: ignore[arg-type]
    assert describe_models([line]) == said


def test_without_a_model_no_one_is_scored() -> None:
    assert describe_models([]) == "No score model is active, so no leads are scored."
