"""The front door: what a visitor meets who has no account."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.html import format_html
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from alignment import actions, detector
from alignment.forms import DetectorForm
from alignment.models import MONTHS_STORED, DetectorResult
from core import limits
from core.templatetags.form_key import FIELD
from team.seats import is_demo
from team.setup import is_claimable

RESULTS_PER_HOUR = 10  # of one address
STORED_PER_MINUTE = 60  # of all addresses together
STORED_PER_DAY = 5_000
SHOWN_RESULT = "shown_detector_result"  # in the session: the token of the result that was shown in the workspace
TOO_MANY = (
    "Ten results have gone to your address within the hour, and that is the limit. "
    "Your answers are still here: ask for the result again later."
)


# Exempt from the CSRF check on purpose: its token needs a cookie, and a visitor gets none before answering. A forged
# post can gain nothing here: it would keep three anonymous answers behind a link that only its reader learns. Programs
# are kept out by a field that people do not see and by a limit per address.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def front_door(request: HttpRequest) -> HttpResponse:
    form = DetectorForm(request.POST) if request.method == "POST" else DetectorForm()
    if not form.is_valid():
        return _ask(request, form)
    if not limits.is_within_limit(request, what="detector", limit=RESULTS_PER_HOUR):
        form.add_error(None, TOO_MANY)
        return _ask(request, form, 429)
    if not _may_store_another():
        return _render_result(request, DetectorResult(**form.answers(), token=""))
    return redirect(actions.keep_answers(form.answers(), request.POST.get(FIELD, "")))


def _may_store_another() -> bool:
    """Tell whether all visitors together are within the limits; past them a result is shown and not stored."""
    return (
        limits.count_use("detector-minute", "all", limits.MINUTE) <= STORED_PER_MINUTE
        and limits.count_use("detector-day", "all", limits.DAY) <= STORED_PER_DAY
    )


def _ask(request: HttpRequest, form: DetectorForm, status: int = 200) -> HttpResponse:
    return render(request, "alignment/front_door.html", {"form": form}, status=status)


@never_cache
@require_safe
def detector_result(request: HttpRequest, token: str) -> HttpResponse:
    result = DetectorResult.objects.readable().filter(token=token).first()
    if result is None:
        return hide_from_others(request, render(request, "404.html", status=404))
    return _render_result(request, result)


@login_required
@never_cache
@require_safe
def begin_with_result(request: HttpRequest, token: str) -> HttpResponse:
    """Lead the person who has just set up the workspace into it, and show them their result there once."""
    result = DetectorResult.objects.readable().filter(token=token).first()
    if result and request.session.get(SHOWN_RESULT) != result.token:
        request.session[SHOWN_RESULT] = result.token
        message = format_html(
            'The detector’s result was “{}”. {} <a href="{}">Read what to do next</a>',
            result.verdict.degree.name, result.verdict.sentence, result.get_absolute_url(),
        )  # fmt: skip
        messages.info(request, message)
    return redirect("workspace")


def _render_result(request: HttpRequest, result: DetectorResult) -> HttpResponse:
    claimable = is_claimable()
    context = {
        "result": result,
        "verdict": result.verdict,
        "degrees": detector.DEGREES,
        "questions": [(question, result.answers[question.key]) for question in detector.QUESTIONS],
        "safe_steps": detector.SAFE_STEPS,
        "stakes": detector.STAKES,
        "growth": None
        if detector.GROWTH in [question.danger.cost for question in result.verdict.killers]
        else detector.GROWTH,
        "link": settings.SITE_URL + result.get_absolute_url() if result.token else "",
        "claimable": claimable,
        "can_sign_in": not claimable,
        "demo": is_demo(),
        "months_stored": MONTHS_STORED,
    }
    return hide_from_others(request, render(request, "alignment/detector_result.html", context))


def hide_from_others(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Keep the page out of search engines, and its address from every other site."""
    response["X-Robots-Tag"] = "noindex"
    # Without a referrer browsers send “Origin: null” with forms, and the sign-out button would be refused.
    response["Referrer-Policy"] = "same-origin" if request.user.is_authenticated else "no-referrer"
    return response
