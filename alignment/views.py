"""The front door: what a visitor meets who has no account."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from alignment import actions, detector
from alignment.forms import DetectorForm
from alignment.models import DetectorResult
from core import limits
from core.templatetags.form_key import FIELD
from team.seats import is_demo
from team.setup import is_claimable

RESULTS_PER_HOUR = 10
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
    return redirect(actions.keep_answers(form.answers(), request.POST.get(FIELD, "")))


def _ask(request: HttpRequest, form: DetectorForm, status: int = 200) -> HttpResponse:
    return render(request, "alignment/front_door.html", {"form": form}, status=status)


@never_cache
@require_safe
def detector_result(request: HttpRequest, token: str) -> HttpResponse:
    result = get_object_or_404(DetectorResult, token=token)
    context = {
        "result": result,
        "verdict": result.verdict,
        "degrees": detector.DEGREES,
        "questions": [(question, result.answers[question.key]) for question in detector.QUESTIONS],
        "safe_steps": detector.SAFE_STEPS,
        "stakes": detector.STAKES,
        "growth": detector.GROWTH,
        "link": settings.SITE_URL + result.get_absolute_url(),
        "claimable": is_claimable(),
        "demo": is_demo(),
    }
    response = render(request, "alignment/detector_result.html", context)
    response["X-Robots-Tag"] = "noindex"  # whoever has the link may read it; no search engine may list it
    return response
