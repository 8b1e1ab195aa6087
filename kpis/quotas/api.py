"""Quotas over HTTP: the figures of the page, for the reps whose quotas the reader may see."""

from dataclasses import asdict
from decimal import Decimal
from typing import Any, cast

from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from core import periods
from core.api.views import ApiResponseMixin, refuse_strange_parameters
from core.periods import BadPeriod
from core.request_values import read_int
from kpis.quotas.audit import VERDICTS
from kpis.quotas.case import SIDES, QuotaCase
from kpis.quotas.categories import CATEGORIES
from kpis.quotas.fairness import Correlation
from kpis.quotas.report import POTENTIALS, FairnessReport, RepLine, build_report
from kpis.quotas.sentences import describe_potential, describe_report
from kpis.quotas.url_params import BadQuotaQuestion, read_quota_question
from team.access import has_right
from team.models import Company, User

NO_RIGHT = "You cannot read quotas. Leaders, the CFO, ops admins and reps can."


def _money(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=20, decimal_places=2, **options)


class QuotaLineSerializer(serializers.Serializer[Any]):
    """One rep in the category: the sum of the quotas in the period. Shares are fractions; null where nothing is known."""

    owner = serializers.IntegerField()
    name = serializers.CharField()
    territory = serializers.CharField(allow_blank=True)
    versions = serializers.ListField(child=serializers.CharField(allow_blank=True))
    quota = _money()
    potential = _money(allow_null=True)
    potential_to_quota = serializers.FloatField(allow_null=True)
    is_within_10_percent = serializers.BooleanField(allow_null=True, help_text="Potential ÷ quota is near the mean.")
    achieved = _money(allow_null=True, help_text="Null too where the reader may not see it.")
    attainment = serializers.FloatField(allow_null=True)


class CorrelationSerializer(serializers.Serializer[Any]):
    """Spearman's rank correlation with its 95 % interval."""

    rho = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    p = serializers.FloatField()
    n = serializers.IntegerField()


class AuditRuleSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    name = serializers.CharField()
    verdict = serializers.ChoiceField(choices=list(VERDICTS))
    finding = serializers.CharField()


class VersionChangeSerializer(serializers.Serializer[Any]):
    owner = serializers.IntegerField()
    before = _money()
    after = _money()


class QuotaVersionsSerializer(serializers.Serializer[Any]):
    """Two versions over the quotas of the same rep and days."""

    earlier = serializers.CharField(allow_blank=True)
    later = serializers.CharField(allow_blank=True)
    changes = VersionChangeSerializer(many=True)


class QuotaReportSerializer(serializers.Serializer[Any]):
    category = serializers.ChoiceField(choices=list(CATEGORIES))
    rule = serializers.CharField(help_text="What counts as achieved.")
    period = serializers.CharField()
    version = serializers.CharField(allow_null=True, allow_blank=True, help_text="Null: of each rep and span the last.")
    versions = serializers.ListField(child=serializers.CharField(allow_blank=True))
    currency = serializers.CharField(allow_blank=True)
    potential = serializers.ChoiceField(choices=list(POTENTIALS), allow_blank=True, help_text="Blank: there is none.")
    potential_source = serializers.CharField()
    sentence = serializers.CharField()
    reps = QuotaLineSerializer(many=True)
    share_at_quota = serializers.FloatField(allow_null=True)
    gini = serializers.FloatField(allow_null=True)
    attainment_variation = serializers.FloatField(allow_null=True)
    quota_variation = serializers.FloatField(allow_null=True)
    attainment_by_potential = CorrelationSerializer(allow_null=True)
    quota_by_potential = CorrelationSerializer(allow_null=True)
    bands = serializers.DictField(child=serializers.IntegerField())
    audit = AuditRuleSerializer(many=True)
    comparison = QuotaVersionsSerializer(allow_null=True)
    left_out = serializers.DictField(child=serializers.IntegerField())
    sees_all = serializers.BooleanField(help_text="False: only the reader's own quotas and those of their reports.")
    as_of = serializers.DateTimeField(allow_null=True)


PARAMETERS = [
    OpenApiParameter("category", OpenApiTypes.STR, enum=list(CATEGORIES), description="Volume by default."),
    OpenApiParameter("version", OpenApiTypes.STR, description="Without it, of each rep and span the last version."),
    OpenApiParameter("potential", OpenApiTypes.STR, enum=list(POTENTIALS), description="Imported by default; computed for volume alone."),
    OpenApiParameter("period", OpenApiTypes.STR, enum=list(periods.PRESETS)),
    OpenApiParameter("from", OpenApiTypes.DATE),
    OpenApiParameter("to", OpenApiTypes.DATE, description="Included."),
]  # fmt: skip


