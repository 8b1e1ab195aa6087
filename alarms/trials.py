"""A trial on the past as the pages show it: what would have opened when, on a chart and in a list."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from alarms.context import Context
from alarms.judges import Watch
from alarms.past import Trial, TrialAlarm, try_on_past
from alarms.rows import StoredFigures
from alarms.sentences import describe_figures, describe_possible, spell_number
from alarms.setups import all_watches
from core.charts import Chart, build_axis
from core.periods import Period
from kpis.grains import grain_of
from kpis.metric_charts import COLOURS
from kpis.registry import Metric, find_metric
from kpis.sentences import count_noun


@dataclass(frozen=True)
class TrialRow:
    """An alarm that would have been opened, with its sentence."""

    alarm: TrialAlarm
    sentence: str


@dataclass(frozen=True)
class TrialReport:
    """A trial with its words."""

    trial: Trial
    headline: str
    rows: Sequence[TrialRow]
    possible: str
    chart: Chart | None


def report_trial(context: Context, watch: Watch) -> TrialReport:
    """Try a detector on the last year."""
    trial = try_on_past(context, watch, tests=count_tests(watch))
    metric = find_metric(watch.detector.metric)
    rows = [
        TrialRow(alarm, describe_figures(StoredFigures(alarm.value, alarm.expected), watch.detector, context.currency))
        for alarm in trial.alarms
    ]
    return TrialReport(
        trial,
        trial_headline(trial),
        rows,
        describe_possible(trial.weeks_to_find, trial.cases_a_week),
        trial_chart(trial, metric, context.currency) if metric else None,
    )


def count_tests(watch: Watch) -> int:
    """Return how many tests share the allowed false alarms, the one that is tried among them."""
    others = (other for other in all_watches() if other.detector.key != watch.detector.key)
    return 1 + sum(other.is_on and other.detector.is_test for other in others)


def trial_headline(trial: Trial) -> str:
    """Say how many alarms there would have been in the last year."""
    if trial.reason:
        return f"It cannot be tried: {trial.reason[0].lower()}{trial.reason[1:]}"
    number = len(trial.alarms)
    if not number:
        return "In the last year it would have opened no alarm."
    return f"In the last year it would have opened {spell_number(number)} {'alarm' if number == 1 else 'alarms'}."


def compare_trials(now: Trial, stricter: Trial) -> str:
    """Say what a stricter setting would have changed."""
    if len(stricter.alarms) == len(now.alarms):
        return "The stricter setting would have opened as many alarms in the last year."
    return (
        f"With the stricter setting it would have opened {count_noun(len(stricter.alarms), 'alarm')} in the last year "
        f"instead of {len(now.alarms)}."
    )


def trial_chart(trial: Trial, metric: Metric, currency: str) -> Chart | None:
    """Draw what would have been judged, and when an alarm would have been open."""
    if not trial.points:
        return None
    grain = grain_of("day", Period())
    names = [grain.title(grain.key_of(point.day), with_year=True) for point in trial.points]
    values = [point.value for point in trial.points]
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter", "mode": "lines", "name": metric.name, "x": names, "y": values,
            "line": {"color": COLOURS[metric.owner_side], "width": 2.5},
        },
        {
            "type": "scatter", "mode": "lines", "name": "Usual or limit", "x": names,
            "y": [point.expected for point in trial.points], "line": {"color": "--soft", "width": 1.5, "dash": "dash"},
        },
    ]  # fmt: skip
    if any(point.would_ring for point in trial.points):
        traces.append(
            {
                "type": "scatter", "mode": "markers", "name": "Alarm open", "x": names,
                "y": [point.value if point.would_ring else None for point in trial.points],
                "marker": {"color": "--red", "size": 9, "symbol": "diamond"},
            }
        )  # fmt: skip
    drawn = [value for trace in traces for value in trace["y"]]
    return Chart(
        name="trial",
        title=f"{metric.name} in the last year",
        summary=f"{metric.name} in the last year. {trial_headline(trial)}",
        note="As it would have been judged on each day, from the records as they are known today.",
        figure={
            "data": traces,
            "layout": {"yaxis": build_axis(drawn, metric.unit, currency), "xaxis": {"type": "category"}},
        },
        unit=metric.unit,
        currency=currency,
    )
