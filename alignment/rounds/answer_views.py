"""Answering a round through a link: no account, no JavaScript, and nothing that tells who answers."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from alignment.disclosure import LEAST_DIFFERENCE, SPREAD_MINIMUM
from alignment.rounds import actions
from alignment.rounds.forms import AnswerForm, CodeForm, initial_from
from alignment.rounds.link_secrets import ANSWERS, SKILLS, clean_code, derive_key, digest_token
from alignment.rounds.models import AnswerSheet, Invitation, InvitationLink, Round, SkillSheet
from alignment.rounds.queries import result_readers
from alignment.rounds.questionnaire import SCALE
from core import limits
from team.models import Company

COOKIE = "answer_code"
COOKIE_SECONDS = 100 * 24 * 3600
CODES_PER_HOUR = 20
WRONG_CODE = "This code does not belong to the answers that were given through this link. Check it and try again."
TOO_MANY_CODES = "Too many codes were tried from your network. Try again in an hour."


# Exempt from the CSRF check on purpose: the link is the secret, and a forged form would have to know it. Answers that
# exist need the code besides, whose cookie is not sent along with forms of other sites (SameSite=Lax).
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def answer_round(request: HttpRequest, token: str) -> HttpResponse:
    """Show the questions behind a link, and store the answers."""
    link = InvitationLink.objects.filter(digest=digest_token(token)).select_related("invitation__round").first()
    if link is None:
        return _render(request, "alignment/rounds/link_unknown.html", {}, status=404)
    invitation = link.invitation
    if not invitation.round.is_open:
        return _render(request, "alignment/rounds/answer_closed.html", {"round": invitation.round})
    code = request.COOKIES.get(COOKIE, "")
    sheet = AnswerSheet.objects.filter(key=derive_key(token, code, ANSWERS)).first() if code else None
    if invitation.is_used and sheet is None:
        return _ask_code(request, token, invitation.round)
    return _answer(request, token, code, invitation, sheet)


def _answer(
    request: HttpRequest, token: str, code: str, invitation: Invitation, sheet: AnswerSheet | None
) -> HttpResponse:
    current, side = invitation.round, invitation.side
    skills = SkillSheet.objects.filter(key=derive_key(token, code, SKILLS)).first() if sheet else None
    initial = initial_from(sheet, skills) if sheet else {}
    form = AnswerForm(request.POST if request.method == "POST" else None, initial=initial, round=current, side=side)
    if form.is_valid():
        try:
            code = actions.submit_answers(token=token, code=code, submission=form.submission())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _remember(request, redirect("round_answered", token=token), token, code)
    context = {
        "form": form, "round": current, "invitation": invitation, "other": _other_side(side), "is_change": sheet is not None,
        "scale": SCALE, **_promises(current),
    }  # fmt: skip
    return _render(request, "alignment/rounds/answer.html", context, status=422 if form.errors else 200)


def _ask_code(request: HttpRequest, token: str, current: Round) -> HttpResponse:
    """Ask for the code of answers that were given before, so that no other holder of the link reads or changes them."""
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        code = clean_code(form.cleaned_data["code"])
        if not limits.is_within_limit(request, what="round_code", limit=CODES_PER_HOUR):
            form.add_error("code", TOO_MANY_CODES)
        elif AnswerSheet.objects.filter(key=derive_key(token, code, ANSWERS)).exists():
            return _remember(request, redirect("answer_round", token=token), token, code)
        else:
            form.add_error("code", WRONG_CODE)
    context = {"form": form, "round": current}
    return _render(request, "alignment/rounds/answer_code.html", context, status=422 if form.errors else 200)


@never_cache
@require_safe
def round_answered(request: HttpRequest, token: str) -> HttpResponse:
    """Thank the respondent and show the code with which the answers can be changed."""
    link = InvitationLink.objects.filter(digest=digest_token(token)).select_related("invitation__round").first()
    code = request.COOKIES.get(COOKIE, "")
    if link is None or not AnswerSheet.objects.filter(key=derive_key(token, code, ANSWERS)).exists():
        return redirect("answer_round", token=token)
    context = {"round": link.invitation.round, "code": code, "token": token}
    return _render(request, "alignment/rounds/answered.html", context)


def _promises(current: Round) -> dict[str, Any]:
    """Return what the page promises before anyone answers."""
    return {
        "readers": result_readers(), "spread_minimum": SPREAD_MINIMUM, "least_difference": LEAST_DIFFERENCE,
        "days_links_stored": actions.LINKS_STORED.days, "company": Company.get(),
    }  # fmt: skip


def _other_side(side: str) -> str:
    return "Sales" if side == "marketing" else "Marketing"


def _remember(request: HttpRequest, response: HttpResponse, token: str, code: str) -> HttpResponse:
    """Let the browser keep the code for the addresses of this link alone."""
    response.set_cookie(
        COOKIE, code, max_age=COOKIE_SECONDS, path=reverse("answer_round", args=[token]), httponly=True,
        secure=request.is_secure(), samesite="Lax",
    )  # fmt: skip
    return response


def _render(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """Render a page as for a visitor: it shows nothing of an account that the browser may be signed in to."""
    response = render(request, template, {**context, "user": AnonymousUser()}, status=status)
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    return response