class CasePointSerializer(serializers.Serializer[Any]):
    side = serializers.ChoiceField(
        choices=list(SIDES), help_text="Whether it supports the claim that the quota is unfair."
    )
    title = serializers.CharField()
    finding = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]


class QuotaCaseSerializer(serializers.Serializer[Any]):
    """What supports and what refutes the claim that one rep's quota is unfair."""

    owner = serializers.IntegerField()
    name = serializers.CharField()
    period = serializers.CharField()
    sentence = serializers.CharField()
    points = CasePointSerializer(many=True)


class QuotaFairnessViewSet(ApiResponseMixin, ViewSet):
    """How evenly quotas are set and met."""

    lookup_value_converter = "int"

    @extend_schema(
        operation_id="quota_fairness_retrieve",
        parameters=PARAMETERS,
        responses=forced_singular_serializer(QuotaReportSerializer),
    )
    def list(self, request: Request) -> Response:
        """Return quota, potential and attainment of each rep, their spread, and the audit rules."""
        refuse_strange_parameters(request, {"category", "version", "potential", "period", "from", "to"})
        user = cast(User, request.user)
        if not has_right(user, "see_quotas"):
            raise PermissionDenied(NO_RIGHT)
        try:
            question = read_quota_question(request.query_params, Company.today())
        except (BadPeriod, BadQuotaQuestion) as error:
            raise serializers.ValidationError(str(error)) from None
        return Response(report_json(build_report(user, question)))

    @extend_schema(
        operation_id="quota_case_retrieve",
        parameters=[
            OpenApiParameter("year", OpenApiTypes.INT, description="A fiscal year; the last full one by default.")
        ],
        responses=QuotaCaseSerializer,
    )
    def retrieve(self, request: Request, pk: int) -> Response:
        """Return the case of one rep by the id of an owner: each point with its finding and source."""
        refuse_strange_parameters(request, {"year"})
        user = cast(User, request.user)
        if not has_right(user, "see_quotas"):
            raise PermissionDenied(NO_RIGHT)
        case = QuotaCase(user, pk, read_int(request.query_params.get("year")))
        if not case.is_visible:
            raise NotFound("This person has no quota, or you do not have permission to see it.")
        points = [asdict(point) for point in case.points]
        return Response(
            {
                "owner": case.owner,
                "name": case.name,
                "period": case.year.label,
                "sentence": case.sentence,
                "points": points,
            }
        )


def report_json(report: FairnessReport) -> dict[str, Any]:
    statistics, question, comparison = report.statistics, report.question, report.comparison
    return {
        "category": question.category, "rule": report.category.rule, "period": question.period.label, "version": question.version,
        "versions": list(report.selection.versions), "currency": report.currency, "potential": report.potential,
        "potential_source": describe_potential(report), "sentence": describe_report(report),
        "reps": [_line_json(line) for line in report.lines], "share_at_quota": statistics.share_at_quota, "gini": statistics.gini,
        "attainment_variation": statistics.attainment_variation, "quota_variation": statistics.quota_variation,
        "attainment_by_potential": _correlation_json(statistics.attainment_by_potential),
        "quota_by_potential": _correlation_json(statistics.quota_by_potential), "bands": dict(statistics.bands),
        "audit": [{"key": rule.key, "name": rule.name, "verdict": rule.verdict, "finding": rule.finding} for rule in report.rules],
        "comparison": comparison and {
            "earlier": comparison.earlier, "later": comparison.later,
            "changes": [
                {"owner": change.line.owner, "before": as_text(change.before), "after": as_text(change.after)}
                for change in comparison.changes
            ],
        },
        "left_out": dict(report.selection.left_out) | dict(report.achieved_left_out), "sees_all": report.sees_all,
        "as_of": report.as_of,
    }  # fmt: skip


def _line_json(line: RepLine) -> dict[str, Any]:
    return {
        "owner": line.owner, "name": line.name, "territory": line.territory,
        "versions": sorted({row.version for row in line.rows}), "quota": as_text(line.quota),
        "potential": as_text(line.potential), "potential_to_quota": _as_float(line.ratio), "is_within_10_percent": line.is_alike,
        "achieved": as_text(line.achieved), "attainment": _as_float(line.attainment),
    }  # fmt: skip


def _correlation_json(correlation: Correlation | None) -> dict[str, Any] | None:
    return None if correlation is None else asdict(correlation)


def _as_float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def as_text(value: Decimal | None) -> str | None:
    """Return money as the API writes it: exact, with its cents."""
    return None if value is None else f"{value:.2f}"
