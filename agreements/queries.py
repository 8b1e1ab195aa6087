"""Reads for the pages of agreements."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from agreements import differences, kinds
from agreements.models import Agreement, Dispute, Entry, Signature, Version
from agreements.permissions import DECIDE_DISPUTE, PROPOSE_VERSION, WITHDRAW_VERSION
from agreements.signing import signable_side, signatories
from team.accounts.history import describe_change
from team.models import AccountChange, Side, User

STATES = {
    "in_force": ("Active", "is-met"),
    "proposed": ("Proposed", "side-joint"),
    "disputed": ("Disputed", "is-alarm"),
    "draft": ("Draft", ""),
    "expired": ("Expired", "is-warning"),
    "superseded": ("Superseded", ""),
    "rejected": ("Rejected", ""),
    "withdrawn": ("Withdrawn", ""),
    "ended": ("Ended", ""),
    "stale": ("Review overdue", "is-warning"),
    "missing": ("Never signed", "is-warning"),
}


@dataclass(frozen=True)
class AgreementRow:
    """An agreement in the list: the binding version and the one that waits for a decision."""

    agreement: Agreement
    kind: kinds.Kind
    binding: Version | None
    pending: Version | None

    @property
    def state(self) -> str:
        if self.pending and self.pending.state in {"disputed", "proposed"}:
            return self.pending.state
        if self.binding:
            return "stale" if self.binding.is_stale else "in_force"
        return self.pending.state if self.pending else "missing"

    @property
    def badge(self) -> tuple[str, str]:
        return STATES[self.state]


@dataclass(frozen=True)
class SignatureSlot:
    """The signature of one side under a version: signed by whom and when, or who is to sign."""

    side: str
    label: str
    signature: Signature | None
    person: User | None


@dataclass(frozen=True)
class VersionDetail:
    """A version as the page shows it to one reader."""

    version: Version
    terms: list[str]
    slots: list[SignatureSlot]
    changed_terms: list[str]
    changed_text: list[differences.Piece]
    dispute: Dispute | None
    signs_for: str | None
    can_decide: bool
    can_withdraw: bool
    can_propose: bool
    next_version: Version | None  # which was drafted after the arbiter's decision on this one

    @property
    def badge(self) -> tuple[str, str]:
        return STATES["stale" if self.version.is_stale else self.version.state]


@dataclass(frozen=True)
class AgreementPage:
    """One agreement on one page: what binds, what is proposed, all versions, and its history."""

    agreement: Agreement
    kind: kinds.Kind
    binding: VersionDetail | None
    pilots: list[VersionDetail]
    pending: list[VersionDetail]
    versions: list[VersionDetail]
    entries: list[Entry]


def _versions_with_people() -> QuerySet[Version]:
    people = ("drafted_by", "proposed_by", "pilot_manager")
    return Version.objects.select_related(*people).prefetch_related(
        "signatures__signed_by", "disputes__arbiter", "disputes__raised_by"
    )


def search_agreements(reader: User, kind: str = "", text: str = "") -> QuerySet[Agreement]:
    """Return the agreements that the reader may read, with their versions, narrowed to a kind and to words of the title."""
    versions = _versions_with_people().readable_by(reader)  # type: ignore[attr-defined]
    agreements = Agreement.objects.visible_to(reader).prefetch_related(Prefetch("versions", versions))
    if kind:
        agreements = agreements.filter(kind=kind)
    return agreements.filter(title__icontains=text) if text else agreements


def agreement_row(agreement: Agreement) -> AgreementRow:
    versions = list(agreement.versions.all())
    binding = next((v for v in versions if v.state == "in_force" and not v.pilot_manager_id), None)
    pending = next((v for v in versions if v.state in {"disputed", "proposed", "draft"}), None)
    return AgreementRow(agreement, kinds.get_kind(agreement.kind), binding, pending)


def agreement_page(agreement: Agreement, reader: User) -> AgreementPage:
    """Return everything that the page of an agreement shows to one reader."""
    versions = list(_versions_with_people().filter(agreement=agreement).readable_by(reader))  # type: ignore[attr-defined]
    for version in versions:
        version.agreement = agreement
    people = signatories(agreement)
    binding = next((v for v in versions if v.state == "in_force" and not v.pilot_manager_id), None)
    views = {
        v.pk: _version_detail(v, _version_to_compare(v, versions, binding), people, reader, _next_version(v, versions))
        for v in versions
    }
    states: Mapping[int, str] = {v.pk: v.state for v in versions}
    return AgreementPage(
        agreement=agreement,
        kind=kinds.get_kind(agreement.kind),
        binding=views[binding.pk] if binding else None,
        pilots=[views[v.pk] for v in versions if v.pilot_manager_id and states[v.pk] == "in_force"],
        pending=[views[v.pk] for v in versions if states[v.pk] in {"draft", "proposed", "disputed"}],
        versions=[views[v.pk] for v in versions],
        entries=history_entries(agreement, reader),
    )


def history_entries(agreement: Agreement, reader: User) -> list[Entry]:
    """Return the entries of the agreement's history, without those of drafts that the reader may not read, and with the changes to the accounts of those who sign or decide it."""
    versions = agreement.versions.readable_by(reader)
    readable = Q(version=None) | Q(version__in=versions)
    if not versions.filter(number=1).exists():
        readable &= ~Q(verb="opened")  # it names the title of the first draft
    written = list(agreement.story.filter(readable).select_related("actor", "version"))
    people = {person.pk for person in signatories(agreement).values() if person} | {entry.actor_id for entry in written}
    people |= set(Dispute.objects.filter(version__agreement=agreement).values_list("arbiter_id", flat=True))
    changes = AccountChange.objects.filter(person_id__in=people - {None}, changed_at__gte=agreement.created_at)
    account_changes = [
        Entry(
            agreement=agreement,
            verb="account",
            actor=change.by,
            words=describe_change(change),
            written_at=change.changed_at,
        )
        for change in changes.select_related("person", "by", "consent__decided_by")
    ]
    return sorted([*written, *account_changes], key=lambda entry: entry.written_at)


