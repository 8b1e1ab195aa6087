"""The pages of imports: list, progress, review and refused rows."""

from typing import Any, cast

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from core.csv_export import csv_response
from core.disk import NoSpace
from core.htmx import render_live, wants_region
from core.tasks import enqueue
from imports.actions import cancel_import, start_import
from imports.files import storage
from imports.forms import ImportForm
from imports.inference.questions import Finding, Question, list_findings, open_questions
from imports.inference.uploads import source_question
from imports.inference.zone_choices import list_zone_choices
from imports.load.corrections import corrections_of
from imports.load.pipeline import can_be_mapped
from imports.mapping.catalogue import source_title, source_titles
from imports.mapping.schema import MappingError
from imports.models import ImportFile, ImportJob, RowError
from imports.models.jobs import HELD_FOR, RECORD_COUNTS
from imports.parsing.notes import note_sentences
from imports.preview import report
from imports.preview.summary import summarise_preview
from team.access import accept_uploads, require_right
from team.forms import zone_choices
from team.models import User

IMPORTS_PER_PAGE = 25
FILES_PER_PAGE = 100
REJECTED_PER_PAGE = 50


@accept_uploads("import")
@require_right("import")
@require_http_methods(["GET", "HEAD", "POST"])
def imports(request: HttpRequest) -> HttpResponse:
    """Upload files, and list earlier imports."""
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect("import_run", _start_import(request, form).pk)
        except NoSpace:
            form.add_error("upload", "The disk is nearly full. Ask your ops admin to free space, then try again.")
    page = _paginate(request, _import_jobs(), IMPORTS_PER_PAGE)
    runs = [(run, run.counts) for run in page]
    return render(request, "imports/imports.html", {"form": form, "page": page, "runs": runs})


def _start_import(request: HttpRequest, form: ImportForm) -> ImportJob:
    """Store the files and enqueue the import on commit. A message that is lost is sent again by the next tick."""
    files = [storage.IncomingFile(file.name or "file", file.chunks()) for file in form.cleaned_data["upload"]]
    run = start_import(
        files=files,
        source=form.cleaned_data["source"],
        currency=form.cleaned_data["currency"],
        user=cast(User, request.user),
        waits=True,
    )
    transaction.on_commit(lambda: enqueue(run), robust=True)
    return run


def _import_jobs() -> QuerySet[ImportJob]:
    files = ImportFile.objects.only("run", "rows", "rejected", "dropped", "counts")
    return ImportJob.objects.select_related("started_by").prefetch_related(Prefetch("files", files))


def _paginate(request: HttpRequest, rows: QuerySet[Any] | list[Any], size: int) -> Page[Any]:
    return Paginator(rows, size).get_page(request.GET.get("page"))


@require_right("import")
@require_safe
def import_run(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far an import is and what came of it; the live region asks for itself while it runs.

    While it waits for a person the page is another one, so a live region that polls reloads the page.
    """
    run = get_object_or_404(_import_jobs(), pk=pk)
    if wants_region(request) and run.is_held is not ("waiting" in request.GET):
        return HttpResponseClientRefresh()
    if run.is_held:
        return _render_review(request, run)
    counts = run.counts
    others = [Prefetch(name, ImportFile.objects.only("run")) for name in ("same_as", "mends")]
    files = (
        run.files.exclude(state=ImportFile.State.UNPACKED, reason="")
        .defer("header", "detected")
        .prefetch_related(*others)
    )
    page = _paginate(request, files, FILES_PER_PAGE)
    context = {
        "run": run,
        "counts": counts,
        "pace": report.import_pace(run, counts["rows"]),
        "doing": report.describe_phase(run),
        "sentence": report.describe_result(run, counts),
        "page": page,
        "files": [(file, report.describe_kinds(file), note_sentences(file.notes)) for file in page],
        "pairs": run.pairs.count(),
        "mendings": corrections_of(run),
        "can_undo": not run.undone_at and any(counts[name] for name in ("created", "updated", *RECORD_COUNTS)),
    }
    return render_live(request, "imports/import_run.html", context)


def _render_review(request: HttpRequest, run: ImportJob) -> HttpResponse:
    """Show what a waiting import would do, and let a person choose how it is imported."""
    all_files = ImportFile.objects.filter(run=run).select_related("run", "mapped_by", "remembered__decided_by")
    files = list(all_files.exclude(state=ImportFile.State.UNPACKED, reason=""))
    ready = any(file.state == ImportFile.State.READING for file in files)
    context = {
        "run": run,
        "outlook": summarise_preview(run, files),
        "ready": ready,
        "oob": wants_region(request),
        "whose": source_question(run),
    }
    if not context["oob"]:
        context |= _review_context(request, run, files)
    return render_live(request, "imports/import_review.html", context)


def _review_context(request: HttpRequest, run: ImportJob, files: list[ImportFile]) -> dict[str, Any]:
    """Return the context outside the live region: questions, files, and how they are read."""
    page, titles = _paginate(request, files, FILES_PER_PAGE), source_titles()
    inferred = [(file, *_questions_and_findings(file)) for file in files]
    return {
        "asked": [(file, questions) for file, questions, _ in inferred if questions][:FILES_PER_PAGE],
        "findings": [
            (file, findings) for file, _, findings in inferred if file in page.object_list and findings and file.header
        ],
        "answered": any(file.answers for file in files),
        "clocks": list_zone_choices(files),
        "zone_choices": zone_choices(),
        "page": page,
        "files": [(file, source_title(file.source, titles), can_be_mapped(file)) for file in page],
        "discarded_on": run.held_since + HELD_FOR if run.held_since else None,
    }


def _questions_and_findings(file: ImportFile) -> tuple[list[Question], list[Finding]]:
    """Return the open questions and the findings of a file; where its mapping is gone, a finding that says so."""
    try:
        return open_questions(file), list_findings(file)
    except MappingError as error:
        return [], [Finding("Mapping", "", str(error))]


@require_right("import")
@require_safe
def rejected(request: HttpRequest, pk: int) -> HttpResponse:
    """List the rows of an import that were refused, each with where it stood and why."""
    run = get_object_or_404(ImportJob, pk=pk)
    page = _paginate(request, RowError.objects.of(run), REJECTED_PER_PAGE)
    files = run.files.filter(rejected__gt=0).defer("header")
    refused = sum(file.rejected for file in files)
    return render(request, "imports/rejected.html", {"run": run, "page": page, "files": files, "refused": refused})


@require_right("import")
@require_safe
def rejected_csv(request: HttpRequest, pk: int, file_pk: int) -> StreamingHttpResponse:
    """Download the refused rows of one file, to be corrected and uploaded again."""
    file = get_object_or_404(ImportFile, pk=file_pk, run_id=pk)
    return csv_response(f"rejected-{pk}-{file_pk}", report.rejected_rows(file))


@require_right("import")
@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop an import; the rows that are in stay in."""
    run = get_object_or_404(ImportJob, pk=pk)
    if cancel_import(run=run, user=cast(User, request.user)):
        messages.success(request, "The import is cancelled. Rows that were already imported stay.")
    else:
        messages.warning(request, "The import had already ended.")
    return redirect("import_run", pk)
