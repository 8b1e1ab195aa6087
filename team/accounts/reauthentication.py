"""Signing and what else cannot be undone asks for the password or a code again, at most 15 minutes before.

The check is in the actions, so that no page and no address of the API can leave it out. What runs outside a
request (the set-up of the demo, commands, the worker) is not asked.
"""

import time

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY
from allauth.core import context
from allauth.core.exceptions import ReauthenticationRequired
from allauth.core.internal.httpkit import serialize_request
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from team.models import ApiToken, User
from team.seats import is_demo


def require(by: User) -> None:
    """Refuse to go on in a request whose user has not entered the password or a code lately.

    Raises:
        ReauthenticationRequired: a page then asks for the password and goes on; the API refuses.
    """
    request = context.request
    if request is None:
        return
    if request.user.pk != by.pk or is_by_token() or not _is_recent(request, by):
        raise ReauthenticationRequired


def is_by_token() -> bool:
    """Tell whether the request that is being answered came with an API token, which does not prove that its owner is present."""
    return isinstance(getattr(context.request, "auth", None), ApiToken)


def _is_recent(request: HttpRequest, user: User) -> bool:
    proofs = [record["at"] for record in get_authentication_records(request, user) if record.get("reauthenticated")]
    if proofs:
        return bool(time.time() - proofs[-1] < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)
    return is_demo() and not user.has_usable_password() and not is_mfa_enabled(user)


def redirect_to_reauthentication(request: HttpRequest) -> HttpResponse:
    """Redirect to the password page and keep the submitted request in the session, so that it goes on afterwards."""
    target, is_part = request.get_full_path(), bool(getattr(request, "htmx", False))
    if request.method == "POST":
        for name in [name for name in request.META if name.startswith("HTTP_HX_")]:
            del request.META[name]  # what goes on is a page of its own
        request.session[STATE_SESSION_KEY] = {"request": serialize_request(request)}
        target = request.path
    url = f"{reverse('account_reauthenticate')}?{urlencode({'next': target})}"
    if is_part:
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)
