"""What routing would do with a lead, rule by rule: nothing is written and nobody is told."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from crm.models import Lead, Owner
from funnel.handoffs.routing import Desk, How, RuleRead

TRIED = ("account__owner__user", "account__territory", "owner__user", "territory")  # what a lead is fetched with


@dataclass(frozen=True)
class Answered:
    """What one rule says of a lead: whom it finds and why, or why it finds nobody; None: it is not asked any more."""

    rule: RuleRead
    owner: Owner | None
    why: str


@dataclass(frozen=True)
class Trial:
    lead: Lead
    owner: Owner | None
    why: str
    answers: tuple[Answered, ...]


def tried(lead: Lead, now: datetime) -> Trial:
    """Ask the rules about a lead (with `account` fetched) as if it were handed over now."""
    desk = Desk(now)
    desk.look_at([lead])
    answers = tuple(_answers(desk, lead))
    found = next((one for one in answers if one.owner), None)
    return Trial(lead, found.owner if found else None, found.why if found else "Nobody takes it", answers)


def _answers(desk: Desk, lead: Lead) -> Iterator[Answered]:
    decided = ""
    for rule in desk.rules:
        if decided:
            yield Answered(rule, None, f"Not asked: {decided} decided")
            continue
        passed: list[str] = []
        found = desk.ask(rule, lead, (), passed)
        if found:
            decided = f"“{rule.name}”"
            yield Answered(rule, desk.owners[found.owner_id], found.name)
        else:
            yield Answered(rule, None, "; ".join(passed) or _nobody(desk, rule, lead))


def _nobody(desk: Desk, rule: RuleRead, lead: Lead) -> str:
    """Say why a rule finds nobody for a lead."""
    match rule.how:
        case How.ACCOUNT_OWNER:
            if lead.account is None:
                return "It belongs to no account"
            return _no_target(desk, lead.account.owner, f"The account {lead.account} has no owner")
        case How.LEAD_OWNER:
            return _no_target(desk, lead.owner, "It has no owner in the CRM")
        case How.TERRITORY:
            place = lead.territory or (lead.account.territory if lead.account else None)
            return f"Nobody of {place} is there to take it" if place else "It has no territory"
        case How.SEGMENT:
            return "Nobody of those named is there" if desk.fulfils(rule, lead) else "It does not fulfil the condition"
    return "Nobody who takes leads is there"


def _no_target(desk: Desk, owner: Owner | None, nobody: str) -> str:
    if owner is None:
        return nobody
    return f"{owner} is no longer active" if desk.is_in_sales(owner) else f"{owner} is not of Sales, or is gone"
