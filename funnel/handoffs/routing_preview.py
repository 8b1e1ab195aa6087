"""What routing would do with a lead, rule by rule: nothing is written and no one is notified."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from crm.models import Lead, Owner
from funnel.handoffs.routing import ActiveRule, How, Router

LEAD_RELATIONS = (
    "account__owner__user",
    "account__territory",
    "owner__user",
    "territory",
)  # what a lead is fetched with


@dataclass(frozen=True)
class RuleAnswer:
    """The answer of one rule: whom it finds and why, or why it finds no one."""

    rule: ActiveRule
    owner: Owner | None
    why: str


@dataclass(frozen=True)
class RoutingPreview:
    lead: Lead
    owner: Owner | None
    why: str
    answers: tuple[RuleAnswer, ...]


def preview_routing(lead: Lead, now: datetime) -> RoutingPreview:
    """Ask the rules about a lead (with `account` fetched) as if it were handed over now."""
    router = Router(now)
    router.read_segments([lead])
    answers = tuple(_rule_answers(router, lead))
    match = next((answer for answer in answers if answer.owner), None)
    return RoutingPreview(lead, match.owner if match else None, match.why if match else "No one takes it", answers)


def _rule_answers(router: Router, lead: Lead) -> Iterator[RuleAnswer]:
    decided = ""
    for rule in router.rules:
        if decided:
            yield RuleAnswer(rule, None, f"Not used: {decided} decided")
            continue
        passed: list[str] = []
        match = router.apply_rule(rule, lead, (), passed)
        if match:
            decided = f"“{rule.name}”"
            yield RuleAnswer(rule, router.owners[match.owner_id], match.name)
        else:
            yield RuleAnswer(rule, None, "; ".join(passed) or _explain_no_match(router, rule, lead))


def _explain_no_match(router: Router, rule: ActiveRule, lead: Lead) -> str:
    """Explain why a rule finds no one for a lead."""
    match rule.how:
        case How.ACCOUNT_OWNER:
            if lead.account is None:
                return "It belongs to no account"
            return _explain_owner(router, lead.account.owner, f"The account {lead.account} has no owner")
        case How.LEAD_OWNER:
            return _explain_owner(router, lead.owner, "It has no owner in the CRM")
        case How.TERRITORY:
            territory = lead.territory or (lead.account.territory if lead.account else None)
            return f"No person of {territory} is present to take it" if territory else "It has no territory"
        case How.SEGMENT:
            return (
                "None of the named people is present"
                if router.fulfils(rule, lead)
                else "It does not meet the condition"
            )
    return "No person who takes leads is present"


def _explain_owner(router: Router, owner: Owner | None, without_owner: str) -> str:
    if owner is None:
        return without_owner
    return f"{owner} is no longer active" if router.is_in_sales(owner) else f"{owner} is not in Sales or is inactive"
