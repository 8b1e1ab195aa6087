"""Does the score work, over HTTP."""

from typing import Any, cast

from django.http import Http404
from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from agreements.models import Agreement
from core.api.views import ApiResponseMixin, refuse_strange_parameters
from scoring.definitions import SCORE
from scoring.proof.page import Page, parse_question
from team.access import has_right
from team.models import User

PARAMETERS = [
    OpenApiParameter(
        "version", OpenApiTypes.INT, description="Number of the version. Default: the active one, else the newest."
    ),
    OpenApiParameter(
        "by", OpenApiTypes.STR, description="Break down the leads by `source`, `campaign`, `custom.<name>` …"
    ),
    OpenApiParameter("is", OpenApiTypes.STR, description="Only leads of this value of `by`."),
]


class ProofSerializer(serializers.Serializer[Any]):
    """What speaks for a version and against it. `evidence` is null while the proof is being made, or cannot be."""

    version = serializers.IntegerField()
    state = serializers.ChoiceField(choices=["made", "making", "failed", "none"])
    doing = serializers.CharField(allow_blank=True)
    as_of = serializers.DateTimeField(allow_null=True)
    verdict = serializers.DictField(allow_null=True, help_text="kind, sentence, and what must be known with it")
    evidence = serializers.DictField(allow_null=True, help_text="Rates are fractions, money is in `currency`.")
    by = serializers.CharField()
    segments = serializers.ListField(child=serializers.DictField())
    suspects = serializers.ListField(child=serializers.DictField())


class ProofViewSet(ApiResponseMixin, ViewSet):
    """Whether a score model works, by the leads that Sales was given."""

    @extend_schema(
        operation_id="score_models_proof", parameters=PARAMETERS, responses=forced_singular_serializer(ProofSerializer)
    )
    def list(self, request: Request, key: str) -> Response:
        """Answer the proof of a version by the newest facts; asking for one that was never made has it made."""
        if not has_right(request.user, "see_scores"):
            raise PermissionDenied("You do not have permission to see scores.")
        refuse_strange_parameters(request, {"version", "by", "is"})
        user = cast(User, request.user)
        agreement = Agreement.objects.visible_to(user).filter(kind=SCORE, key=key).first()
        if agreement is None:
            raise NotFound("This score model does not exist.")
        try:
            page = Page(parse_question(request.query_params, agreement, user))
        except Http404 as error:
            raise NotFound(str(error)) from None
        return Response(page_to_json(page))


def page_to_json(page: Page) -> dict[str, Any]:
    finished, pending = page.status.finished, page.status.pending
    state = pending.state if pending else "made" if finished else "none"
    return {
        "version": page.version.number,
        "state": state if state in {"made", "none", "failed"} else "making",
        "doing": (pending.last_error or pending.doing) if pending else "",
        "as_of": finished.as_of if finished else None,
        "verdict": {"kind": page.verdict.kind, "sentence": page.verdict.sentence, "more": page.verdict.more}
        if page.verdict else None,
        "evidence": _evidence_to_json(page),
        "by": page.by,
        "segments": [
            {**part.segment.__dict__, "rate": part.segment.rate, "interval": part.segment.interval} for part in page.parts
        ],
        "suspects": page.suspects,
    }  # fmt: skip


def _evidence_to_json(page: Page) -> dict[str, Any] | None:
    if page.evidence is None:
        return None
    evidence = page.evidence.as_json()
    bands = [
        {**band.__dict__, "rate": band.rate, "interval": band.interval, "lift": band.lift}
        for band in page.evidence.bands
    ]
    return {**evidence, "bands": bands}
