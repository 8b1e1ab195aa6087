"""The accountability matrix: as it is signed, as a file, and as a grid to be edited."""

from collections.abc import Iterator
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from agreements import actions, kinds
from agreements.models import Version
from agreements.permissions import DRAFT_VERSION, REDRAFT_VERSION, can_propose_own
from alignment.matrix import queries
from alignment.matrix.forms import ROLES, MatrixTerms, WordingForm, grid_rows
from alignment.matrix.options import letter_options, metric_options
from alignment.matrix.rules import KEY, KIND, LETTERS, TITLE, Row, check_row
from core.csv_export import csv_response
from team.models import User

BLANK_ROWS = 2
MORE_ROWS = 3


@login_required
@require_safe
def matrix(request: HttpRequest) -> HttpResponseBase:
    """Show the active matrix with the value of each metric, or hand it out as CSV."""
    page = queries.read_matrix(cast(User, request.user), waits=False)
    if request.GET.get("format") == "csv":
        return csv_response("accountability-matrix", csv_rows(page))
    context = {
        "page": page,
        "as_of": page.as_of,
        "letters": LETTERS,
        "period": next((line.value.period for line in page.lines if line.value), None),
        "may_draft": DRAFT_VERSION.allows(request.user, kinds.get_kind(KIND)),
    }
    return render(request, "alignment/matrix/matrix.html", context)


def csv_rows(page: queries.Matrix) -> Iterator[list[Any]]:
    """Yield the matrix as rows of a sheet."""
    yield ["Stage or decision", *page.roles, "Metric of the accountable role", "Value", "Currency", "From", "To"]
    for line in page.lines:
        value = line.value
        figures = (
            [value.metric.name, value.number, value.result.currency, value.period.start, value.period.end]
            if value
            else [line.row.metric, None, "", None, None]
        )
        yield [line.row.name, *(letter for _, letter in line.cells), *figures]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit_matrix(request: HttpRequest, key: str = KEY) -> HttpResponse:
    """Edit the matrix as a grid, keep it as a draft or propose it to both sides."""
    if key != KEY:
        raise Http404
    user = cast(User, request.user)
    DRAFT_VERSION.require(user, kinds.get_kind(KIND))
    start = _starting_version(user)
    terms = MatrixTerms(request.POST or None, initial=start.terms if start else {})
    wording = WordingForm(request.POST or None, initial=_initial_wording(start))
    is_changing_rows = "add" in request.POST
    if request.method == "POST" and not is_changing_rows and all([terms.is_valid(), wording.is_valid()]):
        version = _save(user, start, terms, wording, is_proposed="draft" not in request.POST)
        if version:
            messages.success(
                request, "Proposed. The other side has been notified." if version.proposed_at else "Draft saved."
            )
            return redirect("agreement", version.agreement_id) if version.proposed_at else redirect("edit_matrix")
    is_refused = request.method == "POST" and not is_changing_rows
    rows = grid_rows(terms["rows"].value(), MORE_ROWS if is_changing_rows else BLANK_ROWS)
    context = {
        "rows": [_grid_line(row, is_refused) for row in rows],
        "roles": ROLES,
        "terms": terms,
        "wording": wording,
        "start": start,
        "is_refused": is_refused,
        "may_propose": can_propose_own(user),
    }
    return render(request, "alignment/matrix/edit.html", context, status=422 if is_refused else 200)


def _starting_version(user: User) -> Version | None:
    """Return the draft that the user may go on with, else what binds, else the newest version that they may read."""
    agreement = queries.find_agreement(user)
    if agreement is None:
        return None
    versions = queries.list_versions(agreement, user)
    draft = next(
        (version for version in versions if version.state == "draft" and REDRAFT_VERSION.allows(user, version)), None
    )
    return draft or agreement.in_force() or next(iter(versions), None)


def _initial_wording(start: Version | None) -> dict[str, Any]:
    if start is None:
        return {}
    is_draft = start.state == "draft"
    return {
        "text": start.text,
        "reason": start.reason if is_draft else "",
        "review_on": start.review_on if is_draft else None,
    }


def _grid_line(row: Row, is_checked: bool) -> dict[str, Any]:
    cells = [(role, label, letter := row.cells.get(role, ""), letter_options(letter)) for role, label in ROLES.items()]
    faults = check_row(row, ROLES) if is_checked and not row.is_empty else []
    return {"row": row, "cells": cells, "metrics": metric_options(row.metric), "faults": faults}


def _save(
    user: User, start: Version | None, terms: MatrixTerms, wording: WordingForm, *, is_proposed: bool
) -> Version | None:
    """Write the draft, or go on with the one there is; what the actions refuse becomes a fault of the form."""
    texts = {name: wording.cleaned_data[name] for name in ("text", "reason", "review_on")}
    try:
        with transaction.atomic():
            if start and start.state == "draft":
                version = actions.redraft_version(by=user, version=start, terms=terms.terms(), **texts)
            else:
                version = actions.draft_version(by=user, kind=KIND, key=KEY, title=TITLE, terms=terms.terms(), **texts)
            return actions.propose_version(by=user, version=version) if is_proposed else version
    except ValidationError as error:
        wording.add_error(None, error)
    return None
