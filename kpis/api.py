"""The metrics over HTTP: the same JSON as `manage.py metric KEY --json`, and the records behind each number."""

from collections.abc import Callable
from typing import Any, TypeVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from core.api.views import ApiResponseMixin, refuse_strange_parameters
from core.periods import PRESETS, BadPeriod, Period
from core.request_values import BadValue, read_int
from crm.api import record_views
from crm.readable import Reader
from funnel.api import HANDED_VIEWS
from kpis import drill, visibility
from kpis.compute import read_period
from kpis.grains import GRAINS
from kpis.mark_registry import KINDS, list_marks_of_result
from kpis.registry import BadCut, Metric, UnknownMetric, all_metrics, get_metric
from kpis.result import Result

Answer = TypeVar("Answer")
DEFAULT_LIMIT, MAX_LIMIT = 100, 1000
DAYS = [
    OpenApiParameter("from", OpenApiTypes.DATE, description="First day. Without dates: all records."),
    OpenApiParameter("to", OpenApiTypes.DATE, description="Last day, included."),
    OpenApiParameter(
        "period",
        OpenApiTypes.STR,
        enum=list(PRESETS),
        description="Instead of dates; years and quarters are fiscal ones.",
    ),
]
WHERE = OpenApiParameter(
    "where",
    OpenApiTypes.STR,
    many=True,
    description="Filter as `dimension:value`; can be repeated. `(blank)` means empty.",
)
BY = OpenApiParameter(
    "by", OpenApiTypes.STR, description="The dimension to break down by; `custom.<name>` for custom fields."
)
PAGE = [
    OpenApiParameter("table", OpenApiTypes.STR, description="The kind of record, if the metric counts several."),
    OpenApiParameter(
        "limit", OpenApiTypes.INT, description=f"Records on a page, {DEFAULT_LIMIT} by default, at most {MAX_LIMIT}."
    ),
    OpenApiParameter("offset", OpenApiTypes.INT, description="Number of records to skip."),
]


class DefinitionSerializer(serializers.Serializer[Any]):
    """What a metric means and what it can be cut by."""

    key = serializers.CharField()
    name = serializers.CharField()
    definition = serializers.CharField()
    formula = serializers.CharField()
    unit = serializers.ChoiceField(choices=["percent", "money", "days", "minutes", "count", "ratio"])
    per = serializers.CharField(allow_blank=True)
    better = serializers.ChoiceField(choices=["up", "down", ""])
    owner_side = serializers.ChoiceField(choices=["marketing", "sales", "joint"])
    section = serializers.CharField()
    matures_days = serializers.IntegerField(help_text="So long after a period the outcomes of its rows still come in.")
    default_cut = serializers.CharField(allow_blank=True)
    dimensions = serializers.DictField(child=serializers.CharField())
    models = serializers.DictField(
        child=serializers.CharField(), help_text="Attribution models: the values of the filter `model`."
    )


class SpreadSerializer(serializers.Serializer[Any]):
    q1 = serializers.FloatField()
    median = serializers.FloatField()
    q3 = serializers.FloatField()
    p90 = serializers.FloatField()
    mean = serializers.FloatField()
    min = serializers.FloatField(allow_null=True)
    max = serializers.FloatField(allow_null=True)


class FiguresSerializer(serializers.Serializer[Any]):
    value = serializers.FloatField(allow_null=True, help_text="A rate is a fraction; money is exact to the cent.")
    numerator = serializers.FloatField(allow_null=True)
    denominator = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField(help_text="How many records were counted.")
    low = serializers.FloatField(required=False, help_text="95 % interval (Wilson) of a share.")
    high = serializers.FloatField(required=False)
    quartiles = SpreadSerializer(required=False)


class PartSerializer(FiguresSerializer):
    label = serializers.CharField()  # type: ignore[assignment]
    key = serializers.CharField(help_text="The value for `where` that selects this part.")
    external_id = serializers.CharField(required=False)
    currency = serializers.CharField(required=False, allow_blank=True)


class MarkSerializer(serializers.Serializer[Any]):
    """Something that happened on a day of a trend."""

    day = serializers.DateField()
    key = serializers.CharField(help_text="The part that the day is in.")
    kind = serializers.ChoiceField(choices=[kind.key for kind in KINDS])
    label = serializers.CharField()  # type: ignore[assignment]
    link = serializers.CharField(allow_blank=True, help_text="The address of the page about it, on this host.")


class MetricSerializer(FiguresSerializer):
    """A metric in a period."""

    key = serializers.CharField()
    name = serializers.CharField()
    unit = serializers.CharField()
    currency = serializers.CharField(allow_blank=True)
    per = serializers.CharField(required=False)
    to = serializers.DateField(allow_null=True)
    period = serializers.CharField(help_text="The period in words: FY 2026, Q3 2025, or two dates.")
    as_of = serializers.DateTimeField(allow_null=True)
    warnings = serializers.ListField(child=serializers.CharField())
    where = serializers.DictField(child=serializers.CharField(), required=False)
    readable_only = serializers.BooleanField(
        required=False, help_text="True: counted only over the records that the reader may read, not the company's."
    )
    basis = serializers.CharField(required=False)
    model = serializers.CharField(required=False, help_text="The attribution model that the number is computed by.")
    gap = serializers.DictField(required=False, help_text="What the distance to the benchmark is worth.")
    by = serializers.CharField(required=False)
    parts = PartSerializer(many=True, required=False)
    marks = MarkSerializer(
        many=True, required=False, help_text="What happened in the period; cut by a unit of the calendar only."
    )

    def get_fields(self) -> dict[str, Any]:
        """Add `from`, which Python keeps for itself."""
        return super().get_fields() | {"from": serializers.DateField(allow_null=True)}


