"""What is done with rounds: opened, answered, reminded of, closed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import get_connection
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from alignment.disclosure import MINIMUM
from alignment.expectations.terms import read_signed_terms
from alignment.permissions import OPEN_ROUND
from alignment.rounds.link_secrets import ANSWERS, SKILLS, derive_key, digest_token, draw_code, draw_token
from alignment.rounds.models import AnswerSheet, Invitation, InvitationLink, Reminder, Round, SkillSheet
from alignment.rounds.notices import notify_of_end
from core.mail import send_text, sends_mail
from core.tasks import enqueue
from team.models import Company, Side, User

MOST_PEOPLE = 500
LONGEST_DAYS = 90
REMIND_AFTER = timedelta(hours=20)
REMINDERS_AT_ONCE = 10  # a worker that is killed mails at most so many twice
LINKS_STORED = timedelta(days=30)  # after the end of a round; until then they say that it has ended


@dataclass(frozen=True)
class Link:
    """A link that was made for a person just now. It is shown or mailed once and can be read nowhere afterwards."""

    person: str
    side: str
    url: str


@dataclass(frozen=True)
class Sent:
    """What became of invitations: how many were mailed, and the links that have to be handed over by hand."""

    mailed: int = 0
    failed: int = 0
    links: Sequence[Link] = field(default=())


@dataclass(frozen=True)
class Submission:
    """What a respondent sends: statement -> 1 to 5, and term -> number; what is missing is “don't know”."""

    answers: Mapping[str, int]
    guesses: Mapping[str, int]
    expectations: Mapping[str, float] = field(default_factory=dict)
    ratings: Mapping[str, int] = field(default_factory=dict)
    is_manager: bool = False


def open_round(
    *,
    by: User,
    name: str,
    closes_on: date,
    people: Mapping[str, Iterable[str]],
    minimum: int = MINIMUM,
    has_skills: bool = False,
    asks_expectations: bool = True,
) -> tuple[Round, Sent]:
    """Open a round and invite its people, given by side as addresses or names.

    Raises:
        ValidationError: a day that is past or too far away, too few people to show anything, or a person twice.
    """
    OPEN_ROUND.require(by)
    invited = _check_people(people, minimum)
    today = Company.today()
    if not today <= closes_on <= today + timedelta(days=LONGEST_DAYS):
        raise ValidationError(f"Choose a closing date from today to {LONGEST_DAYS} days from now.")
    if Round.objects.filter(name=name).exists():
        raise ValidationError(f"There is a round named “{name}” already. Choose another name.")
    terms = [term.as_json() for term in read_signed_terms()] if asks_expectations else []
    with transaction.atomic():
        opened = Round.objects.create(
            name=name, created_by=by, closes_on=closes_on, minimum=minimum, has_skills=has_skills, terms=terms
        )
        Invitation.objects.bulk_create(
            Invitation(round=opened, side=side, person=person) for side, names in invited.items() for person in names
        )
        links = _make_links(opened.invitations.all())
    return opened, _send(opened, links, by=by, is_reminder=False)


def _check_people(people: Mapping[str, Iterable[str]], minimum: int) -> dict[str, list[str]]:
    invited: dict[str, list[str]] = {}
    sides: dict[str, str] = {}
    for side, names in people.items():
        for name in names:
            person = " ".join(name.lower().split())
            if sides.setdefault(person, side) != side:
                raise ValidationError(f"“{person}” is on both sides. Leave it on one.")
            if "@" in person:
                validate_email(person)
        invited[side] = sorted(person for person, own in sides.items() if own == side and person)
    for side in (Side.MARKETING, Side.SALES):
        if len(invited.get(side, [])) < minimum:
            raise ValidationError(
                f"Invite at least {minimum} people of {Side(side).label}: results of fewer are never shown."
            )
    if sum(map(len, invited.values())) > MOST_PEOPLE:
        raise ValidationError(f"Invite at most {MOST_PEOPLE} people to one round.")
    return invited


def _make_links(invitations: Iterable[Invitation]) -> list[Link]:
    made, rows = [], []
    for invitation in invitations:
        token = draw_token()
        rows.append(InvitationLink(invitation=invitation, digest=digest_token(token)))
        url = settings.SITE_URL + reverse("answer_round", args=[token])
        made.append(Link(invitation.person, invitation.side, url))
    InvitationLink.objects.bulk_create(rows)
    return made


def _send(opened: Round, links: Sequence[Link], *, by: User, is_reminder: bool) -> Sent:
    """Mail the links to those who have an address; return the others, and those whose mail was not taken.

    Invitations are mailed at once and not by a worker, because those that fail come back as links, and no token is stored.
    """
    if not sends_mail():
        return Sent(links=links)
    by_hand = [link for link in links if "@" not in link.person]
    failed = []
    connection = get_connection()
    try:
        connection.open()
    except (OSError, SMTPException):
        return Sent(failed=len(links) - len(by_hand), links=links)
    with connection:
        for link in links:
            if "@" not in link.person:
                continue
            context = {
                "round": opened,
                "link": link.url,
                "by": by,
                "company": Company.get(),
                "is_reminder": is_reminder,
            }
            subject = f"{'Reminder: ' if is_reminder else ''}Your view of Sales and Marketing – {opened.name}"
            text = render_to_string("alignment/email/round_invitation.txt", context)
            try:
                send_text(subject, text, link.person, connection)
            except (OSError, SMTPException):
                failed.append(link)
    return Sent(len(links) - len(by_hand) - len(failed), len(failed), [*by_hand, *failed])


