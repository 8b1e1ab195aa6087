"""The accountability matrix over HTTP; it is proposed and signed as the agreement that it is, under `versions/`."""

from typing import Any, cast

from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from alignment.matrix.forms import ROLES
from alignment.matrix.queries import Line, read_matrix
from alignment.matrix.rules import LETTERS
from core.api.views import ApiResponseMixin, refuse_strange_parameters
from team.models import User


class MatrixRowSerializer(serializers.Serializer[Any]):
    """A stage or a recurring decision, with the letter of each role and the metric of the accountable one."""

    name = serializers.CharField()
    stage = serializers.CharField(allow_blank=True, help_text="The key of the stage; empty for a decision.")
    cells = serializers.DictField(child=serializers.ChoiceField(choices=list(LETTERS)), help_text="Letter by role.")
    accountable = serializers.ChoiceField(choices=list(ROLES), help_text="The role that answers for the row.")
    metric = serializers.CharField()
    value = serializers.FloatField(allow_null=True, help_text="This fiscal year; null where you may not see it.")
    currency = serializers.CharField(allow_blank=True)


class MatrixSerializer(serializers.Serializer[Any]):
    agreement = serializers.IntegerField(allow_null=True)
    version = serializers.IntegerField(allow_null=True, help_text="The active version; null where none is.")
    in_force_since = serializers.DateTimeField(allow_null=True)
    waiting_version = serializers.IntegerField(allow_null=True)
    missing_stages = serializers.ListField(child=serializers.CharField())
    as_of = serializers.DateTimeField(allow_null=True, help_text="Up to when the values know the records.")
    rows = MatrixRowSerializer(many=True)


class MatrixViewSet(ApiResponseMixin, ViewSet):
    """Who is accountable, responsible, consulted and informed."""

    @extend_schema(
        operation_id="accountability_matrix_retrieve", responses=forced_singular_serializer(MatrixSerializer)
    )
    def list(self, request: Request) -> Response:
        """Return the active matrix with the value of each metric."""
        refuse_strange_parameters(request, set())
        matrix = read_matrix(cast(User, request.user), waits=False)
        return Response(
            {
                "agreement": matrix.agreement.pk if matrix.agreement else None,
                "version": matrix.version.pk if matrix.version else None,
                "in_force_since": matrix.version.in_force_at if matrix.version else None,
                "waiting_version": matrix.waiting.pk if matrix.waiting else None,
                "missing_stages": matrix.missing_stages,
                "as_of": matrix.as_of,
                "rows": [_row_json(line) for line in matrix.lines],
            }
        )


def _row_json(line: Line) -> dict[str, Any]:
    value = line.value.number if line.value else None
    return {
        **line.row.as_json(),
        "accountable": line.row.accountable,
        "value": None if value is None else float(value),
        "currency": line.value.result.currency if line.value and value is not None else "",
    }
