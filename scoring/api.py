"""Score models over HTTP: what is active, in words too, and what a threshold would mean."""

from typing import Any, cast

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from core.api.views import ApiResponseMixin, refuse_strange_parameters
from facts.rules import parse_number
from scoring.descriptions import terms_in_words
from scoring.impact import compute_consequences, consequences_to_evidence, describe_consequences, meaning_to_json
from scoring.model_list import Line, model_agreements, model_lines
from scoring.terms import MQL
from team.access import has_right
from team.models import User

PREVIEW = [
    OpenApiParameter(
        "threshold", OpenApiTypes.FLOAT, required=True, description="The threshold to evaluate, in points."
    )
]


class ScoreModelSerializer(serializers.Serializer[Any]):
    """A score model. Figures are those of the active version, else of the one that waits."""

    key = serializers.CharField()
    title = serializers.CharField()
    state = serializers.CharField(help_text="in_force, or the state of the version that waits")
    version = serializers.IntegerField(allow_null=True)
    door = serializers.CharField(help_text="mql or pql")
    threshold = serializers.FloatField(allow_null=True)
    in_force_since = serializers.DateTimeField(allow_null=True)
    signed_by = serializers.DictField(child=serializers.CharField(), help_text="Name by side.")
    waiting_version = serializers.IntegerField(allow_null=True)
    scored = serializers.IntegerField(help_text="Leads that have a score.")
    over = serializers.IntegerField(allow_null=True, help_text="Leads over the threshold; null while not counted.")


class ScoreModelTermsSerializer(ScoreModelSerializer):
    """One model with its terms, for the machine and in words."""

    terms = serializers.DictField()
    words = serializers.ListField(child=serializers.CharField())


class PreviewSerializer(serializers.Serializer[Any]):
    """What a threshold would mean beside the active version; `state` is `making` until the worker has looked at all leads."""

    state = serializers.ChoiceField(choices=["made", "making", "none"])
    sentence = serializers.CharField()
    as_of = serializers.DateTimeField(allow_null=True)
    proposed = serializers.DictField(
        allow_null=True, help_text="Weeks, forecast, precision, recall, revenue; rates are fractions."
    )
    in_force = serializers.DictField(allow_null=True)
    capacity_a_week = serializers.FloatField(allow_null=True)
    coming = serializers.IntegerField(allow_null=True)
    going = serializers.IntegerField(allow_null=True)
    bands = serializers.ListField(child=serializers.DictField())


class ScoreModelViewSet(ApiResponseMixin, ViewSet):
    """The score models that both sides sign; they are proposed as agreements of the kind `score`."""

    lookup_url_kwarg = "key"
    lookup_value_converter = "str"

    @extend_schema(operation_id="score_models_list", responses=ScoreModelSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Every model. There are few; the list is not paged."""
        _require_reader(request)
        refuse_strange_parameters(request, set())
        return Response([_line_to_json(line) for line in model_lines(model_agreements(cast(User, request.user)))])

    @extend_schema(operation_id="score_models_retrieve", responses=ScoreModelTermsSerializer)
    def retrieve(self, request: Request, key: str) -> Response:
        """One model with its terms in words."""
        _require_reader(request)
        refuse_strange_parameters(request, set())
        line = _get_line(request, key)
        terms = line.shown.terms if line.shown else {}
        return Response({**_line_to_json(line), "terms": terms, "words": terms_in_words(terms) if terms else []})


class PreviewViewSet(ApiResponseMixin, ViewSet):
    """What another threshold of a model would mean, on all leads."""

    @extend_schema(operation_id="score_models_preview", parameters=PREVIEW, responses=PreviewSerializer)
    def list(self, request: Request, key: str) -> Response:
        """Answer for one threshold; nothing is kept."""
        _require_reader(request)
        refuse_strange_parameters(request, {"threshold"})
        line, threshold = _get_line(request, key), parse_number(request.query_params.get("threshold", ""))
        if threshold is None or abs(threshold) > 10_000:
            raise ValidationError({"threshold": ["Give a number of points from −10,000 to 10,000."]})
        if line.shown is None:
            raise NotFound("This model has no version.")
        impact = compute_consequences(
            {**line.shown.terms, "threshold": float(threshold)}, line.binding.terms if line.binding else None
        )
        figures = consequences_to_evidence(impact)
        return Response(
            {
                "state": "made" if impact.after and not impact.work else "making" if impact.work else "none",
                "sentence": describe_consequences(impact),
                "as_of": impact.as_of,
                "proposed": meaning_to_json(impact.after.meaning) if impact.after else None,
                "in_force": meaning_to_json(impact.before.meaning) if impact.before else None,
                **{name: figures.get(name) for name in ("capacity_a_week", "coming", "going")},
                "bands": [
                    {
                        "low": band.low,
                        "high": band.high,
                        "n": band.n,
                        "won": band.won,
                        "rate": band.rate,
                        "revenue": band.revenue,
                    }
                    for band in impact.bands_down
                ],
            }
        )


def _require_reader(request: Request) -> None:
    if not has_right(request.user, "see_scores"):
        raise PermissionDenied("You do not have permission to see scores.")


def _get_line(request: Request, key: str) -> Line:
    matches = model_lines(model_agreements(cast(User, request.user)).filter(key=key))
    if not matches:
        raise NotFound("This score model does not exist.")
    return matches[0]


def _line_to_json(line: Line) -> dict[str, Any]:
    signatures = line.binding.signatures.all() if line.binding else []
    return {
        "key": line.agreement.key,
        "title": line.agreement.title,
        "state": line.shown.state if line.shown else "missing",
        "version": line.shown.number if line.shown else None,
        "door": line.shown.terms.get("door", MQL) if line.shown else MQL,
        "threshold": line.threshold,
        "in_force_since": line.binding.in_force_at if line.binding else None,
        "signed_by": {signature.side: str(signature.signed_by) for signature in signatures},
        "waiting_version": line.waiting.number if line.waiting else None,
        "scored": line.scored,
        "over": line.over,
    }
