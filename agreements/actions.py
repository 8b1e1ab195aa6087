"""Every deliberate write on an agreement: drafted, proposed, signed, disputed, decided, ended.

Each locks the agreement, says who acted, writes an entry of its history and notifies the people concerned.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from types import EllipsisType
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from agreements import kinds
from agreements.models import (
    Agreement,
    Decision,
    Dispute,
    End,
    Entry,
    Seat,
    Signature,
    Version,
    company_today,
)
from agreements.permissions import (
    DECIDE_DISPUTE,
    DISPUTE_VERSION,
    DRAFT_VERSION,
    PROPOSE_VERSION,
    REDRAFT_VERSION,
    SIGN_VERSION,
    WITHDRAW_VERSION,
)
from agreements.signing import seat_holder, side_of, signable_side, signatories
from core.date_formatting import format_day
from notify.actions import publish_event
from team.accounts import reauthentication
from team.models import Side, User

DAYS_TO_DECIDE = 14


@transaction.atomic
def draft_version(
    *,
    by: User,
    kind: str,
    key: str,
    text: str,
    terms: dict[str, Any] | None = None,
    title: str = "",
    reason: str = "",
    evidence: dict[str, Any] | None = None,
    third_side: str = "",
    expires_on: date | None = None,
    review_on: date | None = None,
    pilot_manager: User | None = None,
) -> Version:
    """Write a new version; it is not binding and can still be changed.

    Raises:
        PermissionDenied: the role does not draft, or not agreements of this kind.
        ValidationError: no wording, a pilot without an end, or an agreement that so far is another side's draft.
    """
    DRAFT_VERSION.require(by, kinds.get_kind(kind))
    if not text.strip():
        raise ValidationError("Enter the text of the agreement.")
    if pilot_manager and not expires_on:
        raise ValidationError("A pilot needs an end date.")
    if expires_on and expires_on < company_today():
        raise ValidationError("The end date of the version is in the past. Choose a later day.")
    _require_future_review(review_on)
    agreement, is_new = Agreement.objects.get_or_create(
        kind=kind, key=key, defaults={"title": title or key, "third_side": third_side}
    )
    agreement = _lock_agreement(agreement.pk)
    _require_no_other_draft(agreement, by, title)
    if is_new:
        _write_entry(agreement, "opened", by, f"{by} opened “{agreement.title}”.")
    last = agreement.versions.order_by("-number").values_list("number", flat=True).first() or 0
    version = agreement.versions.create(
        number=last + 1, text=text.strip(), terms=terms or {}, reason=reason, evidence=evidence or {}, drafted_by=by,
        expires_on=expires_on, review_on=review_on, pilot_manager=pilot_manager,
    )  # fmt: skip
    _write_entry(agreement, "drafted", by, f"{by} drafted version {version.number}.", version)
    return version


def _require_future_review(day: date | None) -> None:
    if day and day < company_today():
        raise ValidationError("The day of the review has already passed. Choose a later day.")


@transaction.atomic
def redraft_version(
    *,
    by: User,
    version: Version,
    text: str,
    terms: dict[str, Any],
    reason: str = "",
    evidence: dict[str, Any] | None = None,
    review_on: date | EllipsisType | None = ...,
) -> Version:
    """Change a draft that is not proposed yet; without `evidence` and `review_on` those that it has stay."""
    version = _lock_version(version.pk)
    REDRAFT_VERSION.require(by, version)
    if version.state != "draft":
        raise ValidationError("A proposed version cannot be changed. Propose a new version.")
    version.text, version.terms, version.reason = text.strip(), terms, reason
    if evidence is not None:
        version.evidence = evidence
    if not isinstance(review_on, EllipsisType):
        _require_future_review(review_on)
        version.review_on = review_on
    version.save(update_fields=["text", "terms", "reason", "evidence", "review_on"])
    _write_entry(version.agreement, "redrafted", by, f"{by} changed the draft of version {version.number}.", version)
    return version


@transaction.atomic
def propose_version(*, by: User, version: Version) -> Version:
    """Show a draft to both sides. A signatory who proposes signs for their own side, and for no other.

    By an API token it is proposed unsigned: a token does not prove that its owner is present.
    """
    version = _lock_version(version.pk)
    PROPOSE_VERSION.require(by, version)
    if version.state != "draft":
        raise ValidationError(f"Version {version.number} is {version.state.replace('_', ' ')}, not a draft.")
    _refuse_duplicate(version)
    _require_signatories(version.agreement)
    version.sides, version.proposed_by, version.proposed_at = version.agreement.sides, by, timezone.now()
    version.evidence = {**version.evidence, **kinds.get_kind(version.agreement.kind).figures(version)}
    version.save(update_fields=["sides", "proposed_by", "proposed_at", "evidence"])
    _write_entry(
        version.agreement, "proposed", by, f"{by} proposed version {version.number}.", version, reason=version.reason
    )
    side = side_of(by, version.agreement)
    if side and not reauthentication.is_by_token():
        _add_signature(version, side, by)
    _notify_people(version, "proposed", f"{by} proposes: {version.agreement.title}", except_for=by)
    return version


@transaction.atomic
def sign_version(*, by: User, version: Version) -> Version:
    """Give the signature of one's own side; the last one brings the version into force.

    Raises:
        PermissionDenied: not the signatory of one of its sides; being an admin changes nothing.
        ValidationError: it waits for no signature of this side.
    """
    version = _lock_version(version.pk)
    SIGN_VERSION.require(by, version)
    side = _side_to_sign(by, version)
    _add_signature(version, side, by)
    open_dispute = version.disputes.filter(decided_at=None, side=side).first()
    if open_dispute:
        _close_dispute(open_dispute, Decision.FOR, f"{by} withdrew the dispute and signed.")
    if not version.unsigned:
        _bring_into_force(version, f"Both sides have signed: version {version.number} is active.")
    _notify_people(version, f"signed.{side}", f"{by} signed: {version.agreement.title}", except_for=by)
    return version


@transaction.atomic
def dispute_version(*, by: User, version: Version, reason: str, decide_by: date | None = None) -> Dispute:
    """Refuse a version with a reason; the arbiter decides before a date (two weeks by default)."""
    version = _lock_version(version.pk)
    DISPUTE_VERSION.require(by, version)
    side = _side_to_sign(by, version)
    reauthentication.require(by)
    if not reason.strip():
        raise ValidationError("Enter a reason for the dispute. The arbiter decides on it.")
    if version.state == "disputed":
        raise ValidationError("This version is already disputed.")
    day = decide_by or company_today() + timedelta(days=DAYS_TO_DECIDE)
    if day < company_today():
        raise ValidationError("The decision date is in the past. Choose a later day.")
    dispute = version.disputes.create(side=side, raised_by=by, reason=reason.strip(), arbiter=_arbiter(), decide_by=day)
    sentence = f"{by} disputed version {version.number}; {dispute.arbiter} decides by {format_day(day)}."
    _write_entry(version.agreement, "disputed", by, sentence, version, reason=dispute.reason)
    _notify_people(
        version,
        f"disputed.{dispute.pk}",
        f"{by} disputes: {version.agreement.title}",
        except_for=by,
        also=[dispute.arbiter],
    )
    return dispute


@transaction.atomic
def decide_dispute(*, by: User, dispute: Dispute, decision: str, ruling: str) -> Version:
    """Give the arbiter's ruling: the version comes into force as it stands, or is rejected."""
    version = _lock_version(dispute.version_id)
    locked_dispute = Dispute.objects.select_for_update().get(pk=dispute.pk)
    DECIDE_DISPUTE.require(by, locked_dispute)
    if locked_dispute.decided_at is not None:
        raise ValidationError("This dispute has already been decided.")
    reauthentication.require(by)
    if decision not in Decision.values or not ruling.strip():
        raise ValidationError("Choose for or against, and give the reason for the ruling.")
    _close_dispute(locked_dispute, decision, ruling.strip())
    sentence = f"{by} decided {decision} version {version.number}."
    _write_entry(version.agreement, "decided", by, sentence, version, ruling=ruling.strip())
    if decision == Decision.FOR:
        _bring_into_force(version, f"By the arbiter's ruling version {version.number} is active.")
    else:
        _end_version(version, End.REJECTED, f"Version {version.number} was rejected.", by)
    _notify_people(
        version, f"decided.{locked_dispute.pk}", f"{by} decided {decision}: {version.agreement.title}", except_for=by
    )
    return version


