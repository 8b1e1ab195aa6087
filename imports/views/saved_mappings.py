"""The page of what is remembered of earlier files: mappings that people made, and the custom fields that came of them."""

from typing import cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from imports.actions import forget_mapping as forget_remembered
from imports.mapping.catalogue import source_title
from imports.mapping.targets import title_of
from imports.models import CustomField, RememberedMapping, SourceZone
from team.access import require_right
from team.models import User

PER_PAGE = 50


@require_right("import")
@require_safe
def remembered(request: HttpRequest) -> HttpResponse:
    """List the mappings that apply by themselves, and the custom fields of each kind of record."""
    rows = RememberedMapping.objects.select_related("decided_by")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    fields = Paginator(CustomField.objects.select_related("first_import"), PER_PAGE).get_page(request.GET.get("fields"))
    context = {
        "page": page,
        "mappings": [
            (
                row,
                source_title(row.source),
                title_of(row.mappings[0]["table"]["object"]) if row.mappings else row.kind,
            )
            for row in page
        ],
        "zones": [
            (row, source_title(row.source)) for row in SourceZone.objects.select_related("decided_by")[:PER_PAGE]
        ],
        "fields_page": fields,
        "fields": [(field, title_of(field.kind)) for field in fields],
    }
    return render(request, "imports/remembered.html", context)


@require_right("import")
@require_POST
def forget(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a mapping: the next file with these columns is read as the catalogue has it, or asked about."""
    row = get_object_or_404(RememberedMapping, pk=pk)
    forget_remembered(remembered=row, user=cast(User, request.user))
    messages.success(
        request,
        f"Deleted the saved mapping of {source_title(row.source)} {row.kind}. Imported records stay as they are.",
    )
    return redirect("remembered")


@require_right("import")
@require_POST
def forget_zone(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete the time zone of a source: its times are in the company's zone again, where they name none."""
    row = get_object_or_404(SourceZone, pk=pk)
    forget_remembered(remembered=row, user=cast(User, request.user))
    messages.success(
        request, f"Deleted the time zone of {source_title(row.source)}. Imported records stay as they are."
    )
    return redirect("remembered")
