"""Working hours over HTTP: read by everyone, kept by ops."""

from typing import Any, cast

from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import Terms, Whole, Words, errors_as_responses, read_body
from core.api.views import ReadOnly
from team.calendars.actions import remove_calendar, save_calendar
from team.models import Calendar, Company, Territory, User

FIELDS = ("name", "week", "time_zone", "country", "region", "closed_days")


class CalendarSerializer(serializers.ModelSerializer[Calendar]):
    week = Terms(read_only=True)
    closed_days = serializers.ListField(child=serializers.DateField(), read_only=True)
    is_company = serializers.SerializerMethodField()

    class Meta:
        model = Calendar
        fields = ("id", *FIELDS, "is_company", "territories", "people")
        read_only_fields = ("territories", "people")

    def get_is_company(self, calendar: Calendar) -> bool:
        return Company.get().calendar_id == calendar.pk


class NewCalendarSerializer(serializers.Serializer[Any]):
    """A calendar and whom it binds. `week` holds spans by weekday, Monday being 0: {"0": [["09:00", "17:00"]]}."""

    name = Words(max_length=120)
    week = Terms()
    time_zone = Words(max_length=64, required=False, allow_blank=True)
    country = Words(max_length=2, required=False, allow_blank=True)
    region = Words(max_length=10, required=False, allow_blank=True)
    closed_days = serializers.ListField(child=serializers.DateField(), required=False, max_length=1000)
    is_company = serializers.BooleanField(required=False)
    territories = serializers.ListField(child=Whole(min_value=1, max_value=2**63 - 1), required=False, max_length=1000)
    people = serializers.ListField(child=Whole(min_value=1, max_value=2**63 - 1), required=False, max_length=1000)


class CalendarView(ReadOnly):
    queryset = Calendar.objects.prefetch_related("territories", "people")
    serializer_class = CalendarSerializer
    ordering_fields = ("name",)

    @extend_schema(request=NewCalendarSerializer, responses={201: CalendarSerializer})
    def create(self, request: Request) -> Response:
        """Add a calendar, and say whom it binds."""
        return self._save_calendar(request, Calendar(), status.HTTP_201_CREATED)

    @extend_schema(request=NewCalendarSerializer, responses=CalendarSerializer)
    def update(self, request: Request, pk: int) -> Response:
        """Change a calendar as a whole; clocks that run keep their deadlines."""
        return self._save_calendar(request, get_object_or_404(Calendar, pk=pk))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: int) -> Response:
        """Remove a calendar; whom it bound goes by the next one that does."""
        with errors_as_responses():
            remove_calendar(by=cast(User, request.user), calendar=get_object_or_404(Calendar, pk=pk))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _save_calendar(self, request: Request, calendar: Calendar, code: int = status.HTTP_200_OK) -> Response:
        entered = read_body(NewCalendarSerializer, request.data)
        for name in FIELDS:
            setattr(calendar, name, entered.get(name, "" if name != "closed_days" else []))
        calendar.closed_days = [day.isoformat() for day in calendar.closed_days]
        with errors_as_responses():
            saved = save_calendar(
                by=cast(User, request.user), calendar=calendar, is_company=entered.get("is_company", False),
                territories=_all_of(Territory, entered.get("territories", ())), people=_all_of(User, entered.get("people", ())),
            )  # fmt: skip
        return Response(CalendarSerializer(saved).data, status=code)


def _all_of(model: Any, ids: Any) -> list[Any]:
    rows = list(model.objects.filter(pk__in=set(ids)))
    if len(rows) < len(set(ids)):
        raise ValidationError(f"Some of these {model._meta.verbose_name_plural} do not exist.")
    return rows
