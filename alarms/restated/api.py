"""Restated figures over HTTP."""

from typing import Any, cast

import django_filters
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from alarms.restated.models import Restatement
from alarms.restated.queries import may_see_figures, read_lines
from core.api.views import ReadOnly
from team.models import User


class CauseSerializer(serializers.Serializer[Any]):
    text = serializers.CharField()
    link = serializers.CharField(
        help_text="The address of the page about it, on this host; empty where you may not open it."
    )
    by = serializers.CharField(help_text="The name of the person; empty where none is known.")


class RestatementSerializer(serializers.ModelSerializer[Restatement]):
    """A settled month whose figure changed; figures are null for readers who may not read every buyer."""

    before = serializers.SerializerMethodField()
    after = serializers.SerializerMethodField()
    n_before = serializers.SerializerMethodField()
    n_after = serializers.SerializerMethodField()
    causes = serializers.SerializerMethodField(help_text="Empty: not known.")

    class Meta:
        model = Restatement
        fields = (
            "id", "metric", "starts_on", "ends_on", "before", "after", "n_before", "n_after", "currency_before",
            "currency_after", "before_as_of", "after_as_of", "detected_at", "causes",
        )  # fmt: skip

    @property
    def _reader(self) -> User:
        return cast(User, self.context["request"].user)

    def _show(self, value: Any) -> Any:
        return value if may_see_figures(self._reader) else None

    def get_before(self, row: Restatement) -> float | None:
        return None if row.before is None else self._show(float(row.before))

    def get_after(self, row: Restatement) -> float | None:
        return None if row.after is None else self._show(float(row.after))

    def get_n_before(self, row: Restatement) -> int | None:
        return cast(int | None, self._show(row.n_before))

    def get_n_after(self, row: Restatement) -> int | None:
        return cast(int | None, self._show(row.n_after))

    @extend_schema_field(CauseSerializer(many=True))
    def get_causes(self, row: Restatement) -> list[dict[str, str]]:
        if not row.causes:
            return []
        (line,) = read_lines([row], self._reader)
        return [{"text": cause.text, "link": cause.link, "by": cause.by} for cause in line.causes]


class RestatementFilter(django_filters.FilterSet):
    class Meta:
        model = Restatement
        fields = ("metric", "starts_on")


class RestatementView(ReadOnly):
    """Settled months whose figure changed later, with what changed it."""

    queryset = Restatement.objects.all()
    serializer_class = RestatementSerializer
    filterset_class = RestatementFilter
    ordering_fields = ("after_as_of", "starts_on")
