"""How the state of a detector follows from one judgement after the other. Pure.

An alarm opens when the state becomes alerting, and ends when the figure has been back inside for two judged buckets. A figure
that was closed by a person while it is still bad does not open again, unless it becomes clearly worse.
"""

from dataclasses import dataclass
from datetime import date

from alarms.budget import is_watched
from alarms.judging import Judgement
from alarms.models import Condition

CALM_BUCKETS = 2  # judged buckets back inside, in a row, that end an alarm
WORSE_BY = 1.25  # times the distance from what is usual, from which an alarm counts as worse


@dataclass(frozen=True)
class Standing:
    """The state of a detector after its last evaluation."""

    condition: Condition = Condition.NORMAL
    bucket: date | None = None
    calm_buckets: int = 0
    is_alerting: bool = False  # also while there are no data, or an error


def next_standing(before: Standing, judged: Judgement, *, passes: bool, is_held: bool = False) -> Standing:
    """Return the state after a judgement.

    The same bucket judged once more, as after a second run on one day, counts once.

    Args:
        passes: the test is within the budget of false alarms; for a limit always.
        is_held: data are late or broken, so that nothing new is said.
    """
    if not judged.has_data:
        return Standing(Condition.NO_DATA, before.bucket, before.calm_buckets, before.is_alerting)
    if before.is_alerting:
        return _after_alert(before, judged)
    if judged.is_bad and passes and not is_held:
        return Standing(Condition.ALERTING, judged.bucket, 0, is_alerting=True)
    is_pending = judged.is_bad and (is_held or is_watched(judged.p_value))
    return Standing(Condition.PENDING if is_pending else Condition.NORMAL, judged.bucket)


def _after_alert(before: Standing, judged: Judgement) -> Standing:
    if not judged.is_calm:
        return Standing(Condition.ALERTING, judged.bucket, 0, is_alerting=True)
    calm = before.calm_buckets + (judged.bucket != before.bucket or not before.calm_buckets)
    if calm >= CALM_BUCKETS:
        return Standing(Condition.NORMAL, judged.bucket)
    return Standing(Condition.RECOVERING, judged.bucket, calm, is_alerting=True)


def is_worse(judged: Judgement, worst: float | None) -> bool:
    """Whether a figure is clearly further from what is usual than the worst of its incident was."""
    if worst is None or judged.value is None or judged.expected is None or not judged.is_bad:
        return False
    distance, before = judged.value - judged.expected, worst - judged.expected
    return distance * before >= 0 and abs(distance) > abs(before) * WORSE_BY
