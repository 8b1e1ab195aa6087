"""The marks that the metrics bring along: definitions that changed and campaigns that started."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from django.urls import reverse
from django.utils import timezone

from agreements.models import Version
from core.chart_marks import Mark
from crm.models import Campaign
from crm.readable import ReadableRows
from kpis import visibility
from kpis.dashboard import Question
from kpis.definition_changes import kinds_behind, list_changes
from kpis.mark_registry import CAMPAIGN, DEFINITION, MarkQuery, register_source
from kpis.query import ID, record_id
from kpis.url_params import metric_url
from team.models import Company, User


def mark_definitions(query: MarkQuery) -> Iterator[Mark]:
    """Yield the changes to agreements that the metric rests on and the reader may read."""
    kinds, reader = kinds_behind(query.metric), query.reader
    if not kinds or not isinstance(reader, User):
        return
    assert query.period.start
    assert query.period.end
    zone = Company.get().zone
    start = datetime.combine(query.period.start, time(), zone) - timedelta(microseconds=1)
    end = datetime.combine(query.period.end, time.max, zone)
    versions = Version.objects.visible_to(reader)
    for change in list_changes(kinds, start, end, versions):
        link = reverse("agreement", args=[change.version.agreement_id])
        yield Mark(timezone.localtime(change.at, zone).date(), DEFINITION, change.text, link)


def mark_campaigns(query: MarkQuery) -> Iterator[Mark]:
    """Yield the campaigns that started, where the metric can be broken down by them; the largest by their leads."""
    if query.metric is None or "campaign" not in query.metric.dimensions:
        return
    started = ReadableRows(query.reader).visible("campaigns").filter(starts_on__range=_days(query))
    if chosen := query.where.get("campaign"):
        started = started.filter(pk=record_id(chosen))
    campaigns = list(started.order_by("starts_on", "pk"))
    leads = _count_leads(query) if len(campaigns) > CAMPAIGN.most else {}
    for campaign in campaigns:
        yield _build_campaign_mark(query, campaign, leads.get(f"{ID}{campaign.pk}", 0))


def _days(query: MarkQuery) -> tuple[object, object]:
    return query.period.start, query.period.end


def _count_leads(query: MarkQuery) -> dict[str, int]:
    result = visibility.compute_for(query.reader, "campaign_leads", query.period, by="campaign")
    return {part.key: part.n for part in result.parts}


def _build_campaign_mark(query: MarkQuery, campaign: Campaign, leads: int) -> Mark:
    assert query.metric
    assert campaign.starts_on
    link = metric_url(query.metric.key, Question(query.period), campaign=f"{ID}{campaign.pk}")
    return Mark(campaign.starts_on, CAMPAIGN, f"{campaign.name} started", link, weight=leads)


register_source("definitions", mark_definitions)
register_source("campaigns", mark_campaigns)
