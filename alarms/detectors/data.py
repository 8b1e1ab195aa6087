"""Whether the data come as they used to: while they do not, no change of a figure is called an alarm."""

from alarms.holds import MOVED_TOGETHER, judge_together
from alarms.observations.agreements import CHANGED_DAYS, observe_restated
from alarms.observations.data import observe_failures, observe_late_tables
from alarms.registry import Detector, register_detector
from team.models import Role

register_detector(
    Detector(
        key="data_late",
        name="Data are late",
        looks_for="Alerts when no record of a kind has come for clearly longer than was usual.",
        section="Data",
        owner=Role.OPS,
        remedy="Look at the connector or the last import of these records, and import what is missing.",
        observe=observe_late_tables,
        watches_data=True,
    )
)
register_detector(
    Detector(
        key="imports_failing",
        name="Imports fail",
        looks_for="Alerts when the last three imports or the last three runs of a connector failed, or when a connector was switched off.",
        section="Data",
        owner=Role.OPS,
        remedy="Open it: its page names the error. Sign in to the CRM again, or correct the file.",
        observe=observe_failures,
        watches_data=True,
    )
)
register_detector(
    Detector(
        key=MOVED_TOGETHER,
        name="Many figures changed at once",
        looks_for="Alerts when at least three tests, and half of all, turn bad in one evaluation: data are a likelier cause than the business.",
        section="Data",
        owner=Role.OPS,
        remedy=(
            "Check the last import for records that are missing or changed. If the figures are right, close this alarm as real: "
            "their own alarms then open with the next run."
        ),
        observe=lambda context: judge_together(context, ()),  # the evaluation knows how many moved
    )
)
register_detector(
    Detector(
        key="history_restated",
        name="The past has changed",
        looks_for=f"Tells for {CHANGED_DAYS} days that figures of settled months have another value than they had.",
        section="Data",
        owner=Role.OPS,
        remedy="Look at what changed them, and tell those who have reported the earlier figures.",
        observe=observe_restated,
        is_quiet=True,
    )
)
