"""What people do with notes on a day. Each is written to the note's history."""

from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from alarms.marks.models import MOST_TEXT, DayNote, DayNoteEntry
from alarms.marks.permissions import CHANGE_NOTE, WRITE_NOTE
from core.date_formatting import format_day
from core.periods import add_months
from kpis.registry import UnknownMetric, get_metric
from team.models import Company, User

FIRST_DAY = date(1990, 1, 1)
MONTHS_AHEAD = 12
Verb = DayNoteEntry.Verb


@transaction.atomic
def write_note(*, by: User, metric: str, day: date, text: str) -> DayNote:
    """Write a note on a day of a metric; without a metric on the charts of all.

    Raises:
        PermissionDenied: for those without an account.
        ValidationError: the text is empty or too long, the day is out of range, or the metric does not exist.
    """
    WRITE_NOTE.require(by)
    note = DayNote(author=by, metric=metric, day=day, text=_check_text(text))
    _check_note(note)
    note.save()
    _write_entry(note, Verb.WRITTEN, by)
    return note


@transaction.atomic
def change_note(*, by: User, note: DayNote, metric: str, day: date, text: str) -> DayNote:
    """Change a note; what it was stays in its history. Raises as `write_note` does."""
    CHANGE_NOTE.require(by, note)
    note = _lock_note(note)
    if note.deleted_at:
        raise ValidationError("This note is deleted. Restore it first.")
    text = _check_text(text)
    if (note.metric, note.day, note.text) == (metric, day, text):
        return note
    note.metric, note.day, note.text, note.changed_at = metric, day, text, timezone.now()
    _check_note(note)
    note.save()
    _write_entry(note, Verb.CHANGED, by)
    return note


@transaction.atomic
def delete_note(*, by: User, note: DayNote) -> DayNote:
    """Take a note off all charts; it can be restored."""
    CHANGE_NOTE.require(by, note)
    return _set_deleted(note, by, is_deleted=True)


@transaction.atomic
def restore_note(*, by: User, note: DayNote) -> DayNote:
    """Put a deleted note back on the charts."""
    CHANGE_NOTE.require(by, note)
    return _set_deleted(note, by, is_deleted=False)


def _set_deleted(note: DayNote, by: User, *, is_deleted: bool) -> DayNote:
    note = _lock_note(note)
    if bool(note.deleted_at) is is_deleted:  # somebody was quicker
        return note
    note.deleted_at = timezone.now() if is_deleted else None
    note.save(update_fields=["deleted_at"])
    _write_entry(note, Verb.DELETED if is_deleted else Verb.RESTORED, by)
    return note


def _lock_note(note: DayNote) -> DayNote:
    return DayNote.objects.select_for_update().get(pk=note.pk)


def _check_text(text: str) -> str:
    """Return the text on one line.

    Raises:
        ValidationError: it is empty or too long.
    """
    line = " ".join(text.split())
    if not line:
        raise ValidationError({"text": "The note is empty. Write what happened on this day."})
    if len(line) > MOST_TEXT:
        raise ValidationError({"text": f"The note has {len(line)} characters. Use at most {MOST_TEXT}."})
    return line


def _check_note(note: DayNote) -> None:
    latest = add_months(Company.today(), MONTHS_AHEAD)
    if not FIRST_DAY <= note.day <= latest:
        raise ValidationError(
            {
                "day": f"The day {format_day(note.day)} is out of range. "
                f"Use a day from {format_day(FIRST_DAY)} to {format_day(latest)}."
            }
        )
    if note.metric:
        try:
            get_metric(note.metric)
        except UnknownMetric as error:
            raise ValidationError({"metric": str(error)}) from None


def _write_entry(note: DayNote, verb: str, by: User) -> None:
    DayNoteEntry.objects.create(note=note, verb=verb, metric=note.metric, day=note.day, text=note.text, actor=by)
