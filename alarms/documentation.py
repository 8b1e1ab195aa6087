"""What the documentation says of the detectors, written from their declarations."""

from alarms.registry import Detector, declared_detectors
from alarms.rules import DriftRule, LevelRule, LimitRule, RateRule
from kpis.registry import get_metric
from team.models import Role


def detectors_as_markdown() -> str:
    """Return a table of the detectors: what each looks for, by which rule, who acts, and what its cost is made of."""
    rows = [["Key", "Detector", "Rule", "Owner", "Cost a year"], ["---"] * 5, *map(_row, declared_detectors())]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(detector: Detector) -> list[str]:
    cost = detector.cost.formula if detector.cost else "Not priced"
    return [f"`{detector.key}`", detector.looks_for, _describe_rule(detector), str(Role(detector.owner).label), cost]


def _describe_rule(detector: Detector) -> str:
    if detector.rule is None:
        return "Observed"
    name = get_metric(detector.metric).name
    match detector.rule:
        case LimitRule():
            return f"Limit on {name}, at least {detector.rule.minimum_n} records"
        case RateRule():
            return f"Change of {name} over weeks, at least {detector.rule.floors.minimum_n} records"
        case DriftRule():
            return f"Drift of {name} over weeks"
        case LevelRule():
            return f"{name} of a day against the same weekday"
