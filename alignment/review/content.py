"""What the steps of a review show: plain data that can be frozen, with amounts as numbers and never as formatted text."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count

from alignment.metric_values import ResultReader
from alignment.plan.queries import PlanGoal, read_goals, read_joint_paces
from core import periods
from core.periods import Period
from funnel.definitions import in_force
from funnel.handoffs.marketing_sla import months_owed
from funnel.measures import FunnelReport
from funnel.models import Verdict
from funnel.patterns import EVENT, Question
from funnel.verdicts.report import CUTS, Cut, count_answered_rejections, count_by_part, verdicts_given
from funnel.visibility import ReadFunnel
from kpis import visibility
from kpis.dimensions import BLANK
from kpis.pace import Pace
from kpis.query import ID
from kpis.registry import get_metric
from kpis.result import Figures, Result
from team.models import Company

Content = dict[str, Any]
SALES_METRICS = ("sla_compliance", "speed_to_lead", "verdict_rate")
REVENUE_OF_CUT = {"campaign": ("campaign_revenue", "campaign"), "source": ("won_revenue", "lead_source")}
LEAD_CUTS = ("campaign", "source", "persona")
MOST_PARTS, MOST_CAMPAIGNS, MOST_REASONS = 6, 10, 3
MONTHS_SHOWN = 2  # the current one and the one before


@dataclass(frozen=True)
class ReviewReader:
    """Reads for one leader what changed from the last review to today."""

    results: ResultReader
    since: date
    today: date
    last_figures: Mapping[str, Any]  # what the last review froze

    @property
    def period(self) -> Period:
        return Period(min(self.since, self.today), self.today)

    @property
    def period_before(self) -> Period:
        """As many days before the review's own."""
        start = min(self.since, self.today)
        return Period(start - timedelta(days=self.period.days or 1), start - timedelta(days=1))

    @property
    def year(self) -> Period:
        return periods.preset_period("this_year", self.today, Company.get().fiscal_calendar)

    def compute(self, key: str, period: Period, by: str | None = None) -> Result:
        reader = self.results
        return visibility.compute_for(reader.user, key, period, by=by, facts=reader.facts, rows=reader.rows)


def store_figure(key: str, figures: Figures, currency: str = "") -> Content:
    """Return a figure as it is frozen: exact numbers as text, with what a rate is made of."""
    metric = get_metric(key)
    return {
        "metric": key, "name": metric.name, "unit": metric.unit, "better": metric.better,
        "value": _as_text(figures.value), "numerator": _as_text(figures.numerator),
        "denominator": _as_text(figures.denominator), "n": figures.n, "currency": figures.currency or currency,
    }  # fmt: skip


def _as_text(value: Any) -> str | None:
    return None if value is None else str(value)


def read_goals_step(reader: ReviewReader) -> Content:
    """Return every goal with its pace, and what it was when the last review was closed."""
    signed = read_goals(reader.results, reader.today)
    joint = read_joint_paces(reader.results, signed, reader.today)
    before = {goal["key"]: goal for goal in reader.last_figures.get("goals", {}).get("goals", ())}
    goals = [*(_store_goal(goal) for goal in signed), *(_store_pace(pace) for pace in joint)]
    for goal in goals:
        last = before.get(goal["key"], {})
        goal["before"], goal["state_before"] = last.get("value"), last.get("state", "")
    return {"goals": goals}


def _store_goal(goal: PlanGoal) -> Content:
    ends_on = goal.terms.ends_on.isoformat()
    stored = {"key": goal.key, "title": goal.title, "side": goal.terms.horizon.side, "ends_on": ends_on}
    return stored | _store_amounts(goal.pace, goal.state, goal.terms.target, goal.terms.currency)


def _store_pace(pace: Pace) -> Content:
    goal = pace.goal
    title = f"{pace.metric.name}, {pace.period.label}"
    stored = {"key": f"goal:{goal.pk}", "title": title, "side": "joint", "ends_on": goal.ends_on.isoformat()}
    return stored | _store_amounts(pace, pace.state, goal.target, goal.currency)


def _store_amounts(pace: Pace | None, state: str, target: Decimal, currency: str) -> Content:
    is_known = pace is not None and pace.is_known
    return {
        "state": state, "target": str(target), "currency": currency,
        "metric": pace.metric.key if pace else "", "unit": pace.metric.unit if pace else "",
        "adds_up": bool(pace and pace.adds_up),
        "value": str(pace.value) if pace and is_known else None,
        "expected": str(pace.expected) if pace and is_known else None,
        "projected": _as_text(pace.projected) if pace and is_known else None,
    }  # fmt: skip


def read_funnel_step(reader: ReviewReader) -> Content:
    """Return how many leads entered each stage since the last review, and in as many days before it."""
    now, before = _read_funnel(reader, reader.period), _read_funnel(reader, reader.period_before)
    entered_before = {step.stage.key: step.entered for step in before.steps}
    rows: list[Content] = []
    for step in now.steps:
        count_before = entered_before.get(step.stage.key, 0)
        rows.append({"stage": step.stage.key, "name": step.stage.name, "value": step.entered, "before": count_before})
        if step.stage.dated_by == "won":
            break
    return {"rows": rows, "largest": max((max(row["value"], row["before"]) for row in rows), default=0)}