def remind(*, by: User, of: Round) -> Reminder:
    """Have the worker mail a fresh link to everyone with an address who has not answered yet; at most once a day.

    Raises:
        ValidationError: the round has ended, no mail is sent here, or people were reminded less than a day ago.
    """
    OPEN_ROUND.require(by)
    if not of.is_open:
        raise ValidationError("This round has ended. Open a new one to ask again.")
    if not sends_mail():
        raise ValidationError("This installation sends no mail. Set EMAIL_URL, or hand the links over yourself.")
    now = timezone.now()
    with transaction.atomic():
        current = Round.objects.select_for_update().get(pk=of.pk)
        if current.reminded_at and now - current.reminded_at < REMIND_AFTER:
            raise ValidationError("People were reminded less than a day ago. Wait until tomorrow.")
        current.reminded_at = now
        current.save(update_fields=["reminded_at", "ended_on"])
        reminder = Reminder.objects.create(
            key=f"{current.pk}:{now.isoformat()}", round=current, by=by, total_units=_list_unanswered(current).count()
        )
    transaction.on_commit(lambda: enqueue(reminder), robust=True)
    return reminder


def _list_unanswered(of: Round) -> QuerySet[Invitation]:
    return of.invitations.filter(is_used=False, person__contains="@").order_by("pk")


def send_reminders(reminder: Reminder) -> bool:
    """Mail the next few reminders; True when no one is left or the round has ended.

    Raises:
        OSError: the mail server took none of them; they are tried again.
    """
    after = reminder.checkpoint.get("after", 0)
    waiting = list(_list_unanswered(reminder.round).filter(pk__gt=after)[:REMINDERS_AT_ONCE])
    if not waiting or not reminder.round.is_open:
        return True
    sent = _send(reminder.round, _make_links(waiting), by=reminder.by, is_reminder=True)
    if not sent.mailed:
        raise OSError("The mail server took none of the reminders.")
    done = reminder.done_units + sent.mailed
    reminder.advance({"after": waiting[-1].pk}, done, failed=reminder.failed + sent.failed)
    return False


def make_links(*, by: User, of: Round) -> list[Link]:
    """Make a fresh link for everyone invited, whether they have answered or not, so that it tells who has not to no one."""
    OPEN_ROUND.require(by)
    if not of.is_open:
        raise ValidationError("This round has ended. Open a new one to ask again.")
    with transaction.atomic():
        return _make_links(of.invitations.all())


def close_round(*, by: User, of: Round) -> Round:
    """End a round before its last day. It cannot be opened again: results are shown from now on."""
    OPEN_ROUND.require(by)
    with transaction.atomic():
        current = Round.objects.select_for_update().get(pk=of.pk)
        if not current.is_open:
            raise ValidationError("This round has ended already.")
        current.closed_at = timezone.now()
        current.save(update_fields=["closed_at", "ended_on"])
        _rewrite(current)
        notify_of_end(current)
    return current


def submit_answers(*, token: str, code: str, submission: Submission) -> str:
    """Store answers under the key of the link and code; return the code, newly drawn for a first answer.

    Raises:
        ValidationError: the link is wrong, the round has ended, or the link was used and the code is not its own.
    """
    link = InvitationLink.objects.filter(digest=digest_token(token)).select_related("invitation").first()
    if link is None:
        raise ValidationError("This link is not valid.")
    with transaction.atomic():
        current = Round.objects.select_for_update().get(pk=link.invitation.round_id)
        if not current.is_open:
            raise ValidationError("This round has ended, and answers can no longer be given or changed.")
        invitation = Invitation.objects.get(pk=link.invitation_id)
        if invitation.is_used:
            if not AnswerSheet.objects.filter(key=derive_key(token, code), round=current).exists():
                raise ValidationError("This link was used already. Enter your code to change the answers.")
        else:
            code = draw_code()
            invitation.is_used = True
            invitation.save(update_fields=["is_used"])
        _store(current, invitation.side, token, code, submission)
        _rewrite(current)
    return code


def _store(current: Round, side: str, token: str, code: str, submission: Submission) -> None:
    values: dict[str, Any] = {
        "round": current, "side": side, "answers": dict(submission.answers), "guesses": dict(submission.guesses),
        "expectations": dict(submission.expectations),
    }  # fmt: skip
    AnswerSheet.objects.update_or_create(key=derive_key(token, code, ANSWERS), defaults=values)
    if current.has_skills and side == Side.SALES:
        rating = {"round": current, "is_manager": submission.is_manager, "ratings": dict(submission.ratings)}
        SkillSheet.objects.update_or_create(key=derive_key(token, code, SKILLS), defaults=rating)


def _rewrite(current: Round) -> None:
    """Rewrite all sheets of the round, in the order of their random keys.

    PostgreSQL keeps for each row the transaction that wrote it, and rows are in the order of writing. Both would tell
    which sheet came together with which invitation; after this all sheets are of one transaction and of no order.
    """
    models: tuple[Any, ...] = (AnswerSheet, SkillSheet)
    for model in models:
        rows = list(model.objects.filter(round=current).order_by("key"))
        model.objects.filter(round=current).delete()
        model.objects.bulk_create(rows)


def delete_outdated_links() -> int:
    """Delete the links of rounds that ended a month ago, which open nothing any more; return how many there were."""
    ended = Round.objects.ended().filter(ended_on__lt=Company.today() - LINKS_STORED)
    return InvitationLink.objects.filter(invitation__round__in=ended).delete()[0]