def _version_to_compare(version: Version, versions: list[Version], binding: Version | None) -> Version | None:
    """What a version is compared with: a pending version with the active one, any other with the active version before it."""
    if version.state in {"draft", "proposed", "disputed"}:
        return binding
    earlier = [v for v in versions if v.number < version.number and v.in_force_at and not v.pilot_manager_id]
    return max(earlier, key=lambda v: v.number, default=None)


def _next_version(version: Version, versions: list[Version]) -> Version | None:
    """Return the first version that was drafted after the arbiter decided on this one."""
    decided = [dispute.decided_at for dispute in version.disputes.all() if dispute.decided_at]
    later = [v for v in versions if decided and v.number > version.number and v.drafted_at >= max(decided)]
    return min(later, key=lambda v: v.number, default=None)


def _version_detail(
    version: Version,
    before: Version | None,
    people: Mapping[str, User | None],
    reader: User,
    next_version: Version | None,
) -> VersionDetail:
    terms: dict[str, Any] = version.terms
    signed = {signature.side: signature for signature in version.signatures.all()}
    dispute = next((d for d in version.disputes.all()), None)
    waits = version.in_force_at is None and version.ended_at is None
    return VersionDetail(
        version=version,
        terms=kinds.get_kind(version.agreement.kind).in_words(terms),
        slots=[
            SignatureSlot(side, Side(side).label, signed.get(side), people.get(side))
            for side in version.sides or version.agreement.sides
        ],
        changed_terms=kinds.get_kind(version.agreement.kind).changes(before.terms, terms) if before else [],
        changed_text=differences.compare_texts(before.text, version.text) if before else [],
        dispute=dispute,
        signs_for=signable_side(reader, version),
        can_decide=bool(dispute and dispute.decided_at is None and DECIDE_DISPUTE.allows(reader, dispute)),
        can_withdraw=waits and WITHDRAW_VERSION.allows(reader, version),
        can_propose=version.state == "draft" and PROPOSE_VERSION.allows(reader, version),
        next_version=next_version,
    )
