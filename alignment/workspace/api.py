"""The dimensions of alignment over HTTP."""

from typing import Any, cast

from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from alignment.workspace.dimensions import STATES
from alignment.workspace.queries import read_workspace
from core.api.views import ApiResponseMixin, refuse_strange_parameters
from team.models import User


class AgreedDimensionSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    name = serializers.CharField()
    state = serializers.ChoiceField(choices=STATES)
    kinds = serializers.ListField(child=serializers.CharField(), help_text="The kinds of agreement that belong to it.")
    agreements = serializers.ListField(child=serializers.IntegerField())
    in_force = serializers.IntegerField(help_text="How many agreements bind.")
    next_review = serializers.DateField(allow_null=True)


class WorkspaceSerializer(serializers.Serializer[Any]):
    dimensions = AgreedDimensionSerializer(many=True)
    awaiting_your_signature = serializers.ListField(child=serializers.IntegerField(), help_text="Versions.")


class WorkspaceViewSet(ApiResponseMixin, ViewSet):
    """What both sides have agreed, by dimension."""

    @extend_schema(
        operation_id="alignment_dimensions_retrieve", responses=forced_singular_serializer(WorkspaceSerializer)
    )
    def list(self, request: Request) -> Response:
        """Every dimension as agreed, stale, disputed or missing, and the versions that wait for your signature."""
        refuse_strange_parameters(request, set())
        workspace = read_workspace(cast(User, request.user))
        dimensions = [
            {
                "key": row.dimension.key,
                "name": row.dimension.name,
                "state": row.state,
                "kinds": row.dimension.kinds,
                "agreements": [agreement_row.agreement.pk for agreement_row in row.rows],
                "in_force": row.binding_count,
                "next_review": row.next_review,
            }
            for row in workspace.dimensions
        ]
        return Response(
            {"dimensions": dimensions, "awaiting_your_signature": [version.pk for version in workspace.awaiting]}
        )
