"""The planned value of a metric: the target of a goal that both sides have signed in the joint plan."""

from agreements.models import Version
from team.models import Company

GOAL = "goal"  # the kind of agreement that an app above declares


def read_plans() -> dict[str, float]:
    """Return the signed targets that have begun, by metric; the last one signed wins."""
    today = Company.today().isoformat()
    versions = Version.objects.in_force().filter(agreement__kind=GOAL, pilot_manager=None).order_by("in_force_at")
    terms = [version.terms for version in versions if version.terms.get("starts_on", "") <= today]
    return {str(goal["metric"]): float(goal["target"]) for goal in terms if goal.get("metric") and goal.get("target")}
