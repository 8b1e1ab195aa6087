"""Observes what Marketing owes and answers, and whether scores work: few rows of Postgres."""

from datetime import datetime, time, timedelta

from django.db.models import Count, Exists, OuterRef, Q
from django.urls import reverse

from agreements.models import Version
from alarms.context import Context
from alarms.judging import Judgement, judge_limit
from alarms.registry import Evidence, Finding, no_data
from core.date_formatting import format_month
from core.formatting import format_count, short_money
from core.periods import add_months
from core.work import State
from funnel.handoffs.marketing_sla import Owed, month_owed
from funnel.models import Answer, Verdict
from scoring.models import Proof
from scoring.proof import verdict
from scoring.proof.evidence import Evidence as ScoreEvidence
from team.models import Company

ANSWER_DAYS, CRITICISM_DAYS, UNANSWERED_LIMIT, MINIMUM_REJECTIONS = 14, 90, 0.5, 10
MONTHS_A_YEAR = 12
SCORE = "score"
WITHOUT_LIFT = {"chance", "backwards"}


def observe_criticism(context: Context) -> Finding:
    """Look at the rejections of 90 days that Marketing has had two weeks to answer."""
    zone = Company.get().zone
    until = datetime.combine(context.today - timedelta(days=ANSWER_DAYS), time(), zone)
    rejected = Verdict.objects.standing().filter(
        answer=Verdict.Answer.REJECTED, settled_at__isnull=False,
        given_at__gte=until - timedelta(days=CRITICISM_DAYS), given_at__lt=until,
    )  # fmt: skip
    answers = Answer.objects.filter(verdict=OuterRef("pk"))
    counts = rejected.order_by().aggregate(n=Count("pk"), waiting=Count("pk", filter=~Q(Exists(answers))))
    n, waiting = counts["n"], counts["waiting"]
    bucket = context.yesterday
    judged = judge_limit(
        waiting / n if n else None, n, UNANSWERED_LIMIT, bad="up", minimum_n=MINIMUM_REJECTIONS, bucket=bucket
    )
    sentence = (
        f"Marketing has not answered {format_count(waiting)} of {format_count(n)} rejections that Sales gave more than "
        f"{ANSWER_DAYS} days ago."
    )
    return Finding(judged, sentence, (Evidence("Criticism of leads", reverse("verdicts"), waiting),))


def observe_marketing_sla(context: Context) -> Finding:
    """Look at the last finished month, if something was owed in it."""
    owed = month_owed(add_months(context.today.replace(day=1), -1), context.today)
    if owed is None:
        return no_data("No SLA of Marketing was active for the whole of the last month.")
    share = min(float(share) for share in (owed.leads_share, owed.value_share, 1.0) if share is not None)
    bucket = context.today.replace(day=1) - timedelta(days=1)
    judged = judge_limit(share, owed.leads, 1.0, bad="down", minimum_n=0, bucket=bucket)
    missing = max(owed.leads_owed - owed.leads, 0)
    return Finding(
        judged, _describe_owed(owed), (Evidence("SLA of Marketing", reverse("slas"), owed.leads),),
        cost_cases=float(missing * MONTHS_A_YEAR),
    )  # fmt: skip


def _describe_owed(owed: Owed) -> str:
    leads = f"{format_count(owed.leads)} of {format_count(owed.leads_owed)} leads"
    value = f"{short_money(owed.value, owed.currency)} of {short_money(owed.value_owed, owed.currency)} of pipeline"
    return f"In {format_month(owed.month)} Marketing delivered {leads} and {value}."


def observe_score_lift(context: Context) -> Finding:
    """Look at the newest validation of each active score model; one that is too early to tell is no data."""
    versions = Version.objects.in_force().filter(agreement__kind=SCORE, pilot_manager=None).select_related("agreement")
    kinds: dict[Version, verdict.Verdict] = {}
    areas: dict[Version, ScoreEvidence] = {}
    for version in versions:
        proof = Proof.objects.filter(version=version, state=State.DONE).order_by("-as_of", "-pk").first()
        if proof is None or not proof.evidence:
            continue
        evidence = ScoreEvidence.from_json(proof.evidence)
        judged = verdict.judge_evidence(evidence)
        if judged.is_proven and evidence.auc is not None:
            kinds[version], areas[version] = judged, evidence
    if not kinds:
        return no_data("No active score has a validation with enough outcomes yet.")
    worst = min(kinds, key=lambda version: (kinds[version].kind not in WITHOUT_LIFT, areas[version].auc))
    is_bad = kinds[worst].kind in WITHOUT_LIFT
    url = reverse("score_proof", args=[worst.agreement.key])
    return Finding(
        Judgement(
            context.yesterday, areas[worst].auc, verdict.WEAK, n=areas[worst].n, is_bad=is_bad,
            is_calm=not is_bad,
        ),
        f"{worst.agreement.title}: {kinds[worst].sentence}",
        (Evidence("Validation of the score", url, areas[worst].n),),
    )  # fmt: skip