@transaction.atomic
def withdraw_version(*, by: User, version: Version) -> Version:
    """Withdraw a proposal or a draft of the user or their side before it is active."""
    version = _lock_version(version.pk)
    WITHDRAW_VERSION.require(by, version)
    if version.in_force_at or version.ended_at:
        raise ValidationError("An active version cannot be withdrawn. Propose a new version instead.")
    for dispute in version.disputes.filter(decided_at=None):
        _close_dispute(dispute, Decision.AGAINST, "Withdrawn by the proposer.")
    _end_version(version, End.WITHDRAWN, f"{by} withdrew version {version.number}.", by)
    return version


def end_expired_versions() -> int:
    """End the versions whose last day has passed and notify their signatories; safe to run at any time and repeatedly."""
    done = 0
    for pk in Version.objects.filter(
        in_force_at__isnull=False, ended_at=None, expires_on__lt=company_today()
    ).values_list("pk", flat=True):
        with transaction.atomic():
            version = _lock_version(pk)
            if version.ended_at is None:
                _end_version(
                    version, End.EXPIRED, f"Version {version.number} expired on {format_day(version.expires_on)}.", None
                )
                _notify_people(version, "expired", f"Expired: {version.agreement.title}")
                done += 1
    return done


def remind_of_reviews() -> int:
    """Tell the signatories once of each active version whose day of review has passed; returns how many are new."""
    stale = Version.objects.in_force().filter(review_on__lt=company_today()).select_related("agreement")
    reminded = 0
    for version in stale:
        title = f"Review overdue: “{version.agreement.title}” was to be reviewed by {format_day(version.review_on)}"
        reminded += bool(_notify_people(version, "review", title))
    return reminded


