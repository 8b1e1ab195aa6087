"""The agreements of both sides at a glance, by dimension."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from agreements.permissions import DRAFT_VERSION
from alignment.workspace.queries import read_workspace
from team.models import User


@login_required
@require_safe
def workspace(request: HttpRequest) -> HttpResponse:
    """Show the dimensions as agreed, stale, disputed or missing, and what waits for the reader's signature."""
    context = {
        "workspace": read_workspace(cast(User, request.user)),
        "may_draft": DRAFT_VERSION.is_open_to(request.user),
    }
    return render(request, "alignment/workspace/workspace.html", context)
