"""The forecast and the commits of reps over HTTP."""

from dataclasses import asdict
from typing import Any, cast

from django.shortcuts import get_object_or_404
from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from core.api.fields import Whole, errors_as_responses, read_body
from core.api.views import ApiResponseMixin, ReadOnly, refuse_strange_parameters
from forecast.outcomes.commits import MOST, enter_commit
from forecast.outcomes.models import ForecastAsOf, ForecastCommit
from forecast.outcomes.page import ForecastPage, to_past_forecast
from forecast.outcomes.record import QUARTERS, summarize_record
from team.access import has_right
from team.models import User


class ForecastSerializer(serializers.Serializer[Any]):
    """The stored forecast. A reader who may not see every buyer gets `own` alone; null where nothing was computed."""

    local_day = serializers.DateField(allow_null=True)
    as_of = serializers.DateTimeField(allow_null=True)
    currency = serializers.CharField()
    sentence = serializers.CharField()
    quarters = serializers.ListField(
        child=serializers.DictField(),
        help_text="For each quarter the 10%, 50% and 90% quantiles, what they are made of, and simpler forecasts. "
        "`is_calibrated` is false where history is too short to test the interval.",
    )
    record = serializers.ListField(
        child=serializers.DictField(), help_text="How past forecasts fared: of the running quarter, the next one …"
    )
    past = serializers.ListField(
        child=serializers.DictField(), help_text="Each forecast of the past and what happened."
    )
    own = serializers.ListField(child=serializers.DictField(), help_text="Your own deals, quarter by quarter.")
    limits = serializers.ListField(child=serializers.CharField())


PAST_FIELDS = (
    "day", "ahead", "quarter_start", "quarter_end", "won", "low", "median", "high", "actual", "agreed", "commit", "last_year",
    "crps", "is_calibrated",
)  # fmt: skip


class ForecastViewSet(ApiResponseMixin, ViewSet):
    """What this and the next quarters will bring."""

    @extend_schema(operation_id="forecast_retrieve", responses=forced_singular_serializer(ForecastSerializer))
    def list(self, request: Request) -> Response:
        """Answer the newest stored forecast, with the record of past ones."""
        if not has_right(request.user, "see_forecast"):
            raise PermissionDenied("You do not have permission to see the forecast.")
        refuse_strange_parameters(request, set())
        return Response(page_to_json(ForecastPage(cast(User, request.user))))


def page_to_json(page: ForecastPage) -> dict[str, Any]:
    rows = [] if page.is_own_only else list(ForecastAsOf.objects.all())
    past = [to_past_forecast(row) for row in rows]
    own = next((rep.quarters for rep in page.result.reps if rep.user == page.user.pk), ()) if page.result else ()
    return {
        "local_day": page.run.local_day if page.run else None, "as_of": page.run.as_of if page.run else None,
        "currency": page.currency, "sentence": page.sentence,
        "quarters": [] if page.is_own_only else [asdict(quarter) for quarter in page.quarters],
        "record": [asdict(summarize_record(past, ahead)) for ahead in range(QUARTERS)] if rows else [],
        "past": [{name: getattr(row, name) for name in PAST_FIELDS} for row in rows],
        "own": [asdict(quarter) for quarter in own],
        "limits": [] if page.is_own_only else page.limits,
    }  # fmt: skip


class CommitSerializer(serializers.ModelSerializer[ForecastCommit]):
    """What a rep committed to win in a quarter; a newer one replaces an older one, which stays on record."""

    class Meta:
        model = ForecastCommit
        fields = ("id", "rep", "quarter", "amount", "currency", "written_at", "written_by")


class NewCommitSerializer(serializers.Serializer[Any]):
    quarter = serializers.DateField(help_text="The first day of the quarter.")
    amount = serializers.DecimalField(
        max_digits=18, decimal_places=2, min_value=0, max_value=MOST, help_text="In the company's currency."
    )  # type: ignore[arg-type]
    rep = Whole(
        required=False, min_value=1, help_text="A person who reports to you; you yourself where it is left out."
    )


class CommitView(ReadOnly):
    """The commits that you may see, the newest first."""

    queryset = ForecastCommit.objects.all()
    serializer_class = CommitSerializer
    ordering_fields = ("quarter", "written_at")

    def get_queryset(self) -> Any:
        return ForecastCommit.objects.visible_to(self.request.user)

    @extend_schema(request=NewCommitSerializer, responses={201: CommitSerializer})
    def create(self, request: Request) -> Response:
        """Enter a commit."""
        entered = read_body(NewCommitSerializer, request.data)
        rep = entered.pop("rep", None)
        target = get_object_or_404(User, pk=rep) if rep is not None else None
        with errors_as_responses():
            commit = enter_commit(by=cast(User, request.user), rep=target, **entered)
        return Response(self.get_serializer(commit).data, status=status.HTTP_201_CREATED)
