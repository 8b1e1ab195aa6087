"""The lexicon: the terms of both sides, and their messages and personas with the wordings side by side."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from agreements import kinds
from agreements.permissions import DRAFT_VERSION
from alignment.lexicon import queries
from team.models import User

WORDED = {"messages": "message", "personas": "persona"}
TABS = {"": "Terms", "messages": "Messages", "personas": "Buyer personas"}


@login_required
@require_safe
def lexicon(request: HttpRequest) -> HttpResponse:
    """List the terms with their definition, owner and version."""
    text = request.GET.get("q", "")[:100].strip()
    context = {
        "terms": queries.list_terms(cast(User, request.user), text),
        "text": text,
        "tabs": TABS,
        "tab": "",
        "may_draft": DRAFT_VERSION.allows(request.user, kinds.get_kind("term")),
    }
    return render(request, "alignment/lexicon/terms.html", context)


@login_required
@require_safe
def wordings(request: HttpRequest, tab: str) -> HttpResponse:
    """Compare what each side says in messages or personas."""
    if tab not in WORDED:
        raise Http404
    kind, text = kinds.get_kind(WORDED[tab]), request.GET.get("q", "")[:100].strip()
    context = {
        "comparisons": queries.compare_wordings(cast(User, request.user), kind.key, text),
        "kind": kind,
        "text": text,
        "tabs": TABS,
        "tab": tab,
        "may_draft": DRAFT_VERSION.allows(request.user, kind),
    }
    return render(request, "alignment/lexicon/wordings.html", context)
