"""Restated figures over HTTP."""

from typing import Any, cast

import django_filters
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from alarms.restated.models import Restatement
from alarms.restated.queries import RestatedLine, read_lines
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

    def _read_line(self, row: Restatement) -> RestatedLine:
        return cast(RestatedLine, self.context["lines"][row.pk])

    def _show(self, row: Restatement, value: Any) -> Any:
        return value if self._read_line(row).is_open else None

    def get_before(self, row: Restatement) -> float | None:
        return None if row.before is None else self._show(row, float(row.before))

    def get_after(self, row: Restatement) -> float | None:
        return None if row.after is None else self._show(row, float(row.after))

    def get_n_before(self, row: Restatement) -> int | None:
        return cast(int | None, self._show(row, row.n_before))

    def get_n_after(self, row: Restatement) -> int | None:
        return cast(int | None, self._show(row, row.n_after))

    @extend_schema_field(CauseSerializer(many=True))
    def get_causes(self, row: Restatement) -> list[dict[str, str]]:
        causes = self._read_line(row).causes if row.causes else ()
        return [{"text": cause.text, "link": cause.link, "by": cause.by} for cause in causes]


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

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """Return the serializer with what this reader may know of its rows, read at once."""
        if args:
            rows = args[0] if kwargs.get("many") else [args[0]]
            lines = {line.row.pk: line for line in read_lines(rows, cast(User, self.request.user))}
            kwargs["context"] = {**self.get_serializer_context(), "lines": lines}
        return super().get_serializer(*args, **kwargs)
