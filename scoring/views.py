"""The list of score models: what is active, what waits for a signature, and a first proposal where there is none."""

from typing import cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from scoring.defaults import PROPOSED
from scoring.definitions import doors_without_a_model, propose_default
from scoring.descriptions import terms_in_words
from scoring.model_list import describe_models, model_agreements, model_lines
from scoring.terms import MQL
from team.access import has_right, require_right
from team.models import User

PER_PAGE = 25


@require_right("see_scores")
@require_safe
def scores(request: HttpRequest) -> HttpResponse:
    """The active models, proposed and drafted; where there is none, Accord's own proposal."""
    page = Paginator(model_agreements(cast(User, request.user)), PER_PAGE).get_page(request.GET.get("page"))
    lines = model_lines(page.object_list)
    context = {
        "page": page,
        "lines": lines,
        "sentence": describe_models(lines),
        "sets_scores": has_right(request.user, "set_scores"),
        "proposals": [
            {"door": door, "title": title, "text": text, "words": terms_in_words(terms)}
            for door in doors_without_a_model()
            for _, title, text, terms in [PROPOSED[door]]
        ],
    }
    return render(request, "scoring/scores.html", context)


@require_right("set_scores")
@require_POST
def propose_ours(request: HttpRequest) -> HttpResponse:
    """Propose Accord's own model; anyone who signs for a side signs with it for that side only."""
    try:
        with transaction.atomic():
            version = propose_default(cast(User, request.user), request.POST.get("door", MQL))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("scores")
    if version is None:
        messages.info(request, "A score model already exists.")
    else:
        messages.success(request, "Proposed. Leads are scored when both sides have signed.")
    return redirect("scores")
