"""The pages that review an import before it runs: its column mappings, open questions and choices."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods, require_POST

from core.htmx import wants_region
from core.tasks import enqueue
from core.work import Work
from imports import actions
from imports.actions import CannotImport, NotHeld
from imports.files.sample import first_rows
from imports.mapping.catalogue import list_sources, source_title, source_titles
from imports.mapping.schema import MappingError
from imports.mapping.targets import list_kinds, title_of
from imports.models import ImportFile, ImportJob, Preview, RememberedMapping
from imports.preview import mapping_form, mapping_page, mapping_rows, mapping_view
from imports.preview.mapping_text import mapping_text_of, tables_of_texts
from team.access import require_right
from team.models import User

OWN = "own"  # instead of a source's name: the company names its own


def _user_of(request: HttpRequest) -> User:
    return cast(User, request.user)


def enqueue_on_commit(row: Work) -> None:
    transaction.on_commit(lambda: enqueue(row), robust=True)


@require_right("import")
@require_http_methods(["GET", "HEAD", "POST"])
def file_mapping(request: HttpRequest, pk: int, file_pk: int) -> HttpResponse:
    """Show what each column of a file becomes and how it is read; take corrections."""
    file = get_object_or_404(
        ImportFile.objects.select_related("run", "mapped_by", "remembered__decided_by"), pk=file_pk, run_id=pk
    )
    if not file.run.is_held or not file.header:
        messages.warning(request, "The columns of this file cannot be changed now.")
        return redirect("import_run", pk)
    frame = first_rows(file)
    given = request.POST if request.method == "POST" else request.GET
    source, kind = _chosen_source(given, file), _chosen_kind(given)
    before = mapping_page.draft_of(file, frame, source, kind)
    draft = before
    if request.method == "POST":
        draft = _posted_draft(request, file, before, source)
    is_posted = request.method == "POST" and _is_same_basis(request, before)
    pressed = _pressed_button(request)
    parts = (
        mapping_form.posted_parts(request.POST, pressed, file, draft, before, frame)
        if is_posted
        else mapping_form.initial_parts(before)
    )
    tables = mapping_form.tables_of_parts(parts, draft, before, file)
    is_shaped = bool(pressed)  # another row or kind: nothing is kept yet
    faults = (
        [*mapping_form.part_faults(parts, draft.is_new), *_own_name_faults(request)]
        if is_posted and not is_shaped
        else []
    )
    context = _page_context(file, draft, parts, tables, frame, faults, given)
    if wants_region(request):
        part = "readings" if is_posted and not is_shaped else "columns"
        return render(request, f"imports/mapping.html#{part}", {**context, "oob": True})
    if is_posted and not is_shaped and not faults:
        faults = _save_mapping(request, file, draft, tables)
        if not faults:
            return redirect("import_run", pk)
        context["faults"] = faults
    return render(request, "imports/mapping.html", context)


def _pressed_button(request: HttpRequest) -> dict[str, str]:
    """Return the button that shapes the form; htmx also sends the one that has the focus when a field changes."""
    if request.headers.get("HX-Trigger") == "mapping":
        return {}
    return {name: request.POST[name] for name in ("look", "add", "drop") if name in request.POST}


def _is_same_basis(request: HttpRequest, before: mapping_page.Draft) -> bool:
    """Return whether the columns on the page are of the source and kind of record that the form now names."""
    return request.POST.get("was") == before.basis


def _chosen_source(given: Any, file: ImportFile) -> str:
    """Return the source that the form names: one that is known, or one of the company's own."""
    requested = str(given.get("source", ""))
    if requested == OWN:
        return slugify(str(given.get("own", "")))[:40] or "own"
    names = {name for name, _ in _source_choices(file)}
    return requested if requested in names else file.source


def _own_name_faults(request: HttpRequest) -> list[str]:
    if request.POST.get("source") == OWN and not slugify(request.POST.get("own", "")):
        return ["Enter a name for the source of the file, such as “web shop”."]
    return []


def _chosen_kind(given: Any) -> str:
    requested = str(given.get("kind", ""))
    return requested if requested in {kind.name for kind in list_kinds()} else ""


def _source_choices(file: ImportFile) -> list[tuple[str, str]]:
    """Return the sources of the catalogue, and those that people named before."""
    own = RememberedMapping.objects.exclude(source__in=list_sources()).values_list("source", flat=True).distinct()
    names = {*own[:50], file.source} - {"", *list_sources()}
    return [*source_titles(), *sorted((name, source_title(name, ())) for name in names)]


def _posted_draft(
    request: HttpRequest, file: ImportFile, before: mapping_page.Draft, source: str
) -> mapping_page.Draft:
    if not _is_same_basis(request, before):
        return before
    kind = before.kind
    choices = mapping_page.posted_choices(request.POST, file, kind, before)
    columns = mapping_page.columns_of(file)
    position = next((number for number in range(len(columns)) if str(number) == request.POST.get("id", "")), None)
    id_column = "" if position is None else columns[position]
    return mapping_page.Draft(source or before.source, kind, choices, id_column, before.is_new, before.tables)


def _save_mapping(
    request: HttpRequest, file: ImportFile, draft: mapping_page.Draft, tables: list[mapping_page.Table]
) -> list[str]:
    """Save the mapping; return the errors that prevent it."""
    name = draft.kind if draft.is_new else file.kind
    try:
        row = actions.map_file(
            file=file, source=draft.source or OWN, kind=name, mappings=tables, user=_user_of(request)
        )
    except (NotHeld, MappingError) as error:
        return [str(error)]
    enqueue_on_commit(row)
    messages.success(request, f"{title_of(draft.kind)} from {file.name}: the column mapping is saved.")
    return []


