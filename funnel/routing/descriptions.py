"""Routing rules in words."""

from crm.rule_fields import LEADS
from facts.rules import check_rule, describe_rule
from funnel.models import RoutingRule


def describe_routing_rule(rule: RoutingRule) -> str:
    """Say what a rule does; a condition that names what is there no more is shown as it was written."""
    if rule.how != RoutingRule.How.SEGMENT:
        return str(rule.get_how_display())
    condition = str(rule.condition) if check_rule(rule.condition, LEADS) else describe_rule(rule.condition, LEADS)
    return f"Leads whose {condition}: {', '.join(str(owner) for owner in rule.people.all()) or 'no one'}, by capacity"
