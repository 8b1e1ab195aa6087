"""What every list and every record of the API has in common."""

from datetime import UTC
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.viewsets import GenericViewSet

from core.api.paging import KeyPagination
from core.number_locale import DEFAULT_LOCALE, use_locale

PAGING = {"limit", "cursor", "ordering"}


class ApiResponseMixin:
    """Times go out in UTC and numbers in one format; caches do not store personal data; the reader sees how many requests are left."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with timezone.override(UTC), use_locale(DEFAULT_LOCALE):
            return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[misc]
        response["Cache-Control"] = "no-store"
        allowance = getattr(getattr(request, "_request", request), "api_allowance", None)
        for name, value in (allowance.headers() if allowance else {}).items():
            response[name] = value
        return response


class ReadOnly(ApiResponseMixin, ListModelMixin, RetrieveModelMixin, GenericViewSet[Any]):
    """A list and its records."""

    pagination_class = KeyPagination
    lookup_value_converter = "int"
    ordering_fields: tuple[str, ...] = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        refuse_strange_parameters(request, set() if self.detail else PAGING | set(self._filter_names()))

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset if self.detail else super().filter_queryset(queryset)

    def _filter_names(self) -> list[str]:
        return list(getattr(getattr(self, "filterset_class", None), "base_filters", ()))


def refuse_strange_parameters(request: Request, allowed: set[str]) -> None:
    """Refuse what would be ignored: a filter with a typing error must not answer with the whole list."""
    strange = sorted(set(request.query_params) - allowed - {api_settings.URL_FORMAT_OVERRIDE})
    if strange:
        remedy = f"Use one of: {', '.join(sorted(allowed))}." if allowed else "One record takes no parameters."
        raise ValidationError(dict.fromkeys(strange, f"This parameter does not exist. {remedy}"))
    twice = [name for name, values in request.query_params.lists() if len(values) > 1]
    if twice:
        raise ValidationError(dict.fromkeys(twice, "Give it once."))
    empty = [name for name, value in request.query_params.items() if not value]
    if empty:
        raise ValidationError(dict.fromkeys(empty, "Give a value or leave out the parameter."))
