"""The page of the pairs that an import found: which new rows repeat which records, and what was done with them."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from imports.models import Duplicate, ImportJob
from team.access import require_right

PAIRS_PER_PAGE = 50


@require_right("import")
@require_safe
def duplicates(request: HttpRequest, pk: int) -> HttpResponse:
    """List the pairs of an import, each with why and how sure."""
    run = get_object_or_404(ImportJob, pk=pk)
    page = Paginator(Duplicate.objects.of(run), PAIRS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "imports/duplicates.html", {"run": run, "page": page})
