"""Observes the state of what both sides sign."""

from datetime import datetime, time, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from agreements.kinds import get_kind
from agreements.models import Dispute, Version
from alarms.context import Context
from alarms.judging import judge_count
from alarms.registry import Evidence, Finding, no_data
from alarms.restated.models import ComparedSet, Restatement
from kpis.sentences import count_noun
from team.models import Company

UNSIGNED_DAYS, CHANGED_DAYS = 14, 7
DEFINITIONS = ("stage", "funnel", "sla", "owed", "score", "icp", "term")  # kinds that decide what figures mean


def observe_unsettled(context: Context) -> Finding:
    """Count agreements that are disputed, unsigned for two weeks, or past their review; each once."""
    if not Version.objects.filter(proposed_at__isnull=False).exists():
        return no_data("Nothing has been proposed yet.")
    waiting = Version.objects.open()
    is_disputed = Exists(Dispute.objects.filter(version=OuterRef("pk"), decided_at=None))
    long_ago = _midnight(context, UNSIGNED_DAYS)
    disputed = _agreements_of(waiting.filter(is_disputed))
    unsigned = _agreements_of(waiting.filter(~Q(is_disputed), proposed_at__lt=long_ago))
    stale = _agreements_of(Version.objects.in_force().filter(review_on__lt=context.today, pilot_manager=None))
    total = len(disputed | unsigned | stale)
    parts = [
        *([f"{count_noun(len(disputed), 'agreement')} disputed"] if disputed else []),
        *([f"{count_noun(len(unsigned), 'agreement')} unsigned for {UNSIGNED_DAYS} days"] if unsigned else []),
        *([f"{count_noun(len(stale), 'review')} overdue"] if stale else []),
    ]
    return Finding(
        judge_count(total, context.yesterday), f"To settle: {', '.join(parts)}." if parts else "",
        (Evidence("Agreements", reverse("agreements"), total),),
    )  # fmt: skip


def observe_changes(context: Context) -> Finding:
    """Count definitions that came into force in the last days in the place of another version."""
    since = _midnight(context, CHANGED_DAYS)
    changed = Version.objects.in_force().filter(
        agreement__kind__in=DEFINITIONS, pilot_manager=None, in_force_at__gte=since, number__gt=1
    )
    earlier = Version.objects.filter(
        agreement=OuterRef("agreement"), number__lt=OuterRef("number"), in_force_at__isnull=False, pilot_manager=None
    )
    kinds = list(changed.filter(Exists(earlier)).order_by().values_list("agreement__kind", flat=True))
    names = ", ".join(sorted({get_kind(kind).name for kind in kinds}))
    sentence = (
        f"{count_noun(len(kinds), 'definition')} changed in the last {CHANGED_DAYS} days: {names}." if kinds else ""
    )
    return Finding(
        judge_count(len(kinds), context.yesterday),
        sentence,
        (Evidence("Agreements", reverse("agreements"), len(kinds)),),
    )


def observe_restated(context: Context) -> Finding:
    """Count the settled figures that the last days brought to another value, each once."""
    if not ComparedSet.objects.exists():
        return no_data("No figures have been compared with earlier ones yet.")
    rows = Restatement.objects.filter(detected_at__gte=_midnight(context, CHANGED_DAYS)).order_by()
    count = rows.values("metric", "starts_on").distinct().count()
    verb = "has" if count == 1 else "have"
    sentence = f"{count_noun(count, 'settled figure')} {verb} changed in the last {CHANGED_DAYS} days." if count else ""
    evidence = Evidence("Restated figures", reverse("restated_figures"), count)
    return Finding(judge_count(count, context.yesterday), sentence, (evidence,))


def _agreements_of(versions: QuerySet[Version]) -> set[int]:
    return set(versions.order_by().values_list("agreement_id", flat=True))


def _midnight(context: Context, days: int) -> datetime:
    return datetime.combine(context.today - timedelta(days=days), time(), Company.get().zone)
