"""Which tests may open an alarm: within the budget of false alarms, with data that can be trusted, one for each cause."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence

from django.urls import reverse

from alarms.budget import Test, pass_budget
from alarms.context import Context
from alarms.judging import Judgement
from alarms.models import AlarmSettings, DetectorState
from alarms.registry import Evidence, Finding
from alarms.rules import LevelRule
from alarms.verdicts import Verdict
from kpis.sentences import count_noun

MOVED_TOGETHER = "moved_together"  # the detector of figures that change at once
TOGETHER = 3  # tests that turn bad at once, from which the data are suspected rather than the business
TOGETHER_SHARE = 0.5  # of the tests that have data
HELD = "Held: data are late or broken, or many figures changed at once."
States = Mapping[str, DetectorState]


def pass_tests(verdicts: Iterable[Verdict]) -> Mapping[str, bool]:
    """Return which tests the budget lets through. A figure on its good side counts as a test too."""
    tests = [
        Test(
            verdict.key,
            "day" if isinstance(verdict.watch.detector.rule, LevelRule) else "week",
            verdict.judged.p_value,
        )
        for verdict in verdicts
        if verdict.judged.p_value is not None
    ]
    return pass_budget(tests, float(AlarmSettings.get().false_alarms_per_quarter))


def turning_tests(verdicts: Iterable[Verdict], states: States, passed: Mapping[str, bool]) -> list[str]:
    """Return the tests that would open an alarm now."""
    return [
        verdict.key
        for verdict in verdicts
        if verdict.judged.p_value is not None
        and verdict.judged.is_bad
        and passed.get(verdict.key)
        and not (verdict.key in states and states[verdict.key].is_alerting)
    ]


def are_too_many(turning: Collection[str], verdicts: Iterable[Verdict]) -> bool:
    """Whether so many tests turn bad at once that the data are suspected rather than the business."""
    tests = sum(verdict.judged.p_value is not None for verdict in verdicts)
    return len(turning) >= max(TOGETHER, math.ceil(tests * TOGETHER_SHARE))


def judge_together(context: Context, turning: Collection[str]) -> Finding:
    """Return what the detector of figures that move together sees: the tests that are held for it."""
    judged = Judgement(
        context.yesterday, float(len(turning)), float(TOGETHER - 1), n=len(turning), is_bad=bool(turning),
        is_calm=not turning,
    )  # fmt: skip
    if not turning:
        return Finding(judged)
    sentence = f"{count_noun(len(turning), 'figure')} changed for the worse at once, so their own alarms are held."
    return Finding(judged, sentence, (Evidence("Imports", reverse("imports")),))


def hold_detectors(
    verdicts: Sequence[Verdict], states: States, passed: Mapping[str, bool], turning: Collection[str]
) -> dict[str, str]:
    """Return why detectors may open no alarm now: one cause has one alarm, and data that are late prove nothing.

    Args:
        turning: the tests that would open one, without those that somebody has released.
    """
    is_late = any(verdict.watch.detector.watches_data and verdict.judged.is_bad for verdict in verdicts)
    untrusted = dict.fromkeys(turning, HELD) if is_late or are_too_many(turning, verdicts) else {}
    return {**_covered_detectors(verdicts, states, passed), **untrusted}


def _covered_detectors(
    verdicts: Sequence[Verdict], states: Mapping[str, DetectorState], passed: Mapping[str, bool]
) -> dict[str, str]:
    """Return the detectors that open no alarm now, because the alarm of another one has the same cause, and which."""
    ringing = {state.key for state in states.values() if state.is_alerting}
    ringing |= {verdict.key for verdict in verdicts if verdict.judged.is_bad and passed.get(verdict.key, True)}
    names = {verdict.key: verdict.watch.detector.name for verdict in verdicts}
    covered = {verdict.key: verdict.watch.detector.yields_to for verdict in verdicts}
    return {
        key: f"Held: the alarm “{names.get(other, other)}” has the same cause."
        for key, other in covered.items()
        if other in ringing
    }
