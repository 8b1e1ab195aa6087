"""Does the score work? The page of a version's proof, and the leads behind a band of it."""

from typing import Any, cast

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from agreements.models import Agreement
from agreements.queries import STATES
from core.htmx import render_live
from core.request_values import BadValue, read_decimal
from core.tasks import enqueue
from crm.models import Lead
from scoring.definitions import SCORE
from scoring.proof import cuts
from scoring.proof.page import Page, Question, parse_question
from scoring.proof.score_files import load_scores
from scoring.proof.validation import last_made, request_proof, requeue_proof
from team.access import require_right
from team.models import User

LEADS = 50


@require_right("see_scores")
@require_safe
def proof(request: HttpRequest, key: str) -> HttpResponse:
    """Whether a version works, by the leads that Sales was given; made in the worker where it was not made yet."""
    agreement = _get_agreement(request, key)
    page = Page(parse_question(request.GET, agreement, cast(User, request.user)))
    for side in filter(None, (page, page.other)):
        if side.status.pending and not side.status.pending.attempts and not side.status.pending.is_over:
            enqueue(side.status.pending)
    context = {
        "agreement": agreement,
        "versions": agreement.versions.readable_by(cast(User, request.user)).prefetch_related("disputes"),
        "page": page,
        "question": page.question,
        "states": STATES,
    }
    return render_live(request, "scoring/proof.html", context)


@require_right("see_scores")
@require_POST
def try_again(request: HttpRequest, key: str) -> HttpResponse:
    """Make a failed proof again."""
    agreement = _get_agreement(request, key)
    question = parse_question(request.GET, agreement, cast(User, request.user))
    latest = request_proof(question.version)
    if latest is not None and latest.is_over:
        requeue_proof(latest, by=cast(User, request.user))
        enqueue(latest)
    return redirect(f"{reverse('score_proof', args=[key])}?{question.query()}")


@require_right("see_scores")
@require_safe
def band_leads(request: HttpRequest, key: str) -> HttpResponse:
    """The leads of a band that the reader may see, the best-scored first."""
    agreement = _get_agreement(request, key)
    question = parse_question(request.GET, agreement, cast(User, request.user))
    latest = last_made(question.version)
    if latest is None:
        raise Http404("This version has not been validated yet.")
    low, high = _parse_limit(request, "from"), _parse_limit(request, "upto")
    rows = _band_rows(latest, question, low, high)
    seen = rows[rows["lead_id"].isin(_visible_ids(request, rows))]
    page = Paginator(range(len(seen)), LEADS).get_page(request.GET.get("page"))
    page_rows = seen.iloc[list(page.object_list)]
    people = Lead.objects.select_related("owner", "campaign").in_bulk(page_rows["lead_id"].tolist())
    context = {
        "agreement": agreement, "question": question, "proof": latest, "page": page, "low": low, "high": high,
        "lines": [{"lead": people.get(row["lead_id"]), **row} for row in page_rows.to_dict("records")],
        "total": len(rows), "hidden": len(rows) - len(seen), "currency": latest.evidence["currency"],
    }  # fmt: skip
    return render(request, "scoring/proof_leads.html", context)


def _get_agreement(request: HttpRequest, key: str) -> Agreement:
    return get_object_or_404(Agreement.objects.visible_to(cast(User, request.user)), kind=SCORE, key=key)


def _parse_limit(request: HttpRequest, name: str) -> float | None:
    try:
        limit = read_decimal(request.GET.get(name))
    except BadValue as error:
        raise Http404(str(error)) from None
    return None if limit is None else float(limit)


def _band_rows(proof: Any, question: Question, low: float | None, high: float | None) -> Any:
    rows = cuts.load_cut(proof, question.by, question.reader) if question.value else load_scores(proof)
    chosen = rows["score"] >= (float("-inf") if low is None else low)
    if high is not None:
        chosen &= rows["score"] < high
    if question.value:
        chosen &= (rows["cut"] == question.value).to_numpy(dtype=bool)
    return rows.loc[chosen, ["lead_id", "asked_at", "score", "won", "revenue"]]


def _visible_ids(request: HttpRequest, rows: Any) -> set[int]:
    user = cast(User, request.user)
    ids = rows["lead_id"].tolist()
    leads = Lead.objects.visible_to(user)
    if len(ids) > 50_000:
        return set(leads.values_list("pk", flat=True))
    return set(leads.filter(pk__in=ids).values_list("pk", flat=True))