def _read_funnel(reader: ReviewReader, period: Period) -> FunnelReport:
    results = reader.results
    return ReadFunnel(results.user, results.facts, in_force(results.user), Question(period, EVENT)).report()


def read_slas_step(reader: ReviewReader) -> Content:
    """Return how each side kept its SLA: the clocks and verdicts of Sales, the months and answers of Marketing."""
    sales = []
    for key in SALES_METRICS:
        now, before = reader.compute(key, reader.period), reader.compute(key, reader.period_before)
        sales.append(store_figure(key, now) | {"before": _as_text(before.value)})
    answered, rejected = count_answered_rejections(reader.period)
    months = [
        {
            "month": month.month.isoformat(), "leads": month.leads, "leads_owed": month.leads_owed, "value": str(month.value),
            "value_owed": str(month.value_owed), "currency": month.currency, "is_over": month.is_over,
        }
        for month in months_owed(reader.today, MONTHS_SHOWN)
    ]  # fmt: skip
    return {"sales": sales, "months": months, "answered": answered, "rejected": rejected}


def read_leads_step(reader: ReviewReader) -> Content:
    """Return what Sales thought of the leads by campaign, source and persona, and the revenue that came of them this year."""
    rows = verdicts_given(reader.results.user, reader.period)
    return {"cuts": [_read_lead_cut(reader, rows, CUTS[key]) for key in LEAD_CUTS]}


def _read_lead_cut(reader: ReviewReader, rows: Any, cut: Cut) -> Content:
    revenue, currency = _read_revenue(reader, cut)
    reasons = _count_reasons(rows, cut)
    parts: list[Content] = [
        {
            "key": part.key, "name": part.name, "accepted": part.accepted, "rejected": part.rejected,
            "reasons": reasons.get(part.key, [])[:MOST_REASONS],
            "revenue": None if revenue is None else str(revenue.get(part.key, Decimal(0))), "currency": currency,
        }
        for part in count_by_part(reader.results.user, rows, cut)
        if part.key
    ]  # fmt: skip
    parts.sort(key=lambda part: (-Decimal(part["revenue"] or 0), -part["accepted"], part["name"]))
    return {"key": cut.key, "label": cut.label, "parts": parts[:MOST_PARTS], "hidden": max(0, len(parts) - MOST_PARTS)}


def _count_reasons(rows: Any, cut: Cut) -> dict[str, list[Content]]:
    """Return by part which criteria failed, the most frequent first."""
    rejected = rows.filter(answer=Verdict.Answer.REJECTED).annotate(part=cut.field).values("part", "criterion")
    reasons: dict[str, list[Content]] = {}
    for row in rejected.annotate(n=Count("pk")).order_by("-n", "criterion"):
        reasons.setdefault(str(row["part"] or ""), []).append({"criterion": row["criterion"], "n": row["n"]})
    return reasons


def _read_revenue(reader: ReviewReader, cut: Cut) -> tuple[dict[str, Decimal] | None, str]:
    """Return the won revenue of this year by part; None where deals cannot be cut so."""
    if cut.key not in REVENUE_OF_CUT:
        return None, ""
    metric, dimension = REVENUE_OF_CUT[cut.key]
    result = reader.compute(metric, reader.year, by=dimension)
    amounts = {part.key.removeprefix(ID): Decimal(str(part.value or 0)) for part in result.parts if part.key != BLANK}
    return amounts, result.currency


def read_campaigns_step(reader: ReviewReader) -> Content:
    """Return the campaigns by the revenue they brought this year, with what came since the last review."""
    year = reader.compute("campaign_revenue", reader.year, by="campaign")
    recent = _values(reader.compute("campaign_revenue", reader.period, by="campaign"))
    leads = _values(reader.compute("campaign_leads", reader.year, by="campaign"))
    campaigns = [
        {
            "key": part.key, "name": part.label, "revenue": _as_text(part.value), "recent": str(recent.get(part.key) or 0),
            "leads": _as_text(leads.get(part.key)), "currency": part.currency or year.currency,
        }
        for part in sorted(year.parts, key=lambda part: -Decimal(str(part.value or 0)))
        if part.key != BLANK
    ]  # fmt: skip
    return {
        "campaigns": campaigns[:MOST_CAMPAIGNS], "hidden": max(0, len(campaigns) - MOST_CAMPAIGNS),
        "largest": campaigns[0]["revenue"] if campaigns else None, "year": reader.year.label,
    }  # fmt: skip


def _values(result: Result) -> dict[str, Any]:
    return {part.key: part.value for part in result.parts}


def list_items(content: Mapping[str, Any]) -> Iterable[str]:
    """Return what a decision of a step can be about: its goals, stages, figures, parts or campaigns."""
    for name, label in (
        ("goals", "title"),
        ("rows", "name"),
        ("sales", "name"),
        ("campaigns", "name"),
        ("open", "name"),
    ):
        yield from (item[label] for item in content.get(name, ()))
    for cut in content.get("cuts", ()):
        yield from (part["name"] for part in cut["parts"])