def _page_context(
    file: ImportFile,
    draft: mapping_page.Draft,
    parts: list[mapping_form.Part],
    tables: list[mapping_page.Table],
    frame: Any,
    faults: list[str],
    given: Any,
) -> dict[str, Any]:
    page = mapping_view.Page(file, frame, draft.source, draft.is_new, given)
    return {
        "parts": mapping_view.part_views(page, parts, tables),
        "column_names": list(enumerate(mapping_page.columns_of(file))),
        "operators": mapping_view.OPERATORS,
        "operations": mapping_rows.OPERATIONS,
        "file": file,
        "run": file.run,
        "draft": draft,
        "kind_title": title_of(draft.kind),
        "kinds": list_kinds(),
        "sources": _source_choices(file),
        "source": draft.source if draft.source in {name for name, _ in _source_choices(file)} else OWN,
        "own": given.get("own") or _likely_name(file),
        "sampled": len(frame),
        "faults": faults,
    }


def _likely_name(file: ImportFile) -> str:
    """Return a name for where a file comes from: its own, without what changes from one to the next."""
    stem = PurePosixPath(file.name).name.partition(".")[0]
    return " ".join(re.findall(r"[^\W\d_]+", stem))[:40]


@require_right("import")
@require_http_methods(["GET", "HEAD", "POST"])
def mapping_text(request: HttpRequest, pk: int, file_pk: int) -> HttpResponse:
    """Show the mappings of a file as the text that a mapping file holds; take them back changed."""
    file = get_object_or_404(ImportFile.objects.select_related("run"), pk=file_pk, run_id=pk)
    if not file.run.is_held or not file.header:
        messages.warning(request, "The columns of this file cannot be changed now.")
        return redirect("import_run", pk)
    draft = mapping_page.draft_of(file, first_rows(file))
    tables = mapping_form.tables_of_parts(mapping_form.initial_parts(draft), draft, draft, file)
    texts, faults = [mapping_text_of(entry["table"]) for entry in tables], []
    if request.method == "POST":
        texts = [text for text in request.POST.getlist("text") if text.strip()]
        try:
            tables = tables_of_texts(texts)
            kind = str(tables[0]["table"]["object"]) if draft.is_new else file.kind
            faults = _save_mapping(request, file, replace(draft, kind=kind), tables)
        except MappingError as error:
            faults = [str(error)]
        if not faults:
            return redirect("import_run", pk)
    return render(
        request, "imports/mapping_text.html", {"file": file, "run": file.run, "texts": texts, "faults": faults}
    )


@require_right("import")
@require_POST
def change_file(request: HttpRequest, pk: int, file_pk: int, change: str) -> HttpResponse:
    """Leave out a file or include it again."""
    file = get_object_or_404(ImportFile, pk=file_pk, run_id=pk)
    try:
        if change == "leave-out":
            enqueue_on_commit(actions.leave_out(file=file, user=_user_of(request)))
        elif file.kind:
            enqueue_on_commit(actions.include_file(file=file, user=_user_of(request)))
    except NotHeld as error:
        messages.warning(request, str(error))
    return redirect("import_run", pk)


@require_right("import")
@require_POST
def answer(request: HttpRequest, pk: int, file_pk: int) -> HttpResponse:
    """Take the answers to what a file leaves open."""
    file = get_object_or_404(ImportFile.objects.select_related("run"), pk=file_pk, run_id=pk)
    try:
        enqueue_on_commit(actions.answer_questions(file=file, answers=request.POST, user=_user_of(request)))
    except NotHeld as error:
        messages.warning(request, str(error))
    return redirect("import_run", pk)


@require_right("import")
@require_POST
def choose_source(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the system that all files of an upload are from."""
    source = request.POST.get("source", "")
    run = get_object_or_404(ImportJob, pk=pk)
    return _apply_choice(request, lambda: actions.choose_source(run=run, source=source, user=_user_of(request)), pk)


@require_right("import")
@require_POST
def choose_zone(request: HttpRequest, pk: int) -> HttpResponse:
    """Save the time zone by which the files of a source are read."""
    choice = {name: request.POST.get(name, "") for name in ("source", "zone")}
    run = get_object_or_404(ImportJob, pk=pk)
    return _apply_choice(request, lambda: actions.choose_zone(run=run, user=_user_of(request), **choice), pk)


@require_right("import")
@require_POST
def choose_currency(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the currency of amounts whose file names none."""
    code = request.POST.get("currency", "").strip().upper()
    run = get_object_or_404(ImportJob, pk=pk)
    return _apply_choice(request, lambda: actions.choose_currency(run=run, currency=code, user=_user_of(request)), pk)


def _apply_choice(request: HttpRequest, act: Callable[[], Work], pk: int) -> HttpResponse:
    """Apply a choice, or say why not; the preview is counted again."""
    try:
        enqueue_on_commit(act())
    except (NotHeld, ValueError) as error:
        messages.warning(request, str(error))
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    return redirect("import_run", pk)


@require_right("import")
@require_POST
def confirm_import(request: HttpRequest, pk: int) -> HttpResponse:
    """Start an import that was reviewed."""
    run = get_object_or_404(ImportJob, pk=pk)
    try:
        enqueue_on_commit(actions.confirm_import(run=run, user=_user_of(request)))
    except (NotHeld, CannotImport) as error:
        messages.warning(request, str(error))
    return redirect("import_run", pk)


@require_right("import")
@require_POST
def choose_duplicates(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what to do with rows that seem to be there already."""
    run = get_object_or_404(ImportJob, pk=pk)
    try:
        row: Preview = actions.choose_duplicates(run=run, chosen=request.POST, user=_user_of(request))
        enqueue_on_commit(row)
    except NotHeld as error:
        messages.warning(request, str(error))
    return redirect("import_run", pk)
