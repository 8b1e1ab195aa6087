"""The joint dashboard."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from core import periods
from core.charts import Chart, Scale, build_scale, stack_shares
from core.formatting import format_percent
from core.htmx import render_live
from core.periods import BadPeriod
from crm.readable import Reader
from crm.registry import kinds_by_plural
from kpis import cards, charts, sentences, url_params
from kpis.comparison import Reading
from kpis.dashboard import CUTS, RECORDS, Dashboard, Question, build_dashboard
from kpis.dimensions import get_dimension as dimension
from kpis.mark_registry import read_marks
from kpis.metric_charts import trend_chart
from kpis.news_registry import read_news
from kpis.pace import Pace
from kpis.registry import BadCut, get_metric
from kpis.result import Result
from team.access import has_right
from team.models import Company, User

ROWS = 25
OTHERS = (  # records that no figure of the dashboard is counted from
    "accounts", "contacts", "campaigns", "touches", "activities", "usage_events", "enquiries", "products", "line_items",
    "subscriptions", "payments", "stage_changes", "quotas",
)  # fmt: skip


@login_required
@require_GET
def dashboard(request: HttpRequest) -> HttpResponse:
    """Show the joint dashboard for the period, filters and cut of the address; a bad one is explained on the page."""
    today = timezone.now().astimezone(Company.get().zone).date()
    fault = ""
    try:
        question = url_params.read_question(request.GET, today)
        board = build_dashboard(question, today, cast(User, request.user))
    except (BadPeriod, BadCut) as error:
        fault, question = (
            str(error),
            Question(periods.preset_period(periods.DEFAULT, today, Company.get().fiscal_calendar)),
        )
        board = build_dashboard(question, today, cast(User, request.user))
    context = {"board": board, "fault": fault, "as_of": board.as_of, **_question_context(board)}
    context |= _empty_context(request) if board.is_empty else _board_context(request, board)
    return render_live(request, "kpis/dashboard.html", context, status=400 if fault else 200)


def _question_context(board: Dashboard) -> dict[str, Any]:
    """Return what was asked, and what else could be."""
    question = board.question
    return {
        "period": question.period,
        "presets": periods.PRESETS,
        "filters": [(name, dimension(name).label, _part_label(board, name)) for name in question.where],
        "cuts": [
            (name, dimension(name).label)
            for name in CUTS
            if board.records_money or name in get_metric("leads").dimensions
        ],
    }


def _part_label(board: Dashboard, name: str) -> str:
    """Return the filtered part as it is called on screen."""
    value = board.question.where[name]
    return board.names.get((name, value), dimension(name).label_of(value))


def _empty_context(request: HttpRequest) -> dict[str, Any]:
    """Tell an Accord without records from one whose records are not counted yet, and from one of other records only."""
    kinds = kinds_by_plural()
    has_records = any(kinds[table].model.objects.exists() for table in RECORDS)
    others = () if has_records else [name for name in OTHERS if kinds[name].model.objects.exists()]
    rights = {f"may_{right}": has_right(request.user, right) for right in ("import", "recompute")}
    return {"has_records": has_records, "others": [name.replace("_", " ") for name in others], **rights}


def _board_context(request: HttpRequest, board: Dashboard) -> dict[str, Any]:
    smroi, before = board.reading("smroi"), board.question.period.before
    rates = [board.reading(key) for key in ("close_rate", "loss_rate", "no_decision_rate")]
    question = board.question
    return {
        "headline": sentences.headline(board),
        "is_bare": not any(reading.now.n for reading in board.readings.values()),
        "goals": [(pace, _pace_scale(pace)) for pace in board.goals],
        "may_set_goal": has_right(request.user, "set_goal"),
        "smroi": smroi if smroi and smroi.now.value is not None else None,
        "smroi_scale": _smroi_scale(board),
        "links": {key: url_params.metric_url(key, board.question, by=None) for key in board.readings},
        **_trend_charts(board, request.user),
        "cards": cards.build_cards(board),
        "outcomes": _outcomes_context(rates),
        "widest": cards.largest_value(board.peers),
        "campaign_links": {
            "leads": url_params.metric_url("campaign_leads", question, by="campaign"),
            "revenue": url_params.metric_url("campaign_revenue", question, by="campaign"),
        },
        "before": before,
        "news": read_news(cast(User, request.user)),
        "changes_finding": sentences.changes_finding(board.changes, before.label) if before else "",
        "cut_page": board.cut and Paginator(board.cut.rows, ROWS).get_page(request.GET.get("page")),
    }


def _trend_charts(board: Dashboard, reader: Reader) -> dict[str, Chart | None]:
    """Return the charts over time with what is marked on them."""
    drawn: dict[str, Chart | None] = {}
    if smroi := board.smroi_trend:
        drawn["money_chart"] = charts.money_chart(smroi, board.spend_trends)
        drawn["smroi_chart"] = charts.smroi_chart(smroi)
        _add_marks(drawn, ("money_chart", "smroi_chart"), smroi, reader)
    if leads := board.lead_trend:
        drawn["lead_chart"] = _lead_chart(leads)
        _add_marks(drawn, ("lead_chart",), leads, reader)
    return drawn


def _add_marks(drawn: dict[str, Chart | None], names: Sequence[str], trend: Result, reader: Reader) -> None:
    """Put the marks of a trend, read once, on the charts made of it."""
    if not any(drawn[name] for name in names):
        return
    marks = read_marks(get_metric(trend.key), trend, reader)
    for name in names:
        chart = drawn[name]
        drawn[name] = chart and chart.with_marks(marks)


def _lead_chart(trend: Result) -> Chart | None:
    """Draw the leads over time, named in the title, which on the page of the metric is the heading above it."""
    chart = trend_chart(get_metric("leads"), trend)
    return chart and replace(chart, title=f"Leads by {trend.by}: {chart.title[0].lower()}{chart.title[1:]}")


def _smroi_scale(board: Dashboard) -> Scale | None:
    smroi = board.reading("smroi")
    if smroi is None or smroi.now.value is None or "benchmark" not in smroi.now.gap:
        return None
    benchmark = smroi.now.gap["benchmark"]
    return build_scale(
        smroi.now.value, benchmark, format_percent(smroi.now.value, 0), f"benchmark {format_percent(benchmark, 0)}"
    )


def _pace_scale(pace: Pace) -> Scale | None:
    if not pace.is_known:
        return None
    other = (
        f"even pace {pace.format_value(pace.expected)}"
        if pace.adds_up
        else f"goal {pace.format_value(pace.goal.target)}"
    )
    return build_scale(pace.value, pace.expected, pace.format_value(pace.value), other, end=pace.goal.target)


def _outcomes_context(rates: list[Reading | None]) -> dict[str, Any] | None:
    """Return the three outcomes; None when no deal closed, or the filters cannot be asked of deals."""
    won, lost, undecided = rates
    if won is None or lost is None or undecided is None or not won.now.denominator:
        return None
    names = ("won", "lost", "undecided")
    places = stack_shares(won.now.value, lost.now.value, undecided.now.value)
    return {
        "finding": sentences.outcomes_finding(won, undecided),
        "parts": list(zip(names, (won, lost, undecided), places, strict=True)),
        "interval": sentences.interval_note(won.now),
    }
