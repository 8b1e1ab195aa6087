"""Opportunities spotted by people who meet customers, over HTTP; they go to the owner of the buyer."""

from typing import Any, cast

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import Whole, Words, errors_as_responses, read_body
from crm.api.serializers import serializer_for
from crm.api.views import view_for
from crm.models import Account, Lead
from crm.registry import find_kind
from funnel.buyers.actions import spot_opportunity
from team.models import User

KIND = find_kind("enquiry")
EnquirySerializer: Any = serializer_for(KIND)


class SpottedSerializer(serializers.Serializer[Any]):
    """What a buyer (one lead or one account) needs, who said it, and by when it is wanted."""

    lead = Whole(min_value=1, max_value=2**63 - 1, required=False)
    account = Whole(min_value=1, max_value=2**63 - 1, required=False)
    need = Words(max_length=500)
    person = Words(max_length=120, required=False, allow_blank=True)
    when = serializers.DateField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("lead" in attrs) == ("account" in attrs):
            raise serializers.ValidationError("Name one lead or one account.")
        return attrs


class EnquiryView(view_for(KIND)):  # type: ignore[misc]
    @extend_schema(request=SpottedSerializer, responses={201: EnquirySerializer})
    def create(self, request: Request) -> Response:
        """Raise an opportunity that one heard of; the buyer's owner is notified."""
        entered, user = read_body(SpottedSerializer, request.data), cast(User, request.user)
        model, pk = (Lead, entered.pop("lead")) if "lead" in entered else (Account, entered.pop("account"))
        buyer = cast(Lead | Account, get_object_or_404(model.objects.visible_to(user), pk=pk))
        with errors_as_responses():
            made = spot_opportunity(by=user, buyer=buyer, **entered)
        return Response(EnquirySerializer(made).data, status=status.HTTP_201_CREATED)
