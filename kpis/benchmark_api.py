"""Benchmarks and public peers over HTTP."""

from typing import Any, cast

from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import Words, errors_as_responses, read_body
from core.api.views import ReadOnly
from kpis.actions import drop_benchmark, set_benchmark
from kpis.models import Benchmark
from kpis.registry import UnknownMetric, get_metric
from team.models import User


class BenchmarkSerializer(serializers.ModelSerializer[Benchmark]):
    """A figure of others for a metric; with `upper` it is a range. The newest reference is what gaps are computed against."""

    value = serializers.CharField(help_text="A rate is a fraction.")
    upper = serializers.CharField(allow_null=True)

    class Meta:
        model = Benchmark
        fields = (
            "id", "metric", "label", "value", "upper", "dated_on", "source", "url", "note", "is_reference", "edited_by", "edited_at",
        )  # fmt: skip


class NewBenchmarkSerializer(serializers.Serializer[Any]):
    metric = Words(max_length=80)
    label = Words(max_length=200, help_text="Whose figure it is.")  # type: ignore[assignment]
    value = serializers.DecimalField(max_digits=18, decimal_places=6, help_text="A rate is a fraction.")
    upper = serializers.DecimalField(max_digits=18, decimal_places=6, required=False, allow_null=True)
    dated_on = serializers.DateField()
    source = Words(max_length=300, required=False, allow_blank=True)  # type: ignore[assignment]
    url = Words(max_length=500, required=False, allow_blank=True, help_text="Address of the source.")
    note = Words(max_length=500, required=False, allow_blank=True)
    is_reference = serializers.BooleanField(required=False, default=False)


class BenchmarkView(ReadOnly):
    queryset = Benchmark.objects.all()
    serializer_class = BenchmarkSerializer
    ordering_fields = ("metric", "dated_on")

    @extend_schema(request=NewBenchmarkSerializer, responses={201: BenchmarkSerializer})
    def create(self, request: Request) -> Response:
        """Add a benchmark or the figure of a peer."""
        return self._save(request, Benchmark(), status.HTTP_201_CREATED)

    @extend_schema(request=NewBenchmarkSerializer, responses=BenchmarkSerializer)
    def update(self, request: Request, pk: int) -> Response:
        """Change a benchmark as a whole."""
        return self._save(request, get_object_or_404(Benchmark, pk=pk), status.HTTP_200_OK)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: int) -> Response:
        """Delete a benchmark; one that was delivered with Accord does not come back."""
        with errors_as_responses():
            drop_benchmark(actor=cast(User, request.user), benchmark=get_object_or_404(Benchmark, pk=pk))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _save(self, request: Request, benchmark: Benchmark, code: int) -> Response:
        entered = read_body(NewBenchmarkSerializer, request.data)
        with errors_as_responses():
            try:
                benchmark.metric = get_metric(entered.pop("metric")).benchmark_key
            except UnknownMetric as error:
                raise ValidationError(str(error)) from None
            values = {"upper": None, "source": "", "url": "", "note": "", **entered}
            for name, value in values.items():
                setattr(benchmark, name, value)
            set_benchmark(actor=cast(User, request.user), benchmark=benchmark)
        return Response(self.get_serializer(benchmark).data, status=code)
