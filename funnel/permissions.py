"""Who may work leads, move buyers, pass leads on, answer verdicts and decide who gets leads.

What Sales says of a lead is said by the person who has it, or by those in Sales to whom that person reports, and is
recorded under the name of who said it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from crm.models import Account, Lead, Owner
from crm.permissions import IMPORTERS
from funnel.models import HandOff, Verdict
from funnel.stages.drafts import Funnel, Stage
from team.access import has_right, own_ids, reports_of
from team.authorization import Action, register_action
from team.models import Role, User

Buyer = Lead | Account
WORKERS = frozenset({Role.REP, Role.CRO, Role.SUPPORT})
ANSWERERS = frozenset({Role.CMO, Role.MARKETER})
MOVES_ANYWHERE = frozenset({Role.OPS, Role.CMO, Role.CRO})
HAS_LEAD = "the owner of the lead, those in Sales and Support to whom the owner reports, and the CRO"


def _sees_handoff(user: User, handoff: HandOff) -> bool:
    return HandOff.objects.visible_to(user).filter(pk=handoff.pk).exists()


def _sees_verdict(user: User, verdict: Verdict) -> bool:
    return Verdict.objects.visible_to(user).filter(pk=verdict.pk).exists()


def _sees_buyer(user: User, buyer: Buyer) -> bool:
    return type(buyer).objects.visible_to(user).filter(pk=buyer.pk).exists()


def _is_worker(user: User, handoff: HandOff) -> bool:
    owner = handoff.to_owner
    return user.role == Role.CRO or bool(owner and owner.user_id and owner.user_id in own_ids(user))


def _is_manager_of(user: User, owner: Owner | None) -> bool:
    """Tell whether the owner reports to the person, directly or through others."""
    return bool(owner and owner.user_id and user.role in WORKERS and owner.user_id in reports_of(user))


# Moving by hand


@dataclass(frozen=True)
class ManualMove:
    """A move by hand that is to be checked; `before` is None for a buyer who is in no stage yet."""

    buyer: Buyer
    before: Stage | None
    after: Stage


def _may_leave(side: str, stage: Stage | None) -> bool:
    """Tell whether a side may take buyers out of a stage: its own or a shared one, and for Sales any before the sale.

    Behind a gate a buyer is handed over, so Marketing does not take it back.
    """
    if stage is None:
        return True
    if side == "sales":
        return stage.side in {"sales", "joint", "marketing"}
    return stage.side in {side, "joint"} and stage.kind != "gate"


def _may_enter(side: str, stage: Stage) -> bool:
    """Tell whether a side may put buyers into a stage: its own or a shared one, and for Sales any way out; no gate."""
    if stage.kind == "gate":
        return False
    return stage.side in {side, "joint"} or (side == "sales" and stage.way == "detour")


def _can_work_with(user: User, buyer: Buyer) -> bool:
    """Tell whether a rep, or one of their reports, has the buyer, by the CRM or by an open hand-off; others always can."""
    if user.role != Role.REP:
        return True
    people = own_ids(user)
    owners = [buyer.owner]
    if isinstance(buyer, Lead):
        owners += [handoff.to_owner for handoff in buyer.handoffs.filter(ended_at=None).select_related("to_owner")]
    return any(owner is not None and owner.user_id in people for owner in owners)


def _can_move_between(user: User, before: Stage | None, after: Stage) -> bool:
    return user.role in MOVES_ANYWHERE or (_may_leave(user.side, before) and _may_enter(user.side, after))


def stages_open_to(user: User, buyer: Buyer, funnel: Funnel, before: str) -> list[Stage]:
    """Return the stages to which the user may move a buyer by hand from its present one."""
    if not MOVE_BUYER.is_open_to(user) or not _sees_buyer(user, buyer) or not _can_work_with(user, buyer):
        return []
    subject, here = "leads" if isinstance(buyer, Lead) else "accounts", funnel.get(before)
    return [stage for stage in funnel.of(subject) if stage.key != before and _can_move_between(user, here, stage)]


def passable_ids(user: User, handoffs: Iterable[HandOff]) -> set[int]:
    """Return the ids of those hand-offs, all of which the person sees, that they may pass on."""
    if not PASS_LEAD_ON.is_open_to(user):
        return set()
    if has_right(user, "route"):
        return {handoff.pk for handoff in handoffs}
    people = reports_of(user)
    return {handoff.pk for handoff in handoffs if handoff.to_owner and handoff.to_owner.user_id in people}


def _register_lead_action(key: str, label: str, *addresses: str) -> Action:
    """Declare something that Sales says of a lead that was handed over."""
    return register_action(
        Action(
            key, label, HAS_LEAD, roles=WORKERS, condition=_is_worker, sees=_sees_handoff, addresses=addresses,
        )
    )  # fmt: skip


ACCEPT_LEAD = _register_lead_action("accept_lead", "accept this lead", "inbox_accept", "api-verdicts-list:accepted")
REJECT_LEAD = _register_lead_action(
    "reject_lead", "reject this lead", "inbox_form:reject", "api-verdicts-list:rejected"
)
RATE_LEAD = _register_lead_action("rate_lead", "rate this lead", "inbox_rate", "api-handoffs-rate")
LOG_ACTIVITY = _register_lead_action(
    "log_activity", "log a call with this lead", "inbox_form:call", "api-handoffs-calls"
)
PAUSE_CLOCK = _register_lead_action(
    "pause_clock", "pause the clock of this lead", "inbox_form:pause", "api-handoffs-pause"
)
RESUME_CLOCK = _register_lead_action(
    "resume_clock", "resume the clock of this lead", "inbox_resume", "api-handoffs-resume"
)
UNDO_VERDICT = register_action(
    Action(
        "undo_verdict", "undo this verdict", "the person who gave it", roles=WORKERS, condition=lambda user, verdict: verdict.given_by_id == user.pk, sees=_sees_verdict,
        addresses=("inbox_undo", "api-verdicts-undo"),
    )
)  # fmt: skip
PASS_LEAD_ON = register_action(
    Action(
        "pass_lead_on", "pass this lead on",
        "those in Sales and Support to whom its owner reports, the CRO and ops admins",
        roles=WORKERS | {Role.OPS}, condition=lambda user, handoff: has_right(user, "route") or _is_manager_of(user, handoff.to_owner), sees=_sees_handoff,
        addresses=("inbox_form:pass", "api-handoffs-reroute"),
    )
)  # fmt: skip
MOVE_BUYER = register_action(
    Action(
        "move_buyer", "move this buyer there by hand",
        "the CMO, the CRO and ops admins, and, in stages of their own side that are not gates such as MQL, marketers, "
        "support, and reps with their own and their reports' buyers",
        roles=MOVES_ANYWHERE | {Role.MARKETER, Role.REP, Role.SUPPORT}, condition=lambda user, step: _can_work_with(user, step.buyer) and _can_move_between(user, step.before, step.after),
        sees=lambda user, step: _sees_buyer(user, step.buyer), addresses=("move_buyer", "api-moves-list"),
    )
)  # fmt: skip
SPOT_OPPORTUNITY = register_action(
    Action(
        "spot_opportunity", "raise an opportunity", "reps, support, marketers, the CMO, the CRO and the CEO", right="spot",
        sees=_sees_buyer, addresses=("spot", "api-enquiries-list"),
    )
)  # fmt: skip
NOTE_CONTENT_USE = register_action(
    Action(
        "note_content_use", "record the use of content with this lead", "reps, support and the CRO", roles=WORKERS,
        sees=_sees_buyer, addresses=("content_use", "api-content_uses-list"),
    )
)  # fmt: skip
ANSWER_VERDICT = register_action(
    Action(
        "answer_verdict", "answer this verdict", "the CMO and marketers", roles=ANSWERERS,
        addresses=("answer_verdicts", "api-answers-list"),
    )
)  # fmt: skip
CONTEST_VERDICT = register_action(
    Action(
        "contest_verdict", "contest this verdict", "the CMO and marketers", roles=ANSWERERS, sees=_sees_verdict,
        addresses=("contest_verdict", "api-verdicts-contest"),
    )
)  # fmt: skip
RULE_ON_CONTEST = register_action(
    Action(
        "rule_on_contest", "rule on this contest", "the arbiter named in it", roles=frozenset(Role.values),
        condition=lambda user, contest: contest.arbiter_id == user.pk, sees=lambda user, contest: contest.arbiter_id == user.pk or _sees_verdict(user, contest.verdict), describe_who=lambda contest: str(contest.arbiter),
        addresses=("rule_verdict", "api-contests-rule"),
    )
)  # fmt: skip
MANAGE_ROUTING = register_action(
    Action(
        "manage_routing", "decide who gets leads", "the CRO and ops admins", right="route",
        addresses=(
            "new_routing_rule", "routing_rule", "change_routing:up", "change_routing:down", "change_routing:remove",
            "change_routing:default", "change_routing:capacity", "api-routing_rules-list", "PUT api-routing_rules-detail",
            "DELETE api-routing_rules-detail", "api-routing_rules-move", "api-capacities-list",
        ),
    )
)  # fmt: skip
MANAGE_ABSENCE = register_action(
    Action(
        "manage_absence", "change this person's absences",
        "the person themselves, those in Sales and Support to whom they report, the CRO and ops admins",
        roles=WORKERS | {Role.OPS}, condition=lambda user, owner: (
            has_right(user, "route") or owner.user_id == user.pk or _is_manager_of(user, owner)
        ),
        addresses=(
            "change_routing:away", "change_routing:back", "api-absences-list", "DELETE api-absences-detail",
        ),
    )
)  # fmt: skip

MAP_STAGES = register_action(
    Action(
        "map_stages", "map the stages of a source", IMPORTERS, right="import",
        addresses=("change_stage", "confirm_stage", "undo_stage"),
    )
)  # fmt: skip
