"""The joint review that the leaders of AppLexus held with the last update of the plan."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from alignment.plan.models import PlanUpdate
from alignment.review.models import Review
from crm.models import Campaign
from kpis.registry import get_metric
from revops.demo.records.agreements import CMO, CRO, NOON
from revops.demo.story import SOURCE
from team.models import User

MARKETER = "nadia.karim"
DAYS_BEFORE = timedelta(days=30)
WEBINARS = "Webinar series – the encore"
DECISIONS = (  # text, owner, days until it is due, step, item
    ("Agree with Sales on the job titles that a webinar lead must have.", MARKETER, -2, "leads", WEBINARS),
    ("Review every deal without a next step for three weeks with both teams.", CRO, 5, "funnel", ""),
)  # fmt: skip
WISHES = (  # beginning of the campaign's name, what is wanted, why
    (WEBINARS, "less", "Many leads, few deals: most are not specialists."),
    ("Finance leaders' dinners", "more", "Few leads, and every third becomes a deal."),
)


def hold_review(users: dict[str, User], today: date) -> None:
    """Write the review that ended with the first update of the plan, unless a review was held since."""
    update = PlanUpdate.objects.filter(number=1).first()
    if update is None or update.presented_at is None or Review.objects.exists():
        return
    day = update.presented_at.date()
    review = Review.objects.create(
        number=1, started_by=users[CMO], started_at=datetime.combine(day, NOON) - timedelta(hours=1), since=day - DAYS_BEFORE,
        position="summary", plan_update=update, figures={"goals": {"goals": [_goal(figure) for figure in update.figures]}},
        closed_by=users[CRO], closed_at=update.presented_at,
    )  # fmt: skip
    review.present.set([users[CMO], users[CRO]])
    for text, owner, days, step, item in DECISIONS:
        review.decisions.create(
            text=text, owner=users[owner], due_on=today + timedelta(days=days), step=step, item=item,
            recorded_by=users[CMO], recorded_at=update.presented_at,
        )  # fmt: skip
    for beginning, wish, note in WISHES:
        campaign = Campaign.objects.filter(source=SOURCE, name__startswith=beginning).order_by("-pk").first()
        if campaign:
            review.wishes.create(dimension="campaign", key=str(campaign.pk), name=campaign.name, wish=wish, note=note)


def remove_review() -> None:
    Review.objects.filter(number=1, decisions__text=DECISIONS[0][0]).delete()


def _goal(figure: dict[str, Any]) -> dict[str, Any]:
    """Return a goal of the update as the review froze it."""
    metric = get_metric(figure["metric"])
    names = ("title", "side", "ends_on", "state", "target", "currency", "value")
    value = Decimal(figure["value"])
    return {name: figure[name] for name in names} | {
        "key": figure["goal"], "metric": metric.key, "unit": metric.unit, "adds_up": metric.adds_up,
        "expected": None, "projected": None if metric.adds_up else str(value), "before": None, "state_before": "",
    }  # fmt: skip
