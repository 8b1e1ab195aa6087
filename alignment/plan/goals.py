"""A signed goal takes its place among the goals of kpis, so that dashboards show its pace."""

from django.db.models import QuerySet

from agreements.models import Version
from alignment.plan.rules import GoalTerms, read_goal
from kpis.goal_owners import OWNER_FIELDS
from kpis.models import Goal
from kpis.registry import find_metric
from team.models import User


def publish_goal(version: Version) -> None:
    """Set the goal that an active version names, in place of the one of the version before it.

    Only money and rates of money become goals of the dashboard, as for goals that are set by hand; a pilot binds one team.
    """
    if version.pilot_manager_id:
        return
    before = version.agreement.versions.filter(end="superseded", number__lt=version.number).order_by("-number").first()
    if before:
        _goals_of(read_goal(before.terms)).delete()
    terms = read_goal(version.terms)
    metric = find_metric(terms.metric)
    if metric and metric.may_be_goal:
        values = {"target": terms.target, "currency": terms.currency, "set_by": version.proposed_by, **_owners(version)}
        Goal.objects.update_or_create(
            metric=terms.metric, starts_on=terms.starts_on, ends_on=terms.ends_on, defaults=values
        )


def _owners(version: Version) -> dict[str, User]:
    """Return the people who signed for the two sides, as the owners of the goal."""
    signers = {signature.side: signature.signed_by for signature in version.signatures.select_related("signed_by")}
    return {name: signers[side] for side, name in OWNER_FIELDS.items() if side in signers}


def _goals_of(terms: GoalTerms) -> QuerySet[Goal]:
    return Goal.objects.filter(metric=terms.metric, starts_on=terms.starts_on, ends_on=terms.ends_on)
