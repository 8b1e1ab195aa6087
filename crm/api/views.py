"""One view per kind of record, under the kind's name in the plural."""

from functools import cache
from typing import Any

from django.db.models import QuerySet

from core.api.views import ReadOnly
from crm.api.filters import filters_for
from crm.api.paging import RecordPagination
from crm.api.serializers import TerritorySerializer, serializer_for
from crm.record_kind import RecordKind
from crm.registry import kinds_by_plural
from team.models import Territory

TIMES = ("created_at", "modified_at")


class RecordView(ReadOnly):
    pagination_class = RecordPagination

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().visible_to(self.request.user)  # type: ignore[attr-defined]


class TerritoryView(ReadOnly):
    """Territories nest; everyone signed in may know them."""

    queryset = Territory.objects.all()
    serializer_class = TerritorySerializer
    ordering_fields = ("name",)


@cache
def view_for(kind: RecordKind) -> type[RecordView]:
    """Make the view of a kind of record."""
    attributes = {
        "queryset": kind.model.objects.all(),
        "serializer_class": serializer_for(kind),
        "ordering_fields": (*TIMES, *kind.ordering),
        "filterset_class": filters_for(kind.model, exact=kind.exact, ranges=kind.ranges, search=kind.search),
    }
    return type(f"{kind.model.__name__}View", (RecordView,), attributes)


def record_views() -> dict[str, type[ReadOnly]]:
    """Return the view of each kind by the kind's name in the plural, in the order of the alphabet."""
    views: dict[str, type[ReadOnly]] = {"territories": TerritoryView}
    views |= {name: view_for(kind) for name, kind in kinds_by_plural().items()}
    return dict(sorted(views.items()))
