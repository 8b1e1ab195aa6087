"""Open alarms in one sentence: on their page, on the dashboard, and for the CEO."""

from collections.abc import Sequence

from alarms.models import Alarm
from alarms.queries import cost_of, total_cost
from alarms.sentences import alarms_headline


def summarize_alarms(alarms: Sequence[Alarm]) -> str:
    """Say how many alarms are open and what they cost together in a year."""
    return alarms_headline(len(alarms), total_cost(alarms), sum(cost_of(alarm) is not None for alarm in alarms))
