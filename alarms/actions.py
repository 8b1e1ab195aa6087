"""What people do with alarms and detectors."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from alarms.models import Alarm, AlarmEvent, AlarmSettings, DetectorSetup, DetectorState, RuleKind
from alarms.notices import tell_owner
from alarms.permissions import ANSWER_ALARM, ASSIGN_ALARM, SET_DETECTOR
from alarms.registry import Detector
from alarms.setups import OWN, get_watch
from kpis.registry import get_metric
from team.models import Company, User

Verb = AlarmEvent.Verb
LONGEST_SNOOZE = timedelta(days=365)
SET_FIELDS = ("is_on", "owner", "limit", "strictness")  # of a detector that comes with Accord
OWN_FIELDS = (
    *SET_FIELDS, "name", "metric", "where", "rule", "bad", "days", "minimum_n", "relative_floor", "remedy",
)  # fmt: skip


def _lock_open(alarm: Alarm) -> Alarm:
    """Return the alarm as it is now, locked until the end of the transaction.

    Raises:
        ValidationError: it is closed.
    """
    locked = Alarm.objects.select_for_update().get(pk=alarm.pk)
    if locked.closed_at:
        raise ValidationError("This alarm is closed. Reopen it first.")
    return locked


@transaction.atomic
def acknowledge_alarm(*, alarm: Alarm, user: User) -> Alarm:
    """Record that the person has taken the alarm up, and owns it from now on if nobody did."""
    ANSWER_ALARM.require(user, alarm)
    alarm = _lock_open(alarm)
    if alarm.acknowledged_at is None:
        alarm.acknowledged_at, alarm.acknowledged_by = timezone.now(), user
        alarm.owner = alarm.owner or user
        alarm.save(update_fields=["acknowledged_at", "acknowledged_by", "owner"])
        _record(alarm, Verb.ACKNOWLEDGED, user)
    return alarm


@transaction.atomic
def snooze_alarm(*, alarm: Alarm, user: User, until: date, reason: str) -> Alarm:
    """Leave the alarm out of the open ones until a day; a worse figure brings it back before."""
    ANSWER_ALARM.require(user, alarm)
    alarm, today = _lock_open(alarm), Company.today()
    if not reason.strip():
        raise ValidationError({"reason": "Enter a reason, so that others know why it waits."})
    if not today < until <= today + LONGEST_SNOOZE:
        raise ValidationError({"until": "Choose a day after today and within a year."})
    if not alarm.is_open:
        raise ValidationError("This alarm has ended by itself. Close it and say whether it was real.")
    alarm.snoozed_until, alarm.snooze_reason = until, reason.strip()
    alarm.save(update_fields=["snoozed_until", "snooze_reason"])
    _record(alarm, Verb.SNOOZED, user, reason.strip())
    return alarm


@transaction.atomic
def take_as_new_normal(*, alarm: Alarm, user: User, since: date | None = None) -> Alarm:
    """Close the alarm as known, and let what is usual begin on the day of the change."""
    ANSWER_ALARM.require(user, alarm)
    alarm = _lock_open(alarm)
    watch, today = get_watch(alarm.detector), Company.today()
    if not watch.detector.is_test:
        raise ValidationError("This detector compares with a limit, not with what is usual. Change its limit instead.")
    start = since or alarm.since or today
    if start > today:
        raise ValidationError({"since": "Choose a day up to today."})
    setup, _ = DetectorSetup.objects.get_or_create(key=alarm.detector, defaults={"made_by": user})
    setup.baseline_from = start
    setup.save(update_fields=["baseline_from"])
    DetectorState.objects.filter(key=alarm.detector).update(is_alerting=False, condition="normal", calm_buckets=0)
    _record(alarm, Verb.NEW_NORMAL, user, start.isoformat())
    return _close(alarm, user, Alarm.Verdict.KNOWN, "")


@transaction.atomic
def close_alarm(*, alarm: Alarm, user: User, verdict: str, note: str = "") -> Alarm:
    """Close the alarm as real, not real or known. It opens again only after the figure was back inside, or is worse."""
    ANSWER_ALARM.require(user, alarm)
    if verdict not in Alarm.Verdict.values:
        raise ValidationError({"verdict": "Choose real, not real or known."})
    return _close(_lock_open(alarm), user, verdict, note.strip())


def _close(alarm: Alarm, user: User, verdict: str, note: str) -> Alarm:
    alarm.closed_at, alarm.closed_by, alarm.verdict = timezone.now(), user, verdict
    alarm.save(update_fields=["closed_at", "closed_by", "verdict"])
    _record(alarm, Verb.CLOSED, user, f"{alarm.get_verdict_display()}. {note}".removesuffix(". "))
    return alarm


@transaction.atomic
def reopen_alarm(*, alarm: Alarm, user: User) -> Alarm:
    """Undo the closing of an alarm, as long as its detector has opened no newer one."""
    ANSWER_ALARM.require(user, alarm)
    alarm = Alarm.objects.select_for_update().get(pk=alarm.pk)
    if alarm.closed_at is None:
        raise ValidationError("This alarm is not closed.")
    if Alarm.objects.filter(detector=alarm.detector, opened_at__gt=alarm.opened_at).exists():
        raise ValidationError("The detector has opened a newer alarm. Answer that one.")
    alarm.closed_at = alarm.closed_by = None
    alarm.verdict = ""
    alarm.save(update_fields=["closed_at", "closed_by", "verdict"])
    _record(alarm, Verb.REOPENED, user)
    return alarm


@transaction.atomic
def note_on_alarm(*, alarm: Alarm, user: User, note: str) -> AlarmEvent:
    """Add a note to the history of the alarm."""
    ANSWER_ALARM.require(user, alarm)
    if not note.strip():
        raise ValidationError({"note": "Enter a note."})
    if len(note.strip()) > 500:
        raise ValidationError({"note": "Use at most 500 characters."})
    return _record(alarm, Verb.NOTED, user, note.strip())


@transaction.atomic
def assign_alarm(*, alarm: Alarm, user: User, owner: User) -> Alarm:
    """Give the alarm to another owner, who is told and may read its figures from then on."""
    ASSIGN_ALARM.require(user, alarm)
    alarm = _lock_open(alarm)
    if not owner.is_active:
        raise ValidationError({"owner": f"{owner} cannot sign in any more. Choose an active person."})
    if alarm.owner_id != owner.pk:
        alarm.owner = owner
        alarm.save(update_fields=["owner"])
        event = _record(alarm, Verb.ASSIGNED, user, str(owner))
        if owner != user:
            tell_owner(alarm, "assigned", event.at)
    return alarm


def _record(alarm: Alarm, verb: str, user: User, note: str = "") -> AlarmEvent:
    return AlarmEvent.objects.create(alarm=alarm, verb=verb, by=user, value=alarm.value, note=note[:500])


@transaction.atomic
def set_detector(*, detector: Detector, user: User, **fields: Any) -> DetectorSetup:
    """Change what the company has set about a detector; only those of its own have more than switch, owner, limit, strictness.

    Raises:
        ValidationError: with what to change.
    """
    SET_DETECTOR.require(user)
    allowed = OWN_FIELDS if detector.can_be_edited else SET_FIELDS
    if strange := sorted(set(fields) - set(allowed)):
        raise ValidationError(f"A detector of Accord has no setting {', '.join(strange)}.")
    setup, _ = DetectorSetup.objects.select_for_update().get_or_create(key=detector.key, defaults={"made_by": user})
    for name, value in fields.items():
        setattr(setup, name, value)
    _check(setup)
    setup.save()
    if fields.get("is_on") is False:
        _stop_judging(detector.key, user, "The detector was turned off.")
    return setup


@transaction.atomic
def make_detector(*, user: User, **fields: Any) -> DetectorSetup:
    """Make a detector of the company's own on any metric.

    Raises:
        ValidationError: with what to change.
    """
    SET_DETECTOR.require(user)
    setup = build_setup(user=user, **fields)
    setup.save()
    setup.key = f"{OWN}{setup.pk}"
    setup.save(update_fields=["key"])
    return setup


def build_setup(*, user: User, **fields: Any) -> DetectorSetup:
    """Return the setup of a detector that is not saved, checked; for a trial on the past.

    Raises:
        ValidationError: with what to change.
    """
    stamp = timezone.now()
    setup = DetectorSetup(key=f"{OWN}new-{stamp.timestamp()}", is_own=True, made_by=user, made_at=stamp, **fields)
    _check(setup)
    return setup


def _check(setup: DetectorSetup) -> None:
    setup.clean_fields(exclude=["owner", "made_by"])
    if not setup.is_own:
        return
    metric = get_metric(setup.metric)
    for name in setup.where:
        metric.check_dimension(name)
    if setup.rule == RuleKind.LIMIT and setup.limit is None:
        raise ValidationError({"limit": "Enter the limit."})
    if setup.rule == RuleKind.LEVEL and not metric.adds_up:
        raise ValidationError({"rule": f"{metric.name} is not a count of a day. Choose another rule."})
    if not Decimal(0) < setup.relative_floor <= 5:
        raise ValidationError({"relative_floor": "Enter a change between 1% and 500%."})
    if not 1 <= setup.days <= 730:
        raise ValidationError({"days": "Enter 1 to 730 days."})


@transaction.atomic
def delete_detector(*, setup: DetectorSetup, user: User) -> None:
    """Delete a detector of the company's own; its alarms and their history stay."""
    SET_DETECTOR.require(user)
    if not setup.is_own:
        raise ValidationError("A detector of Accord cannot be deleted. Turn it off instead.")
    setup.deleted_at = timezone.now()
    setup.save(update_fields=["deleted_at"])
    _stop_judging(setup.key, user, "The detector was deleted.")


def _stop_judging(key: str, user: User, note: str) -> None:
    """Forget the state of a detector and end its open alarm, which no evaluation would bring up to date any more."""
    DetectorState.objects.filter(key=key).delete()
    for alarm in Alarm.objects.select_for_update().open().filter(detector=key):
        alarm.ended_at = timezone.now()
        alarm.save(update_fields=["ended_at"])
        _record(alarm, Verb.ENDED, user, note)


@transaction.atomic
def restore_detector(*, setup: DetectorSetup, user: User) -> None:
    """Undo the deletion of a detector."""
    SET_DETECTOR.require(user)
    setup.deleted_at = None
    setup.save(update_fields=["deleted_at"])


@transaction.atomic
def set_false_alarms(*, user: User, per_quarter: Decimal) -> AlarmSettings:
    """Set how many alarms chance alone may raise in a quarter."""
    SET_DETECTOR.require(user)
    settings = AlarmSettings.get()
    settings.false_alarms_per_quarter = per_quarter
    settings.full_clean(exclude=["id"])
    settings.save()
    return settings