class RecordsSerializer(serializers.Serializer[Any]):
    """The records behind a number: `count` of its `n` may be seen by the reader."""

    table = serializers.CharField()
    tables = serializers.DictField(child=serializers.IntegerField(), help_text="Records of each kind in the number.")
    n = serializers.IntegerField()
    count = serializers.IntegerField()
    hidden = serializers.IntegerField()
    results = serializers.ListField(child=serializers.DictField())
    model = serializers.CharField(required=False, help_text="The attribution model of `credits`.")
    credits = serializers.DictField(
        child=serializers.FloatField(),
        required=False,
        help_text="By the id of a record in `results`: what of it counts. Only where records are divided over touches.",
    )


class MetricViewSet(ApiResponseMixin, ViewSet):
    """Every metric, for any period and cut, with the records behind it."""

    lookup_field = "key"
    lookup_value_converter = "slug"

    @extend_schema(operation_id="metrics_list", responses=DefinitionSerializer(many=True))
    def list(self, request: Request) -> Response:
        """List the metrics: what each means, its formula, and what it can be cut by."""
        refuse_strange_parameters(request, set())
        return Response([metric.as_json() for metric in all_metrics()])

    @extend_schema(operation_id="metrics_retrieve", parameters=[*DAYS, BY, WHERE], responses=MetricSerializer)
    def retrieve(self, request: Request, key: str) -> Response:
        """Answer what a metric is, whole or cut."""
        metric = metric_or_404(key)
        check_parameter_names(request, {"from", "to", "period", "by", "where"})
        by, where = request.query_params.get("by") or None, read_filters(request)
        user = request.user
        result = answer_or_400(
            lambda: visibility.compute_for(user, metric, read_asked_period(request), by=by, where=where)
        )
        return Response(result.as_json() | ({"marks": _list_marks(result, user)} if result.by in GRAINS else {}))

    @extend_schema(operation_id="metrics_records", parameters=[*DAYS, WHERE, *PAGE], responses=RecordsSerializer)
    @action(detail=True)
    def records(self, request: Request, key: str) -> Response:
        """List the records that were counted, the latest first, as far as the reader may see them."""
        metric = metric_or_404(key)
        check_parameter_names(request, {"from", "to", "period", "where", "table", "limit", "offset"})
        where, table = read_filters(request), request.query_params.get("table") or None
        limit, offset = (
            read_whole_number(request, "limit", DEFAULT_LIMIT, 1, MAX_LIMIT),
            read_whole_number(request, "offset", 0, 0, 10**12),
        )
        drilled = answer_or_400(
            lambda: drill.find_records(metric, read_asked_period(request), user=request.user, where=where, table=table)
        )
        view = (record_views() | HANDED_VIEWS)[drilled.table]
        rows = drilled.page(offset, offset + limit)
        results = view.serializer_class(rows, many=True, context={"request": request}).data  # type: ignore[misc]
        return Response(
            {
                "table": drilled.table,
                "tables": dict(drilled.tables),
                "n": drilled.n,
                "count": drilled.visible_count,
                "hidden": drilled.hidden,
                "results": results,
                **_list_credits(drilled, rows),
            }
        )


def _list_credits(drilled: drill.Drill, rows: list[Any]) -> dict[str, Any]:
    if drilled.credits is None:
        return {}
    values = {str(row.pk): float(drilled.credits.get(row.pk, 0)) for row in rows}
    return {"model": drilled.result.model, "credits": values}


def _list_marks(result: Result, reader: Reader) -> list[dict[str, Any]]:
    return [
        {"day": mark.day, "key": key, "kind": mark.kind.key, "label": mark.label, "link": mark.link}
        for key, mark in list_marks_of_result(result, reader)
    ]


def metric_or_404(key: str) -> Metric:
    try:
        return get_metric(key)
    except UnknownMetric as error:
        raise NotFound(str(error)) from None


def answer_or_400(question: Callable[[], Answer]) -> Answer:
    """Ask, and turn what cannot be asked into an answer of 400 that says what can."""
    try:
        return question()
    except (BadCut, BadPeriod) as error:
        raise ValidationError(str(error)) from None


def check_parameter_names(request: Request, allowed: set[str]) -> None:
    strange = sorted(set(request.query_params) - allowed)
    if strange:
        message = f"This parameter does not exist. Use one of: {', '.join(sorted(allowed))}."
        raise ValidationError(dict.fromkeys(strange, message))


def read_asked_period(request: Request) -> Period:
    query = request.query_params
    return read_period(query.get("from"), query.get("to"), query.get("period"))


def read_filters(request: Request) -> dict[str, str]:
    """Read every `where=dimension:value`."""
    filters: dict[str, str] = {}
    for text in request.query_params.getlist("where"):
        name, colon, value = text.partition(":")
        if not colon or name in filters:
            raise ValidationError({"where": "Write each filter once, as dimension:value."})
        filters[name] = value
    return filters


def read_whole_number(request: Request, name: str, default: int, least: int, most: int) -> int:
    text = request.query_params.get(name)
    try:
        value = default if text is None else read_int(text, least=least, most=most)
    except BadValue as error:
        raise ValidationError({name: str(error)}) from None
    if value is None:
        raise ValidationError({name: f"Give a whole number from {least} to {most}."})
    return value
