"""The undo page of an import: what will be removed, what prevents it, and its progress."""

from typing import cast

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods

from core.htmx import render_live
from core.tasks import enqueue
from imports.actions import CannotUndo, undo_import
from imports.models import ImportJob, Undo
from imports.undo import undo_blockers, undo_effects
from team.access import require_right
from team.models import User


@require_right("import")
@require_http_methods(["GET", "HEAD", "POST"])
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what an undo would do; start it on POST."""
    run = get_object_or_404(ImportJob, pk=pk)
    if request.method == "POST":
        _request_undo(request, run)
        return redirect("undo_import", pk)
    row = Undo.objects.filter(run=run).first()
    lines = undo_effects(run) if not run.undone_at else []
    context = {
        "run": run,
        "row": row,
        "lines": lines,
        "blockers": undo_blockers(run) if row is None else [],
        "total": sum(line.made + line.changed + line.gone for line in lines),
    }
    return render_live(request, "imports/undo.html", context)


def _request_undo(request: HttpRequest, run: ImportJob) -> None:
    try:
        row = undo_import(run=run, user=cast(User, request.user))
    except CannotUndo as error:
        messages.error(request, str(error))
        return
    transaction.on_commit(lambda: enqueue(row), robust=True)
