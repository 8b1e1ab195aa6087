"""Pages by key: stable while rows come and go, as quick on the last page as on the first."""

from dataclasses import dataclass
from typing import Any, Self

from django.core import signing
from django.db.models import F, Model, Q, QuerySet
from django.db.models.expressions import OrderBy
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from core.request_values import BadValue, read_int

DEFAULT_LIMIT, MAX_LIMIT = 100, 1000


@dataclass(frozen=True)
class Order:
    """One field, empty values last in both directions, and the id among equals."""

    field: str = "id"
    descending: bool = False

    @classmethod
    def from_request(cls, request: Request, view: APIView) -> Self:
        """Read `?ordering=amount` or `?ordering=-amount`.

        Raises:
            ValidationError: the list cannot be ordered by that.
        """
        ordering = request.query_params.get("ordering") or "id"
        choices = order_choices(view)
        if ordering not in choices:
            raise ValidationError({"ordering": f"Order by one of: {', '.join(choices)}."})
        return cls(ordering.removeprefix("-"), ordering.startswith("-"))

    @property
    def name(self) -> str:
        return f"-{self.field}" if self.descending else self.field

    def expressions(self) -> list[OrderBy]:
        field = F(self.field)
        first = field.desc(nulls_last=True) if self.descending else field.asc(nulls_last=True)
        return [first] if self.field == "id" else [first, F("id").asc()]

    def rows_after(self, value: Any, pk: int) -> Q:
        """Select the rows that stand after the one with this value and id."""
        beyond = "lt" if self.descending else "gt"
        if self.field == "id":
            return Q(**{f"id__{beyond}": pk})
        among_empty = Q(**{f"{self.field}__isnull": True})
        if value is None:
            return among_empty & Q(id__gt=pk)
        among_equals = Q(**{self.field: value}, id__gt=pk)
        return Q(**{f"{self.field}__{beyond}": value}) | among_equals | among_empty


def order_choices(view: APIView) -> list[str]:
    fields = ["id", *getattr(view, "ordering_fields", ())]
    return [choice for field in fields for choice in (field, f"-{field}")]


@dataclass(frozen=True)
class PageEnd:
    """Where a page ended: the order, the last row's value and id, and what the first page said of the whole."""

    order: str
    value: Any
    pk: int
    head: dict[str, Any]

    def cursor(self) -> str:
        return signing.dumps([self.order, self.value, self.pk, self.head], salt="api.cursor")

    @classmethod
    def read(cls, cursor: str) -> Self:
        try:
            return cls(*signing.loads(cursor, salt="api.cursor"))
        except (signing.BadSignature, TypeError):  # another's, or of another version
            raise ValidationError({"cursor": "This cursor is not valid. Follow the link in next."}) from None


class KeyPagination(BasePagination):
    """`?limit=` rows a page; `next` leads on until it is null."""

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        assert view is not None
        self.request, self.order, self.limit = request, Order.from_request(request, view), read_limit(request)
        page_end = self._read_cursor()
        self.head = page_end.head if page_end else self.describe_list(queryset)
        if page_end:
            queryset = queryset.filter(self.order.rows_after(page_end.value, page_end.pk))
        rows = list(queryset.order_by(*self.order.expressions())[: self.limit + 1])
        self.has_more, self.page = len(rows) > self.limit, rows[: self.limit]
        return self.page

    def describe_list(self, queryset: QuerySet[Any]) -> dict[str, Any]:
        """Return what every page says of the whole list, found once, on its first page."""
        return {"count": queryset.count()}

    def _read_cursor(self) -> PageEnd | None:
        cursor = self.request.query_params.get("cursor")
        if not cursor:
            return None
        page_end = PageEnd.read(cursor)
        if page_end.order != self.order.name:
            raise ValidationError({"cursor": "This cursor belongs to another ordering. Start without a cursor."})
        return page_end

    def get_next_link(self) -> str | None:
        if not self.has_more:
            return None
        last: Model = self.page[-1]
        value = None if self.order.field == "id" else value_to_json(getattr(last, self.order.field))
        cursor = PageEnd(self.order.name, value, last.pk, self.head).cursor()
        return replace_query_param(self.request.build_absolute_uri(), "cursor", cursor)

    def get_paginated_response(self, data: Any) -> Response:
        return Response({**self.head, "next": self.get_next_link(), "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        properties = {
            **self.describe_schema(),
            "next": {
                "type": "string",
                "format": "uri",
                "nullable": True,
                "description": "The next page; null on the last.",
            },
            "results": schema,
        }
        return {"type": "object", "required": list(properties), "properties": properties}

    def describe_schema(self) -> dict[str, Any]:
        return {"count": {"type": "integer", "description": "Rows in the whole list, counted with the first page."}}

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        limit = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
        return [
            _query_parameter("limit", limit, "Rows a page."),
            _query_parameter("cursor", {"type": "string"}, "Where the page starts; it comes with the link in next."),
            _query_parameter("ordering", {"type": "string", "enum": order_choices(view)}, "Empty values come last."),
        ]


def _query_parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


def read_limit(request: Request) -> int:
    try:
        return read_int(request.query_params.get("limit"), least=1, most=MAX_LIMIT) or DEFAULT_LIMIT
    except BadValue:
        raise ValidationError({"limit": f"Write a number from 1 to {MAX_LIMIT}."}) from None


def value_to_json(value: Any) -> str | int | None:
    """Write a value so that JSON keeps it and the database reads it back."""
    if value is None or isinstance(value, int):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
