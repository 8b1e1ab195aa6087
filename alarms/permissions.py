"""Who may answer an alarm, and who sets what detectors look for."""

from alarms.marks.permissions import CHANGE_NOTE as CHANGE_NOTE
from alarms.marks.permissions import WRITE_NOTE as WRITE_NOTE
from alarms.models import Alarm
from alarms.visibility import may_read_figures
from team.access import LEADERS
from team.authorization import Action, register_action
from team.models import Role, User

ANSWERERS = frozenset(LEADERS | {Role.OPS, Role.CFO})


def _may_answer(user: User, alarm: Alarm) -> bool:
    return user.role in ANSWERERS or alarm.owner_id == user.pk


def _may_see(user: User, alarm: Alarm) -> bool:
    return may_read_figures(user, alarm.where, [alarm.owner_id])


ANSWER_ALARM = register_action(
    Action(
        "answer_alarm", "acknowledge, snooze or close this alarm", "its owner, the CEO, CMO, CRO, CFO or an ops admin",
        roles=frozenset(Role.values), condition=_may_answer, sees=_may_see,
        addresses=(
            "alarm_acknowledge", "alarm_snooze", "alarm_new_normal", "alarm_close", "alarm_reopen", "alarm_note",
            "api-alarms-acknowledge", "api-alarms-snooze", "api-alarms-new-normal", "api-alarms-close",
            "api-alarms-reopen", "api-alarms-note",
        ),
    )
)  # fmt: skip
ASSIGN_ALARM = register_action(
    Action(
        "assign_alarm", "give this alarm to another owner", "the CEO, CMO, CRO, CFO or an ops admin",
        roles=ANSWERERS, sees=_may_see, addresses=("alarm_assign", "api-alarms-assign"),
    )
)  # fmt: skip
SET_DETECTOR = register_action(
    Action(
        "set_detector", "change a detector, or make one", "the CEO, CMO, CRO or an ops admin", right="set_detectors",
        addresses=(
            "detector_new", "detector", "detector_delete", "alarm_settings", "api-detectors-list", "api-detectors-trial",
            "PATCH api-detectors-detail", "DELETE api-detectors-detail",
        ),
    )
)  # fmt: skip
