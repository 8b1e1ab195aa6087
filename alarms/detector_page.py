"""What the page of one detector shows."""

from copy import copy
from typing import Any

from agreements.kinds import get_kind
from alarms.charting import draw_detector
from alarms.context import Context, open_context
from alarms.inventory import detector_badge, record_in_words
from alarms.judges import Watch, limit_of
from alarms.models import Alarm, DetectorSetup, DetectorState
from alarms.owners import owner_of
from alarms.queries import DetectorRow, read_record
from alarms.rows import build_rows, watched_sentence
from alarms.rules import LimitRule, Strictness
from alarms.sentences import describe_rule
from alarms.trials import compare_trials, report_trial
from alarms.visibility import may_read_figures
from core.periods import Period
from kpis import url_params
from kpis.dashboard import Question
from kpis.metric_page import filter_labels
from kpis.registry import find_metric
from team.models import Company, User

ALARMS = 10
STRICTER: dict[Strictness, Strictness] = {"normal": "strict", "strict": "strictest"}


def detector_context(user: User, watch: Watch, *, is_tried: bool) -> dict[str, Any]:
    """Return the variables of the template."""
    detector, context = watch.detector, open_context()
    state = DetectorState.objects.filter(key=detector.key).first()
    row = DetectorRow(watch, state, read_record(detector.key), None)
    metric, limit = find_metric(detector.metric), limit_of(context, watch)
    has_own_limit = watch.setup is not None and watch.setup.limit is not None
    alarms = Alarm.objects.visible_to(user).filter(detector=detector.key).select_related("owner")[:ALARMS]
    return {
        "watch": watch,
        "detector": detector,
        "state": state,
        "row": row,
        "badge": detector_badge(row),
        "record": record_in_words(row),
        "owner": owner_of(watch),
        "metric": metric,
        "metric_url": url_params.metric_url(detector.metric, _question_of(watch)) if metric else "",
        "filters": filter_labels(_question_of(watch), user),
        "kind": get_kind(detector.agreement) if detector.agreement else None,
        "rule_lines": describe_rule(detector, limit, has_own_limit, watch.strictness, context.currency),
        "alarms": build_rows(alarms, {detector.key: watch}, context.currency, user, Company.today()),
        **_figures_context(user, context, watch, state, limit, row, is_tried=is_tried),
    }


def _question_of(watch: Watch) -> Question:
    return Question(Period(), "", dict(watch.detector.where))


def _figures_context(
    user: User, context: Context, watch: Watch, state: DetectorState | None, limit: float | None, row: DetectorRow, *,
    is_tried: bool,
) -> dict[str, Any]:  # fmt: skip
    """Return what is made of figures, for those who may read them."""
    owner_id = watch.setup.owner_id if watch.setup else None
    if not may_read_figures(user, watch.detector.where, [owner_id]):
        return {"may_read": False}
    judged = state.judged if state else {}
    expected = limit if isinstance(watch.detector.rule, LimitRule) else judged.get("expected")
    report = report_trial(context, watch) if is_tried else None
    return {
        "may_read": True,
        "judged": judged,
        "sentence": watched_sentence(watch.detector, state, context.currency) if state and judged else "",
        "chart": draw_detector(user, context, watch, expected, name=f"detector-{watch.detector.key}"),
        "report": report,
        **_stricter_context(context, watch, row, report),
    }


def _stricter_context(context: Context, watch: Watch, row: DetectorRow, report: Any) -> dict[str, Any]:
    """Offer the next stricter setting where less than half of the alarms were real, with what it would have changed."""
    stricter = STRICTER.get(watch.strictness)
    if not row.record.is_unreliable or stricter is None or not watch.detector.is_test:
        return {}
    if report is None:
        return {"stricter": stricter}
    setup = copy(watch.setup) if watch.setup else DetectorSetup(key=watch.detector.key)
    setup.strictness = stricter
    tried = report_trial(context, Watch(watch.detector, setup))
    return {"stricter": stricter, "comparison": compare_trials(report.trial, tried.trial)}
