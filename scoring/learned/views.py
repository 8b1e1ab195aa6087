"""The page of the learned model: have one learned, read its proof, make it a draft."""

from typing import cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from core.form_errors import error_message
from core.htmx import render_live
from core.tasks import enqueue
from facts.engine import open_facts
from scoring.learned.page import Page
from scoring.learned.scope import is_known
from scoring.learned.work import make_draft, request_learning
from scoring.models import Learning
from team.access import has_right, require_right
from team.models import User


@require_right("see_scores")
@require_safe
def learned_models(request: HttpRequest) -> HttpResponse:
    """What was learned last, or what there is to learn from."""
    page = Page(request.GET, cast(User, request.user))
    context = {"page": page, "learning": page.learning, "sets_scores": has_right(request.user, "set_scores")}
    return render_live(request, "scoring/learned.html", context)


@require_right("set_scores")
@require_POST
def start_learning(request: HttpRequest) -> HttpResponse:
    """Have a model learned, with the suspects that are put back in knowingly."""
    source = request.POST.get("source", "")
    if not is_known(open_facts(), source):
        messages.error(
            request, "There is no data to learn from: no leads of this system have been copied to the facts yet."
        )
        return redirect("learned_models")
    fields = [name for name in request.POST.getlist("put_back") if len(name) <= 500]
    row = request_learning(by=cast(User, request.user), source=source, put_back=fields[:200])
    enqueue(row)
    return redirect(f"{reverse('learned_models')}?run={row.pk}")


@require_right("set_scores")
@require_POST
def to_draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Make the proposed rules a draft of a score model."""
    row = get_object_or_404(Learning, pk=pk)
    try:
        version = make_draft(by=cast(User, request.user), learning=row)
    except ValidationError as error:
        messages.error(request, error_message(error))
        return redirect(f"{reverse('learned_models')}?run={pk}")
    messages.success(request, f"Version {version.number} is a draft. It takes effect when both sides have signed it.")
    return redirect("score_model", version.agreement.key)
