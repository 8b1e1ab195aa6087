"""Market to cash over HTTP: the identity of all and of every customer, the steps, and the records that are stuck."""

from typing import Any, cast

from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from core.api.views import ApiResponseMixin
from facts.engine import open_facts
from kpis.api import (
    DAYS,
    DEFAULT_LIMIT,
    MAX_LIMIT,
    WHERE,
    answer_or_400,
    check_parameter_names,
    read_asked_period,
    read_filters,
    read_whole_number,
)
from kpis.cash.lists import LISTS
from kpis.cash.reading import Cash, CashQuestion, read_cash, read_list
from team.models import Company, User

QUESTION = {"from", "to", "period", "where"}
PAGE = [
    OpenApiParameter("limit", OpenApiTypes.INT, description=f"Rows on a page, {DEFAULT_LIMIT} by default, at most {MAX_LIMIT}."),
    OpenApiParameter("offset", OpenApiTypes.INT, description="Number of rows to skip."),
]  # fmt: skip


class IdentitySerializer(serializers.Serializer[Any]):
    """won = invoiced + not_yet_due + stalled + short − over, to the cent."""

    deals = serializers.IntegerField()
    won = serializers.DecimalField(18, 2)
    invoiced = serializers.DecimalField(18, 2)
    not_yet_due = serializers.DecimalField(18, 2)
    stalled = serializers.DecimalField(18, 2, help_text="Won but not invoiced after the days to invoice.")
    short = serializers.DecimalField(18, 2)
    over = serializers.DecimalField(18, 2)


class CustomerIdentitySerializer(IdentitySerializer):
    account = serializers.IntegerField(source="account_id", allow_null=True)


class CustomersSerializer(serializers.Serializer[Any]):
    """The customers, the most money that does not match first."""

    count = serializers.IntegerField()
    currency = serializers.CharField(allow_blank=True)
    results = CustomerIdentitySerializer(many=True)


class CashStepSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    deals = serializers.IntegerField(help_text="Won deals that know both ends, in this order.")
    days = serializers.FloatField(allow_null=True, help_text="The median of calendar days.")
    waiting = serializers.CharField(source="list_key", allow_blank=True, help_text="The list of what waits there.")


class StuckListSerializer(serializers.Serializer[Any]):
    key = serializers.ChoiceField(choices=list(LISTS))
    count = serializers.IntegerField()
    money = serializers.DecimalField(18, 2)
    days = serializers.FloatField(allow_null=True, help_text="The median of the days waited.")


class CashTermsSerializer(serializers.Serializer[Any]):
    """The days that the company has set."""

    invoice_within_days = serializers.IntegerField()
    payment_term_days = serializers.IntegerField()
    live_within_days = serializers.IntegerField()


class CashSerializer(serializers.Serializer[Any]):
    """What became of the deals won and the invoices issued in the period."""

    currency = serializers.CharField(allow_blank=True)
    as_of = serializers.DateTimeField(allow_null=True)
    terms = CashTermsSerializer()
    total = IdentitySerializer()
    steps = CashStepSerializer(many=True)
    lists = StuckListSerializer(many=True)
    left_out = serializers.DictField(child=serializers.IntegerField(), help_text="Deals by currency without a rate.")
    not_compared = serializers.IntegerField(help_text="Won deals that lack what a comparison needs.")


class StuckRecordSerializer(serializers.Serializer[Any]):
    record = serializers.IntegerField(source="record_id", help_text="The id of the deal or invoice.")
    money = serializers.DecimalField(18, 2)
    days = serializers.IntegerField(allow_null=True)
    difference = serializers.DecimalField(18, 2, help_text="Invoiced − won, of a deal.")


class StuckRecordsSerializer(serializers.Serializer[Any]):
    """The records of a list, the most money first."""

    count = serializers.IntegerField()
    table = serializers.ChoiceField(choices=["opportunities", "invoices"])
    currency = serializers.CharField(allow_blank=True)
    results = StuckRecordSerializer(many=True)


class CashViewSet(ApiResponseMixin, ViewSet):
    """From the first touch to the payment and adoption: what was won against what was invoiced, paid and brought live."""

    @extend_schema(
        operation_id="cash", parameters=[*DAYS, WHERE], responses=forced_singular_serializer(CashSerializer)
    )  # fmt: skip
    def list(self, request: Request) -> Response:
        """Answer what became of the money won, how long each step takes, and what is stuck."""
        check_parameter_names(request, QUESTION)
        _, cash = _read(request)
        company = Company.get()
        answer = {
            "currency": cash.currency, "as_of": open_facts().as_of, "terms": company, "total": cash.total, "steps": cash.steps,
            "lists": [*cash.lists.values()], "left_out": dict(cash.left_out), "not_compared": cash.not_compared,
        }  # fmt: skip
        return Response(CashSerializer(answer).data)

    @extend_schema(
        operation_id="cash_customers", parameters=[*DAYS, WHERE, *PAGE],
        responses=forced_singular_serializer(CustomersSerializer),
    )  # fmt: skip
    @action(detail=False)
    def customers(self, request: Request) -> Response:
        """List the customers, each with what became of the money won."""
        check_parameter_names(request, {*QUESTION, "limit", "offset"})
        limit, offset = _read_page(request)
        _, cash = _read(request)
        answer = {
            "count": len(cash.customers), "currency": cash.currency, "results": cash.customers[offset : offset + limit],
        }  # fmt: skip
        return Response(CustomersSerializer(answer).data)

    @extend_schema(
        operation_id="cash_records",
        parameters=[
            *DAYS, WHERE, *PAGE,
            OpenApiParameter("list", OpenApiTypes.STR, enum=[*LISTS], required=True, description="Which list."),
        ],
        responses=forced_singular_serializer(StuckRecordsSerializer),
    )  # fmt: skip
    @action(detail=False)
    def records(self, request: Request) -> Response:
        """List the deals or invoices that wait at a step, or that do not match."""
        check_parameter_names(request, {*QUESTION, "list", "limit", "offset"})
        if (key := request.query_params.get("list", "")) not in LISTS:
            raise ValidationError({"list": f"Use one of: {', '.join(LISTS)}."})
        limit, offset = _read_page(request)
        question, cash = _read(request)
        rows = read_list(cast(User, request.user), question, key, cash.currency, open_facts())
        answer = {
            "count": len(rows), "table": LISTS[key].table, "currency": cash.currency, "results": rows[offset : offset + limit],
        }  # fmt: skip
        return Response(StuckRecordsSerializer(answer).data)


def _read(request: Request) -> tuple[CashQuestion, Cash]:
    period = answer_or_400(lambda: read_asked_period(request))
    question = CashQuestion(period, read_filters(request))
    return question, answer_or_400(lambda: read_cash(cast(User, request.user), question, open_facts()))


def _read_page(request: Request) -> tuple[int, int]:
    limit = read_whole_number(request, "limit", DEFAULT_LIMIT, 1, MAX_LIMIT)
    return limit, read_whole_number(request, "offset", 0, 0, 10**12)
