"""Who may draft, propose, sign, dispute, decide and withdraw.

A draft has no effect, so everyone who answers for a side or prepares for it may write one. Proposing speaks in the name
of a side, so it is for its leader and its signatory, and for those of no side for what they wrote themselves.
"""

from agreements import kinds
from agreements.models import Agreement, Seat, Version
from agreements.signing import seat_holder, side_of, signatories
from team.access import has_right
from team.authorization import EVERYONE, Action, register_action
from team.models import Role, Side, User

DRAFTERS = EVERYONE - {Role.REP}
SIDE_LED_BY = {Role.CMO: Side.MARKETING, Role.CRO: Side.SALES, Role.CFO: Side.FINANCE}
PROPOSE_THEIR_OWN = frozenset({Role.CEO, Role.CMO, Role.CRO, Role.CFO, Role.OPS})
SIDES_WITHOUT_SIGNATURE = frozenset({Side.EXECUTIVE, Side.NEUTRAL})


def is_representative(user: User, side: str) -> bool:
    """Tell whether the user speaks for a side: as its leader or as its signatory."""
    return SIDE_LED_BY.get(Role(user.role)) == side or (side in Seat.values and seat_holder(side) == user)


def has_right_for(user: User, kind: kinds.Kind) -> bool:
    """Tell whether the user may change agreements of the kind; a score model needs a right of its own."""
    return not kind.right or has_right(user, kind.right)


def _can_read(user: User, version: Version) -> bool:
    """Tell whether the user may know of the version; the drafts of other sides are hidden from them."""
    return Version.objects.visible_to(user).filter(pk=version.pk).exists()


def _is_author_or_side(user: User, version: Version) -> bool:
    if not has_right_for(user, kinds.get_kind(version.agreement.kind)):
        return False
    return version.drafted_by_id == user.pk or is_representative(user, version.drafted_by.side)


def can_propose_own(user: User) -> bool:
    """Tell whether the user may propose their own drafts, and not only write them."""
    return user.role in PROPOSE_THEIR_OWN or is_representative(user, user.side)


def _can_propose(user: User, version: Version) -> bool:
    if not has_right_for(user, kinds.get_kind(version.agreement.kind)):
        return False
    if version.drafted_by_id == user.pk:
        return can_propose_own(user)
    author = version.drafted_by.side
    return is_representative(user, author) or (
        author in SIDES_WITHOUT_SIGNATURE and side_of(user, version.agreement) is not None
    )


def _can_withdraw(user: User, version: Version) -> bool:
    """A draft is its author's and their side's; a proposal its proposer's and their side's."""
    if version.proposed_by is None:
        return _is_author_or_side(user, version)
    return version.proposed_by_id == user.pk or is_representative(user, version.proposed_by.side)


def _can_sign(user: User, version: Version) -> bool:
    return side_of(user, version.agreement) is not None


def _signatories_of(version: Version) -> str:
    people = [f"{person} ({Side(side).label})" for side, person in signatories(version.agreement).items() if person]
    return " and ".join(people) or "the signatories, who are not named yet,"


def _kind_of(target: kinds.Kind | Agreement) -> kinds.Kind:
    return target if isinstance(target, kinds.Kind) else kinds.get_kind(target.kind)


DRAFT_VERSION = register_action(
    Action(
        "draft_version", "draft agreements of this kind",
        "leaders, ops admins, marketers and support (score models: the CMO, the CRO and ops admins)",
        roles=DRAFTERS, condition=lambda user, target: has_right_for(user, _kind_of(target)),
        addresses=(
            "open_agreement", "propose_version", "new_stage", "propose_stage", "new_score_model", "score_model",
            "edit_matrix", "api-versions-list",
        ),
    )
)  # fmt: skip
REDRAFT_VERSION = register_action(
    Action(
        "redraft_version", "change this draft", "its author and the leader or signatory of the author's side",
        roles=DRAFTERS, condition=_is_author_or_side, sees=_can_read, addresses=("score_model",),
    )
)  # fmt: skip
PROPOSE_VERSION = register_action(
    Action(
        "propose_version", "propose this draft",
        "the leader or signatory of the author's side and, of what they drafted themselves, leaders, the CFO and ops admins",
        roles=DRAFTERS, condition=_can_propose, sees=_can_read,
        addresses=("answer_version:propose", "propose_scores", "score_model_back", "api-versions-propose"),
    )
)  # fmt: skip
SIGN_VERSION = register_action(
    Action(
        "sign_version", "sign this version", "the named signatories of its sides", roles=EVERYONE, condition=_can_sign,
        describe_who=_signatories_of, addresses=("answer_version:sign", "api-versions-sign"),
    )
)  # fmt: skip
DISPUTE_VERSION = register_action(
    Action(
        "dispute_version", "dispute this version", "the named signatories of its sides", roles=EVERYONE, condition=_can_sign,
        describe_who=_signatories_of, addresses=("answer_version:dispute", "api-versions-dispute"),
    )
)  # fmt: skip
DECIDE_DISPUTE = register_action(
    Action(
        "decide_dispute", "decide this dispute", "the arbiter named in it", roles=EVERYONE, condition=lambda user, dispute: dispute.arbiter_id == user.pk,
        describe_who=lambda dispute: str(dispute.arbiter), addresses=("answer_version:decide", "api-versions-decide"),
    )
)  # fmt: skip
WITHDRAW_VERSION = register_action(
    Action(
        "withdraw_version", "withdraw this version",
        "its proposer (of a draft: its author) and the leader or signatory of their side",
        roles=EVERYONE, condition=_can_withdraw, sees=_can_read, addresses=("answer_version:withdraw", "api-versions-withdraw"),
    )
)  # fmt: skip
NAME_SIGNATORY = register_action(
    Action(
        "name_signatory", "name who signs and arbitrates", "an ops admin", right="manage_company",
        addresses=("signatories",),
    )
)  # fmt: skip
