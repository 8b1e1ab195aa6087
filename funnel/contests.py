"""What Marketing does with the verdicts of Sales: answer what was done about it, or contest it before the arbiter."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404
from django.utils import timezone

from agreements.models import Seat, company_today
from agreements.signing import seat_holder
from funnel.models import Answer, Move, Ruling, Verdict
from funnel.permissions import ANSWER_VERDICT, CONTEST_VERDICT, RULE_ON_CONTEST
from funnel.queries import stage_of
from notify.actions import NewEvent, publish_event, publish_events
from team.accounts import reauthentication
from team.models import Role, User

DAYS_TO_RULE = 14
VERDICTS = "/verdicts/"


@transaction.atomic
def answer(*, by: User, verdicts: Iterable[Verdict], words: str) -> list[Answer]:
    """Say what was done about criticism, one verdict or all of a kind; every rep who gave one is told once.

    Marketing answers what it counts, also where it may not read the leads.
    """
    given = list(verdicts)
    ANSWER_VERDICT.require(by)
    if Verdict.objects.countable_by(by).filter(pk__in=[one.pk for one in given]).count() < len(
        {one.pk for one in given}
    ):
        raise Http404("Some of these verdicts do not exist, or you may not see them.")
    if not words.strip():
        raise ValidationError("Say what was done, or why nothing was.")
    text = words.strip()
    before = _same_answers(by, given, text)
    fresh = [one for one in given if one.pk not in {same.verdict_id for same in before}]
    made = Answer.objects.bulk_create(Answer(verdict=one, words=text, given_by=by) for one in fresh)
    reps = {one.given_by_id: one.given_by for one in fresh}
    publish_events(
        [
            NewEvent(
                f"funnel.answered.{made[0].pk}.{pk}",
                "funnel.answered",
                f"{by} answers what you said: {text[:200]}",
                (rep,),
                VERDICTS,
            )
            for pk, rep in reps.items()
        ]
    )
    return [*before, *made]


def _same_answers(by: User, given: Iterable[Verdict], text: str) -> list[Answer]:
    """Return the answers in these words that are there already; other requests about the verdicts wait meanwhile."""
    rows = Verdict.objects.select_for_update().filter(pk__in=[one.pk for one in given]).order_by("pk")
    answers = Answer.objects.filter(verdict__in=list(rows), is_contest=False, given_by=by, words=text)
    return list({one.verdict_id: one for one in answers.select_related("verdict__given_by")}.values())


@transaction.atomic
def contest(*, by: User, verdict: Verdict, words: str, rule_by: date | None = None) -> Answer:
    """Contest a rejection; the arbiter rules before a day, two weeks from now unless said otherwise."""
    found = Verdict.objects.select_for_update().select_related("lead", "given_by").get(pk=verdict.pk)
    CONTEST_VERDICT.require(by, found)
    arbiter = seat_holder(Seat.ARBITER)
    day = rule_by or company_today() + timedelta(days=DAYS_TO_RULE)
    if found.answer != Verdict.Answer.REJECTED or found.undone_at or not found.settled_at:
        raise ValidationError("Only a rejection that stands is contested.")
    if found.answers.filter(is_contest=True).exists():
        raise ValidationError("It is contested already.")
    if not words.strip():
        raise ValidationError("Say why the rejection is wrong; the arbiter decides on it.")
    if arbiter is None:
        raise ValidationError("No arbiter is named yet. An ops admin names one.")
    if day < company_today():
        raise ValidationError("The day of the ruling has already passed.")
    made = Answer.objects.create(
        verdict=found, is_contest=True, words=words.strip(), given_by=by, arbiter=arbiter, rule_by=day
    )
    title = f"{by} contests the rejection of {found.lead}; {arbiter} rules by {day}"
    publish_event(
        key=f"funnel.contested.{made.pk}",
        kind="funnel.contested",
        title=title,
        to=[arbiter, found.given_by],
        link=VERDICTS,
    )
    return made


@transaction.atomic
def rule(*, by: User, contested: Answer, decision: str, ruling: str) -> Answer:
    """Give the arbiter's ruling: the rejection stands, or the lead goes back to Sales and its clock starts anew."""
    found = (
        Answer.objects.select_for_update(of=("self",))
        .select_related("verdict__lead", "verdict__given_by")
        .get(pk=contested.pk)
    )
    RULE_ON_CONTEST.require(by, found)
    if not found.is_contest or found.ruled_at:
        raise ValidationError("There is nothing to rule on.")
    reauthentication.require(by)
    if decision not in Ruling.values or not ruling.strip():
        raise ValidationError("Choose, and give the reason for the ruling.")
    found.decision, found.ruling, found.ruled_by, found.ruled_at = decision, ruling.strip(), by, timezone.now()
    found.save(update_fields=["decision", "ruling", "ruled_by", "ruled_at"])
    if decision == Ruling.OVERTURNED:
        _hand_back(found, by)
    title = f"{by} ruled: {Ruling(decision).label.lower()}, {found.verdict.lead}"
    publish_event(
        key=f"funnel.ruled.{found.pk}", kind="funnel.ruled", title=title, to=[found.given_by, found.verdict.given_by],
        link=VERDICTS,
    )  # fmt: skip
    return found


def _hand_back(found: Answer, by: User) -> None:
    """Let the lead enter the gate again, by the ruling; the hand-off follows from the move."""
    verdict = found.verdict
    move = verdict.handoff.move
    before = stage_of(verdict.lead)
    if move is None or before == move.stage:
        return
    Move.objects.create(
        lead=verdict.lead, stage=move.stage, from_stage=before, entered_at=timezone.now(), by=Move.By.HAND, actor=by,
        version=move.version, evidence={"contest": found.pk}, override=found.ruling,
    )  # fmt: skip


def tell_late_rulings() -> int:
    """Tell arbiter and both chiefs once of each contest whose day has passed without a ruling."""
    late = Answer.objects.filter(is_contest=True, ruled_at=None, rule_by__lt=company_today())
    chiefs = tuple(User.objects.filter(role__in=[Role.CMO, Role.CRO], is_active=True))
    return publish_events(
        [
            NewEvent(
                f"funnel.ruling_late.{one.pk}", "funnel.ruling_late",
                f"Late: {one.arbiter} was to rule on the rejection of {one.verdict.lead} by {one.rule_by}",
                (*chiefs, *([one.arbiter] if one.arbiter else [])), VERDICTS,
            )
            for one in late.select_related("arbiter", "verdict__lead")
        ]
    )  # fmt: skip
