"""The learned model over HTTP."""

from typing import Any, cast

from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from core.api.fields import errors_as_responses
from core.api.views import ApiResponseMixin, refuse_strange_parameters
from core.request_values import read_id
from core.tasks import enqueue
from facts.engine import open_facts
from scoring.learned.page import Page, page_to_json
from scoring.learned.scope import is_known
from scoring.learned.work import request_learning
from scoring.models import Learning
from scoring.permissions import LEARN_SCORES
from team.access import has_right
from team.models import User


class AskSerializer(serializers.Serializer[Any]):
    """Which leads, and which suspects are used anyway."""

    source = serializers.CharField(required=False, allow_blank=True, default="", max_length=60)  # type: ignore[assignment]  # fields have a source too
    put_back = serializers.ListField(
        child=serializers.CharField(max_length=500), required=False, default=list, max_length=200
    )


class LearnedSerializer(serializers.Serializer[Any]):
    """A learned model. `result` is null until it is learned; its evidence is that of the leads held out."""

    id = serializers.IntegerField(allow_null=True)
    state = serializers.ChoiceField(choices=["none", "queued", "running", "done", "failed", "cancelled"])
    doing = serializers.CharField(allow_blank=True)
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment]  # fields have a source too
    as_of = serializers.DateTimeField(allow_null=True)
    verdict = serializers.DictField(allow_null=True)
    result = serializers.DictField(allow_null=True)
    draft = serializers.DictField(allow_null=True)
    choices = serializers.ListField(child=serializers.DictField())


class LearnedViewSet(ApiResponseMixin, ViewSet):
    """A score model learned from what became of the leads, proven on those held out."""

    @extend_schema(
        operation_id="score_models_learned", responses=forced_singular_serializer(LearnedSerializer),
        parameters=[OpenApiParameter("run", OpenApiTypes.INT, description="Its id. Default: the newest.")],
    )  # fmt: skip
    def list(self, request: Request) -> Response:
        """Answer what was learned, and what there is to learn from."""
        if not has_right(request.user, "see_scores"):
            raise PermissionDenied("You do not have permission to see scores.")
        refuse_strange_parameters(request, {"run"})
        run = request.query_params.get("run", "")
        if run and not Learning.objects.filter(pk=read_id(run) or 0).exists():
            raise NotFound("This learned model does not exist.")
        return Response(page_to_json(Page(request.query_params, cast(User, request.user))))

    @extend_schema(operation_id="score_models_learn", request=AskSerializer, responses={202: LearnedSerializer})
    def create(self, request: Request) -> Response:
        """Have a model learned in the worker; while one of these leads is under way, that one is answered."""
        with errors_as_responses():
            LEARN_SCORES.require(cast(User, request.user))
        given = AskSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        source = given.validated_data["source"]
        if not is_known(open_facts(), source):
            raise serializers.ValidationError({"source": ["No leads of that system were copied to the facts yet."]})
        row = request_learning(by=cast(User, request.user), source=source, put_back=given.validated_data["put_back"])
        enqueue(row)
        return Response(
            page_to_json(Page({"run": str(row.pk)}, cast(User, request.user))), status=status.HTTP_202_ACCEPTED
        )
