"""The alignment index over HTTP, for those who read the results of rounds."""

from typing import Any

from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from alignment.index.models import IndexSnapshot
from alignment.index.queries import History, read_history
from alignment.index.rules import ARRIVED, LEFT, MOVED, Part
from alignment.index.sentences import headline
from core.api.views import ApiResponseMixin, refuse_strange_parameters
from team.access import has_right


class IndexInputSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    name = serializers.CharField()
    score = serializers.FloatField(allow_null=True, help_text="0 to 100; null where it is missing, which is not 0.")
    detail = serializers.CharField(help_text="What the score was made of, or what is missing.")


class IndexPartSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    name = serializers.CharField()
    score = serializers.FloatField(allow_null=True, help_text="The mean of the inputs that have a score.")
    basis = serializers.CharField(help_text="What it was read from or, without a score, what is missing.")
    inputs = IndexInputSerializer(many=True)


class IndexPointSerializer(serializers.Serializer[Any]):
    """The index at the end of a month, or the newest of the running one."""

    day = serializers.DateField()
    score = serializers.FloatField(allow_null=True, help_text="The mean of the parts; null with fewer than two.")
    is_reconstructed = serializers.BooleanField(help_text="Computed later, from the dates of records.")
    parts = IndexPartSerializer(many=True)


class IndexContributionSerializer(serializers.Serializer[Any]):
    part = serializers.CharField()
    kind = serializers.ChoiceField(
        choices=[MOVED, ARRIVED, LEFT], help_text="Whether both days have the part, or only one."
    )
    before = serializers.FloatField(allow_null=True)
    after = serializers.FloatField(allow_null=True)
    points = serializers.FloatField(help_text="Points of the index; together they are `change`.")


class AlignmentIndexSerializer(serializers.Serializer[Any]):
    score = serializers.FloatField(allow_null=True, help_text="0 to 100; null with fewer than two parts.")
    formula = serializers.CharField(allow_blank=True)
    sentence = serializers.CharField()
    missing = serializers.ListField(child=serializers.CharField(), help_text="Parts that are not counted.")
    change = serializers.FloatField(allow_null=True, help_text="Since the last point before the newest.")
    contributions = IndexContributionSerializer(many=True)
    points = IndexPointSerializer(many=True)


class IndexViewSet(ApiResponseMixin, ViewSet):
    """How far the two sides work together, from 0 to 100."""

    @extend_schema(
        operation_id="alignment_index_retrieve", responses=forced_singular_serializer(AlignmentIndexSerializer)
    )
    def list(self, request: Request) -> Response:
        """Return the index, its parts and inputs by month, and what moved it."""
        refuse_strange_parameters(request, set())
        if not has_right(request.user, "read_rounds"):
            raise PermissionDenied(
                "You cannot read the alignment index. Only the CEO, CFO, CMO, CRO and signatories can."
            )
        return Response(_history_json(read_history()))


def _history_json(history: History) -> dict[str, Any]:
    index = history.index
    return {
        "score": _number(index.score if index else None),
        "formula": index.formula if index else "",
        "sentence": headline(history),
        "missing": [part.key for part in index.missing] if index else [],
        "change": _number(history.change),
        "contributions": [
            {
                "part": row.key,
                "kind": row.kind,
                "before": _number(row.before),
                "after": _number(row.after),
                "points": _number(row.points),
            }
            for row in history.contributions
        ],
        "points": [_point_json(point) for point in history.points],
    }


def _point_json(point: IndexSnapshot) -> dict[str, Any]:
    return {
        "day": point.local_day,
        "score": _number(point.score),
        "is_reconstructed": point.is_reconstructed,
        "parts": [_part_json(part) for part in point.index.parts],
    }


def _part_json(part: Part) -> dict[str, Any]:
    inputs = [
        {"key": row.key, "name": row.label, "score": _number(row.score), "detail": row.detail} for row in part.inputs
    ]
    return {"key": part.key, "name": part.label, "score": _number(part.score), "basis": part.source, "inputs": inputs}


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
