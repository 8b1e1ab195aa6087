"""How many alarms chance alone may raise, over all detectors together. Pure.

One p-value for each test; Benjamini and Hochberg decide which become alarms. Where nothing is wrong, q is the chance of
any alarm in one round of tests, so q = false alarms allowed a quarter ÷ rounds a quarter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from alarms.judging import Family
from alarms.statistics import adjust_p_values, false_discovery_limit

ROUNDS: dict[Family, float] = {"week": 13.0, "day": 91.0}  # a quarter
WATCHED_BELOW = 0.05  # a p-value that is no alarm, but is worth a look
DEFAULT_FALSE_ALARMS = 1.0  # a quarter


@dataclass(frozen=True)
class Test:
    """The p-value of one detector, and how often it is made."""

    key: str
    family: Family
    p_value: float


def pass_budget(tests: Sequence[Test], false_alarms_per_quarter: float = DEFAULT_FALSE_ALARMS) -> Mapping[str, bool]:
    """Return which tests may raise an alarm, by the key of the detector.

    Tests made weekly and daily are two families, which share the allowed false alarms in equal parts.
    """
    families = sorted({test.family for test in tests})
    passed: dict[str, bool] = {}
    for family in families:
        members = [test for test in tests if test.family == family]
        limit = false_discovery_limit(false_alarms_per_quarter / len(families), ROUNDS[family])
        adjusted = adjust_p_values([test.p_value for test in members])
        passed |= {test.key: value <= limit for test, value in zip(members, adjusted, strict=True)}
    return passed


def is_watched(p_value: float | None) -> bool:
    """Whether a test that raises no alarm goes to the list of what to watch."""
    return p_value is not None and p_value < WATCHED_BELOW