def escalate_late_disputes() -> int:
    """Notify arbiter and signatories once of each dispute whose day has passed undecided."""
    done = 0
    for late in Dispute.objects.filter(decided_at=None, decide_by__lt=company_today()).select_related(
        "version__agreement", "arbiter"
    ):
        title = f"Late: {late.arbiter} was to decide “{late.version.agreement.title}” by {format_day(late.decide_by)}"
        leaders = User.objects.filter(role="ceo", is_active=True)
        done += bool(_notify_people(late.version, f"late.{late.pk}", title, also=[late.arbiter, *leaders]))
    return done


def _lock_agreement(pk: int) -> Agreement:
    return Agreement.objects.select_for_update().get(pk=pk)


def _lock_version(pk: int) -> Version:
    """Return a fresh version with its agreement locked, so that two people cannot act on it at once."""
    version = Version.objects.select_related("agreement").get(pk=pk)
    version.agreement = _lock_agreement(version.agreement_id)
    version.refresh_from_db()
    return version


def _side_to_sign(by: User, version: Version) -> str:
    """Return the side whose missing signature the signatory can give now."""
    side = signable_side(by, version)
    if side is None:
        if version.state in {"proposed", "disputed"}:
            raise ValidationError("You have already signed this version.")
        raise ValidationError(
            f"Version {version.number} is {version.state.replace('_', ' ')} and does not need a signature."
        )
    return side


