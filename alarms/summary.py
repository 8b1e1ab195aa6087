"""Open alarms in one sentence: on their page, on the dashboard, and for the CEO."""

from collections.abc import Sequence

from alarms.models import Alarm
from alarms.queries import added_alarms, total_cost
from alarms.sentences import alarms_headline


def summarize_alarms(alarms: Sequence[Alarm]) -> str:
    """Say how many alarms are open and what they cost together in a year."""
    added = added_alarms(alarms)
    overall = sum(alarm.is_overall_cost for alarm in alarms if alarm not in added)
    return alarms_headline(len(alarms), total_cost(alarms), len(added), overall)
