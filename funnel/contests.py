"""What Marketing does with the verdicts of Sales: answer what was done about it, or contest it before the arbiter."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404
from django.utils import timezone

from agreements.models import Seat, company_today
from agreements.signing import seat_holder
from core.date_formatting import format_day
from funnel.models import Answer, Move, Ruling, Verdict
from funnel.permissions import ANSWER_VERDICT, CONTEST_VERDICT, RULE_ON_CONTEST
from funnel.queries import stage_of
from notify.actions import NewEvent, publish_event, publish_events
from team.accounts import reauthentication
from team.models import Role, User

DAYS_TO_RULE = 14
VERDICTS = "/verdicts/"


@transaction.atomic
def answer_verdicts(*, by: User, verdicts: Iterable[Verdict], text: str) -> list[Answer]:
    """Answer what was done about criticism, one verdict or all of a kind; every rep who gave one is notified once.

    Marketing answers what it counts, also where it may not read the leads.
    """
    given = list(verdicts)
    ANSWER_VERDICT.require(by)
    if Verdict.objects.countable_by(by).filter(pk__in=[verdict.pk for verdict in given]).count() < len(
        {verdict.pk for verdict in given}
    ):
        raise Http404("Some of these verdicts do not exist, or you do not have permission to see them.")
    if not text.strip():
        raise ValidationError("Enter what was done, or why nothing was done.")
    text = text.strip()
    same_answers = _same_answers(by, given, text)
    unanswered = [verdict for verdict in given if verdict.pk not in {same.verdict_id for same in same_answers}]
    answers = Answer.objects.bulk_create(Answer(verdict=verdict, words=text, given_by=by) for verdict in unanswered)
    reps = {verdict.given_by_id: verdict.given_by for verdict in unanswered}
    publish_events(
        [
            NewEvent(
                f"funnel.answered.{answers[0].pk}.{pk}",
                "funnel.answered",
                f"{by} answers your verdict: {text[:200]}",
                (rep,),
                VERDICTS,
            )
            for pk, rep in reps.items()
        ]
    )
    return [*same_answers, *answers]


def _same_answers(by: User, given: Iterable[Verdict], text: str) -> list[Answer]:
    """Return the answers with this text that exist already, and lock the verdicts, so that a form sent twice answers once."""
    rows = Verdict.objects.select_for_update().filter(pk__in=[answer.pk for answer in given]).order_by("pk")
    answers = Answer.objects.filter(verdict__in=list(rows), is_contest=False, given_by=by, words=text)
    return list({answer.verdict_id: answer for answer in answers.select_related("verdict__given_by")}.values())


@transaction.atomic
def contest_verdict(*, by: User, verdict: Verdict, text: str, rule_by: date | None = None) -> Answer:
    """Contest a rejection; the arbiter rules before a day, two weeks from now unless said otherwise."""
    locked_verdict = Verdict.objects.select_for_update().select_related("lead", "given_by").get(pk=verdict.pk)
    CONTEST_VERDICT.require(by, locked_verdict)
    arbiter = seat_holder(Seat.ARBITER)
    day = rule_by or company_today() + timedelta(days=DAYS_TO_RULE)
    if locked_verdict.answer != Verdict.Answer.REJECTED or locked_verdict.undone_at or not locked_verdict.settled_at:
        raise ValidationError("Only a rejection that is still valid can be contested.")
    if locked_verdict.answers.filter(is_contest=True).exists():
        raise ValidationError("It is already contested.")
    if not text.strip():
        raise ValidationError("Enter why the rejection is wrong. The arbiter decides on your reason.")
    if arbiter is None:
        raise ValidationError("No arbiter is named yet. Ask an ops admin to name one.")
    if day < company_today():
        raise ValidationError("The ruling date is in the past. Choose a later day.")
    contested = Answer.objects.create(
        verdict=locked_verdict, is_contest=True, words=text.strip(), given_by=by, arbiter=arbiter, rule_by=day
    )
    title = f"{by} contests the rejection of {locked_verdict.lead}; {arbiter} rules by {format_day(day)}"
    publish_event(
        key=f"funnel.contested.{contested.pk}",
        kind="funnel.contested",
        title=title,
        to=[arbiter, locked_verdict.given_by],
        link=VERDICTS,
    )
    return contested


@transaction.atomic
def rule_on_contest(*, by: User, contested: Answer, decision: str, ruling: str) -> Answer:
    """Give the arbiter's ruling: the rejection stands, or the lead goes back to Sales and its clock restarts."""
    answer = (
        Answer.objects.select_for_update(of=("self",))
        .select_related("verdict__lead", "verdict__given_by")
        .get(pk=contested.pk)
    )
    RULE_ON_CONTEST.require(by, answer)
    if not answer.is_contest or answer.ruled_at:
        raise ValidationError("There is no contest to rule on.")
    reauthentication.require(by)
    if decision not in Ruling.values or not ruling.strip():
        raise ValidationError("Choose a decision and enter the reason for the ruling.")
    answer.decision, answer.ruling, answer.ruled_by, answer.ruled_at = decision, ruling.strip(), by, timezone.now()
    answer.save(update_fields=["decision", "ruling", "ruled_by", "ruled_at"])
    if decision == Ruling.OVERTURNED:
        _return_to_gate(answer, by)
    title = f"{by} ruled: {Ruling(decision).label.lower()}, {answer.verdict.lead}"
    publish_event(
        key=f"funnel.ruled.{answer.pk}", kind="funnel.ruled", title=title, to=[answer.given_by, answer.verdict.given_by],
        link=VERDICTS,
    )  # fmt: skip
    return answer


def _return_to_gate(answer: Answer, by: User) -> None:
    """Let the lead enter the gate again by the ruling; opening the hand-off follows from the move."""
    verdict = answer.verdict
    move = verdict.handoff.move
    before = stage_of(verdict.lead)
    if move is None or before == move.stage:
        return
    Move.objects.create(
        lead=verdict.lead, stage=move.stage, from_stage=before, entered_at=timezone.now(), by=Move.By.HAND, actor=by,
        version=move.version, evidence={"contest": answer.pk}, override=answer.ruling,
    )  # fmt: skip


def notify_late_rulings() -> int:
    """Notify arbiter, CMO and CRO once of each contest whose day has passed without a ruling."""
    late = Answer.objects.filter(is_contest=True, ruled_at=None, rule_by__lt=company_today())
    chiefs = tuple(User.objects.filter(role__in=[Role.CMO, Role.CRO], is_active=True))
    return publish_events(
        [
            NewEvent(
                f"funnel.ruling_late.{contest.pk}", "funnel.ruling_late",
                f"Late: {contest.arbiter} was to rule on the rejection of {contest.verdict.lead} by {format_day(contest.rule_by)}",
                (*chiefs, *([contest.arbiter] if contest.arbiter else [])), VERDICTS,
            )
            for contest in late.select_related("arbiter", "verdict__lead")
        ]
    )  # fmt: skip