def _require_no_other_draft(agreement: Agreement, by: User, title: str) -> None:
    """Refuse a key under which another side is drafting.

    Where that side's drafts have ended, the key is free, and the agreement takes the new title: the old one is not disclosed.
    """
    if Agreement.objects.visible_to(by).filter(pk=agreement.pk).exists():
        return
    if agreement.versions.filter(ended_at=None).exists():
        raise ValidationError(
            "Another person is drafting an agreement with this key. Choose another key or wait until it is proposed."
        )
    agreement.title = title or agreement.key
    agreement.save(update_fields=["title"])


def _refuse_duplicate(version: Version) -> None:
    """Refuse a version that proposes what another one proposes already, like a form that was sent twice."""
    same = version.agreement.versions.filter(
        ended_at=None,
        text=version.text,
        terms=version.terms,
        expires_on=version.expires_on,
        review_on=version.review_on,
        pilot_manager=version.pilot_manager,
    ).exclude(pk=version.pk)
    waiting = next((other for other in same if other.state in {"proposed", "disputed"}), None)
    if waiting:
        raise ValidationError(f"Version {waiting.number} already proposes the same and is waiting for its signatures.")


def _require_signatories(agreement: Agreement) -> None:
    people = signatories(agreement)
    missing = [Side(side).label for side, person in people.items() if person is None]
    if missing:
        raise ValidationError(
            f"No signatory is named for {' and '.join(missing)} yet. Ask an ops admin to name the signatories."
        )
    if len(set(people.values())) < len(people):
        raise ValidationError("One person cannot sign for two sides. Ask an ops admin to name a deputy.")


def _arbiter() -> User:
    arbiter = seat_holder(Seat.ARBITER)
    if arbiter is None:
        raise ValidationError("No arbiter is named yet. Ask an ops admin to name one.")
    return arbiter


def _add_signature(version: Version, side: str, by: User) -> Signature:
    reauthentication.require(by)
    sentence = f"{by} signed version {version.number} for {Side(side).label}."
    _write_entry(version.agreement, "signed", by, sentence, version, side=side)
    return version.signatures.create(side=side, signed_by=by)


def _close_dispute(dispute: Dispute, decision: str, ruling: str) -> None:
    dispute.decision, dispute.ruling, dispute.decided_at = decision, ruling, timezone.now()
    dispute.save(update_fields=["decision", "ruling", "decided_at"])


def _bring_into_force(version: Version, sentence: str) -> None:
    """Bring a version into force and end the one that it takes the place of (a pilot only the team's pilot)."""
    rivals = version.agreement.versions.filter(
        in_force_at__isnull=False, ended_at=None, pilot_manager=version.pilot_manager
    )
    for rival in rivals.exclude(pk=version.pk):
        _end_version(rival, End.SUPERSEDED, f"Version {rival.number} was superseded by version {version.number}.", None)
    version.in_force_at = timezone.now()
    version.save(update_fields=["in_force_at"])
    _write_entry(version.agreement, "in_force", None, sentence, version)
    kinds.get_kind(version.agreement.kind).take_effect(version)


def _end_version(version: Version, how: str, sentence: str, by: User | None) -> None:
    version.ended_at, version.end = timezone.now(), how
    version.save(update_fields=["ended_at", "end"])
    _write_entry(version.agreement, how, by, sentence, version)


def _write_entry(
    agreement: Agreement, verb: str, actor: User | None, sentence: str, version: Version | None = None, **details: Any
) -> None:
    Entry.objects.create(agreement=agreement, version=version, verb=verb, actor=actor, words=sentence, details=details)


def _notify_people(
    version: Version, what: str, title: str, except_for: User | None = None, also: Iterable[User] = ()
) -> Any:
    people = [
        person
        for person in [*signatories(version.agreement).values(), version.proposed_by, *also]
        if person and person != except_for
    ]
    return publish_event(
        key=f"agreements.{version.pk}.{what}", kind=f"agreements.{what.split('.')[0]}", title=title, to=people,
        link=f"/agreements/{version.agreement_id}/", version=version.pk,
    )  # fmt: skip
