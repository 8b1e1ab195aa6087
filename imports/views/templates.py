"""The pages of the templates: which there are, what each column means, and the sheet itself."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from imports.mapping.templates import Template, find_template, list_templates
from team.access import require_right


@require_right("import")
@require_safe
def import_templates(request: HttpRequest) -> HttpResponse:
    """List the templates; there are as many as kinds of record, so one page holds them."""
    return render(request, "imports/templates.html", {"templates": list_templates()})


@require_right("import")
@require_safe
def import_template(request: HttpRequest, name: str) -> HttpResponse:
    """Say what each column of a template means."""
    return render(request, "imports/template.html", {"template": _template_or_404(name)})


@require_right("import")
@require_safe
def template_csv(request: HttpRequest, name: str) -> HttpResponse:
    """Hand out the sheet with its header and two rows as an example."""
    sheet = _template_or_404(name)
    answer = HttpResponse(sheet.as_csv(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{sheet.name.replace(".", "-")}.csv"'
    return answer


def _template_or_404(name: str) -> Template:
    sheet = find_template(name)
    if sheet is None:
        raise Http404
    return sheet
