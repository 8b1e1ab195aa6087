"""Leads, touches and uses of the product pushed by other systems: written, and followed at once."""

from collections import Counter
from typing import Any, ClassVar, cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import errors_as_responses
from core.api.views import ReadOnly
from crm.api.views import view_for
from crm.models import Record
from crm.record_kind import RecordKind
from crm.registry import kinds_by_plural
from funnel.follow_up import FEW, follow_leads
from funnel.queries import current_stages
from imports.api import push as push_api
from imports.permissions import PUSH_RECORDS
from imports.push import MAX_ROWS, Pushed, Refused, leads_of, push_records
from scoring.models import Score
from team.models import User


class RowSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    source = serializers.CharField()  # type: ignore[assignment]  # a field of that name, not the serializer's own source
    external_id = serializers.CharField()


class ScoreSerializer(serializers.ModelSerializer[Score]):
    class Meta:
        model = Score
        fields = ("model", "score", "letter", "fit_points", "since")


class FollowedSerializer(serializers.Serializer[Any]):
    lead = serializers.IntegerField()
    stage = serializers.CharField(allow_blank=True)
    scores = ScoreSerializer(many=True)


class PushedSerializer(serializers.Serializer[Any]):
    """What became of the rows; `followed` has the leads concerned as they stand now, empty where they are many or nothing was written."""

    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    empty_dates = serializers.IntegerField(help_text="Placeholder dates such as 0001-01-01 are ignored.")
    imports = serializers.ListField(
        child=serializers.IntegerField(), help_text="The import that lists it and can undo it."
    )
    rows = RowSerializer(many=True)
    followed = FollowedSerializer(many=True)


WORDS = f"""Write one row or a list of up to {MAX_ROWS:,}, all or nothing.

A row is matched by its source and external_id. Only the given fields are written, and unchanged rows are skipped, so
a request can be sent twice. A reference is an id of Accord, or a text: the id in the row's source.
The scores, stages and clocks of up to {FEW} leads follow at once, those of more within a minute."""


class Pushes:
    """Takes rows of one kind of record."""

    taken: ClassVar[type[push_api.RowSerializer]]
    model: ClassVar[type[Record]]

    def write(self, request: Request) -> Response:
        user = cast(User, request.user)
        with errors_as_responses():
            PUSH_RECORDS.require(user)
        empty_dates: Counter[str] = Counter()
        rows = push_api.parse_rows(self.taken, request.data, empty_dates)
        try:
            pushed = push_records(by=user, model=self.model, rows=rows)
        except Refused as error:
            raise push_api.validation_error(error) from None
        return Response(PushedSerializer(_describe_push(pushed) | {"empty_dates": empty_dates.total()}).data)


def _describe_push(pushed: Pushed) -> dict[str, Any]:
    leads = follow_leads(set(leads_of(pushed.records))) if pushed.is_news else []
    stages = current_stages(lead.pk for lead in leads)
    scores = Score.objects.filter(lead__in=leads).order_by("model")
    return {
        "created": pushed.created, "updated": pushed.updated, "unchanged": pushed.unchanged, "imports": pushed.run_ids,
        "rows": pushed.records,
        "followed": [
            {"lead": lead.pk, "stage": stages.get(lead.pk, ""), "scores": [score for score in scores if score.lead_id == lead.pk]}
            for lead in leads
        ],
    }  # fmt: skip


def _push_view(kind: RecordKind) -> type[ReadOnly]:
    form = push_api.push_serializer(kind)

    class PushView(Pushes, view_for(kind)):  # type: ignore[misc]
        taken, model = form, kind.model

        @extend_schema(description=WORDS, request=form(many=True), responses={200: PushedSerializer})
        def create(self, request: Request) -> Response:
            return self.write(request)

    return PushView


def push_views() -> dict[str, type[ReadOnly]]:
    """Return the view of each kind of record that other systems push, by the kind's name in the plural."""
    return {name: _push_view(kind) for name, kind in kinds_by_plural().items() if kind.is_pushed}
