"""Uses of content over HTTP: what served with a lead, and why something did not."""

from typing import Any, cast

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import Whole, Words, errors_as_responses, read_body
from crm.api.serializers import serializer_for
from crm.api.views import view_for
from crm.models import ContentAsset, Lead
from crm.registry import find_kind
from funnel.buyers.actions import note_use
from team.models import User

KIND = find_kind("content_use")
ContentUseSerializer: Any = serializer_for(KIND)


class NewContentUseSerializer(serializers.Serializer[Any]):
    """An asset was used with a lead just now; with `reason_unused` it was not, and why."""

    lead = Whole(min_value=1, max_value=2**63 - 1)
    asset = Whole(min_value=1, max_value=2**63 - 1)
    reason_unused = Words(max_length=255, required=False, allow_blank=True)


class ContentUseView(view_for(KIND)):  # type: ignore[misc]
    @extend_schema(request=NewContentUseSerializer, responses={201: ContentUseSerializer})
    def create(self, request: Request) -> Response:
        """Say that an asset was used with a lead, or why it was not."""
        entered, user = read_body(NewContentUseSerializer, request.data), cast(User, request.user)
        lead = get_object_or_404(Lead.objects.visible_to(user), pk=entered["lead"])
        asset = get_object_or_404(ContentAsset.objects.visible_to(user), pk=entered["asset"])
        with errors_as_responses():
            made = note_use(by=user, lead=lead, asset=asset, reason_unused=entered.get("reason_unused", ""))
        return Response(ContentUseSerializer(made).data, status=status.HTTP_201_CREATED)
