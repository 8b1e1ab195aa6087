"""The limits that both sides have signed: targets of goals, and the times that an SLA of Sales allows."""

from typing import Any

from agreements.models import Version
from alarms.context import Context
from alarms.registry import ReadLimit
from funnel.handoffs.slas import KIND as SLA
from funnel.handoffs.terms import Terms
from kpis.models import Benchmark
from team.calendars.business_time import usual_day_seconds, week_from_json
from team.models import Company, office_hours

GOAL = "goal"  # the kind of agreement that apps above declare
MINUTE = 60


def from_goal(metric: str) -> ReadLimit:
    """Return a reader of the target that is signed for a metric; of several goals the newest counts."""

    def read(context: Context) -> float | None:
        targets: dict[str, float] = context.remember("signed goals", _read_targets)
        return targets.get(metric)

    return read


def from_benchmark(metric: str) -> ReadLimit:
    """Return a reader of the benchmark of a metric that the company compares itself with."""

    def read(context: Context) -> float | None:
        reference = Benchmark.reference_for(metric)
        return float(reference.value) if reference else None

    return read


def read_response_minutes(context: Context) -> float | None:
    """Return how many business minutes the SLA of Sales allows for a first response; of several the longest."""
    minutes: list[float] = context.remember("signed responses", _read_response_minutes)
    return max(minutes, default=None)


def _read_targets() -> dict[str, float]:
    """Return the targets that run today, by metric; the last one that was signed wins."""
    today = Company.today().isoformat()
    terms = [version.terms for version in _signed(GOAL) if version.terms.get("starts_on", "") <= today]
    return {str(goal["metric"]): float(goal["target"]) for goal in terms if goal.get("metric") and goal.get("target")}


def _read_response_minutes() -> list[float]:
    calendar = Company.get().calendar
    usual_day = usual_day_seconds(week_from_json(calendar.week if calendar else office_hours()))
    return [Terms.of(version.terms).response.seconds(usual_day) / MINUTE for version in _signed(SLA)]


def _signed(kind: str) -> Any:
    versions = Version.objects.in_force().filter(agreement__kind=kind, pilot_manager=None)
    return versions.order_by("in_force_at")
