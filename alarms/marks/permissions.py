"""Who may write notes on a day, and change them."""

from alarms.marks.models import NOTE_EDITORS, DayNote
from team.authorization import EVERYONE, Action, register_action
from team.models import User


def _may_change(user: User, note: DayNote) -> bool:
    return note.author_id == user.pk or user.role in NOTE_EDITORS


def _sees_note(user: User, note: DayNote) -> bool:
    return note.deleted_at is None or _may_change(user, note)


WRITE_NOTE = register_action(
    Action(
        "write_day_note", "write a note on a day", "people with an account", roles=EVERYONE,
        addresses=("add_day_note", "api-day-notes-list"),
    )
)  # fmt: skip
CHANGE_NOTE = register_action(
    Action(
        "change_day_note", "change, delete or restore this note on a day", "its author, the CEO, CMO, CRO or an ops admin",
        roles=EVERYONE, condition=_may_change, sees=_sees_note,
        addresses=(
            "day_note", "delete_day_note", "restore_day_note", "PUT api-day-notes-detail", "DELETE api-day-notes-detail",
            "api-day-notes-restore",
        ),
    )
)  # fmt: skip
