"""The detectors as the company has set them, its own ones among them."""

from alarms.judges import Watch
from alarms.models import DetectorSetup, RuleKind
from alarms.registry import Detector, UnknownDetector, declared_detectors
from alarms.rules import Direction, DriftRule, Floors, LevelRule, LimitRule, MetricRule, RateRule
from kpis.registry import Metric, UnknownMetric, get_metric
from team.models import Role

OWN = "own-"  # begins the key of a detector of the company's own
SECTION_OF_SIDE = {"sales": "Outcomes", "marketing": "Lead quality", "joint": "Outcomes"}
OWNER_OF_SIDE = {"sales": Role.CRO, "marketing": Role.CMO, "joint": Role.CRO}
OWN_REMEDY = "Look at why it moved, agree on what to do with both teams, and record it in the next joint review."


def all_watches() -> list[Watch]:
    """Return every detector, those that come with Accord first."""
    setups = {setup.key: setup for setup in DetectorSetup.objects.filter(deleted_at=None)}
    declared = [Watch(detector, setups.get(detector.key)) for detector in declared_detectors()]
    own = [Watch(detector, setup) for setup in setups.values() if setup.is_own and (detector := build_own(setup))]
    return [*declared, *own]


def get_watch(key: str) -> Watch:
    """Return the detector.

    Raises:
        UnknownDetector: there is none of this key, or it was deleted.
    """
    watch = next((watch for watch in all_watches() if watch.detector.key == key), None)
    if watch is None:
        raise UnknownDetector(f"The detector “{key}” does not exist.")
    return watch


def build_own(setup: DetectorSetup) -> Detector | None:
    """Return a detector of the company's own, saved or not; None where its metric is no longer declared."""
    try:
        metric = get_metric(setup.metric)
    except UnknownMetric:
        return None
    bad: Direction = "up" if setup.bad == "up" else "down"
    return Detector(
        key=setup.key,
        name=setup.name,
        looks_for=_describe_rule(setup, metric),
        section=SECTION_OF_SIDE[metric.owner_side],  # type: ignore[arg-type]
        owner=OWNER_OF_SIDE[metric.owner_side],
        remedy=setup.remedy or OWN_REMEDY,
        rule=_rule_of(setup, metric, bad),
        where=dict(setup.where),
        can_be_edited=True,
        created_on=setup.made_at.date(),
    )


def _rule_of(setup: DetectorSetup, metric: Metric, bad: Direction) -> MetricRule:
    floors = Floors(float(setup.relative_floor), minimum_n=setup.minimum_n)
    if setup.rule == RuleKind.LIMIT:
        limit = None if setup.limit is None else float(setup.limit)
        return LimitRule(metric.key, limit=limit, days=setup.days, bad=bad, minimum_n=setup.minimum_n)
    if setup.rule == RuleKind.LEVEL:
        return LevelRule(metric.key, bad, floors)
    if metric.is_proportion:
        return RateRule(metric.key, bad, floors=floors)
    # A count of nothing in a week is a value, so that no week is too small to be judged.
    return DriftRule(metric.key, bad, Floors(floors.relative, minimum_n=0) if metric.adds_up else floors)


def _describe_rule(setup: DetectorSetup, metric: Metric) -> str:
    name = metric.name_in_sentence
    match setup.rule:
        case RuleKind.LIMIT:
            return f"Alerts when {name} is {'above' if setup.bad == 'up' else 'below'} the limit over the last {setup.days} days."
        case RuleKind.LEVEL:
            return f"Alerts when {name} of a day is {'above' if setup.bad == 'up' else 'below'} what is usual on that weekday."
    return f"Alerts when {name} {'rises above' if setup.bad == 'up' else 'falls below'} what was usual in the half year before."
