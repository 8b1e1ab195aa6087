"""A form that is submitted twice has its effect once: a double click, a reload, or the back button and Submit again.

Each form carries a key (`core.templatetags.form_key`). The first submission claims the key, and its answer is kept for
a day; the same content under the same key gets the same answer. A refused submission, or one that wrote nothing, is not
kept, and other content under the same key is a submission of its own.
"""

import hashlib
import re
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone

from core.encryption import Sealed, Unsealable
from core.templatetags.form_key import FIELD, is_key
from core.url_guard import is_api
from team.models import SubmittedForm, User

WRITES = re.compile(
    r'\s*(?:WITH\b.*?)?(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(?!django_session\b)', re.IGNORECASE | re.DOTALL
)
KEPT_FOR = timedelta(days=1)
ABANDONED_AFTER = timedelta(minutes=2)  # longer than any request may take
WAIT_SECONDS, PAUSE_SECONDS = 30.0, 0.05
LONGEST_BODY = 512 * 1024
DOUBLE_CLICK = timedelta(seconds=10)  # until then a second submission is a double click, and needs no explanation
HEADERS = (
    "Content-Type",
    "Location",
    "Cache-Control",
    "HX-Location",
    "HX-Redirect",
    "HX-Refresh",
    "HX-Retarget",
    "HX-Reswap",
    "HX-Trigger",
)
BUSY = "This form is still being processed. Wait a moment, then reload the page to see the result."
AGAIN = "You submitted this form before. It was not processed a second time."


class OncePerFormMiddleware:
    """Process each form of a signed-in person once."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method != "POST" or is_api(request) or not request.user.is_authenticated:
            return self.get_response(request)
        key = request.POST.get(FIELD, "")
        if not is_key(key):
            return self.get_response(request)
        form, is_ours = claim_form(request.user, key, digest_of(request))
        if is_ours:
            return self._process_form(request, form)
        return (
            answer_again(request, form)
            if form.answered_at
            else HttpResponse(BUSY, status=409, content_type="text/plain")
        )

    def _process_form(self, request: HttpRequest, form: SubmittedForm) -> HttpResponseBase:
        """Answer for the first time; what failed may be tried again."""
        writes = Writes()
        try:
            with connection.execute_wrapper(writes):
                response = self.get_response(request)
        except BaseException:
            release_form(form)
            raise
        if isinstance(response, HttpResponse) and is_done(response, writes.has_written):
            store_answer(form, request, response)
        else:
            release_form(form)
        return response


def is_done(response: HttpResponse, has_written: bool) -> bool:
    """Tell whether the form had its effect: not where it was refused, or waits until the password was entered again."""
    leads_to = response.headers.get("Location", "") + response.headers.get("HX-Redirect", "")
    waits = leads_to.startswith((reverse("account_reauthenticate"), reverse("mfa_reauthenticate")))
    return response.status_code < 400 and not waits and (response.status_code >= 300 or has_written)


class Writes:
    """Notices statements that write, other than to the session."""

    def __init__(self) -> None:
        self.has_written = False

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        self.has_written = self.has_written or bool(WRITES.match(str(sql)))
        return execute(sql, params, many, context)


def digest_of(request: HttpRequest) -> str:
    """Return the digest of where the form goes and all that was entered; files count by name and size."""
    digest = hashlib.sha256(request.get_full_path().encode())
    for name, values in sorted(request.POST.lists()):
        if name not in {"csrfmiddlewaretoken", FIELD}:
            digest.update(repr((name, values)).encode())
    for name, files in sorted(request.FILES.lists()):
        digest.update(repr((name, [(file.name, file.size) for file in files])).encode())
    return digest.hexdigest()


def claim_form(user: User, key: str, digest: str) -> tuple[SubmittedForm, bool]:
    """Return the row of the key, and whether the caller is to process the form.

    A submission under way is waited for; one that was abandoned, or was answered for other content, is taken over.
    """
    SubmittedForm.objects.filter(user=user, claimed_at__lt=timezone.now() - KEPT_FOR).delete()
    until = time.monotonic() + WAIT_SECONDS
    while True:
        form, is_new = SubmittedForm.objects.get_or_create(user=user, key=key, defaults={"digest": digest})
        is_answered = form.answered_at is not None and form.digest == digest
        if is_new or is_answered:
            return form, is_new
        is_abandoned = form.claimed_at < timezone.now() - ABANDONED_AFTER
        if (form.answered_at or is_abandoned) and _reclaim_form(form, digest):
            return form, True
        if time.monotonic() > until:
            return form, False
        time.sleep(PAUSE_SECONDS)


def _reclaim_form(form: SubmittedForm, digest: str) -> bool:
    same = SubmittedForm.objects.filter(pk=form.pk, claimed_at=form.claimed_at, answered_at=form.answered_at)
    return bool(same.update(digest=digest, claimed_at=timezone.now(), answered_at=None, answer=Sealed("")))


def release_form(form: SubmittedForm) -> None:
    SubmittedForm.objects.filter(pk=form.pk).delete()


def store_answer(form: SubmittedForm, request: HttpRequest, response: HttpResponse) -> None:
    """Keep the answer with the messages that it leaves for the next page."""
    queued_messages = [
        [message.level, str(message.message)]
        for message in getattr(messages.get_messages(request), "_queued_messages", [])
    ]
    headers = {name: response.headers[name] for name in HEADERS if name in response.headers}
    answer = {
        "status": response.status_code,
        "headers": headers,
        "body": response.content.decode(),
        "messages": queued_messages,
    }
    if len(response.content) > LONGEST_BODY:
        answer |= {"status": 303, "headers": {"Location": request.get_full_path()}, "body": ""}
    SubmittedForm.objects.filter(pk=form.pk).update(answered_at=timezone.now(), answer=Sealed.of(answer))


def answer_again(request: HttpRequest, form: SubmittedForm) -> HttpResponse:
    """Answer as the first time."""
    try:
        answer = form.answer.open()
    except Unsealable:
        answer = {"status": 303, "headers": {"Location": request.get_full_path()}, "body": "", "messages": []}
    for level, message in answer["messages"]:
        messages.add_message(request, level, message)
    if 300 <= answer["status"] < 400 and form.answered_at and form.answered_at < timezone.now() - DOUBLE_CLICK:
        messages.info(request, AGAIN)
    if location := answer["headers"].pop("Location", ""):
        response: HttpResponse = HttpResponseRedirect(location, headers=answer["headers"])
        response.status_code = answer["status"]
        return response
    return HttpResponse(answer["body"], status=answer["status"], headers=answer["headers"])
