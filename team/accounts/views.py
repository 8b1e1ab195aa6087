"""The pages of what decides who can act as a person: one's own address, requests for a consent, the second factor."""

from collections.abc import Callable
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.date_formatting import format_day
from core.mail import sends_mail
from team import actions
from team.access import require_right
from team.accounts import consents, own_email
from team.accounts.history import describe_change
from team.forms import EmailForm
from team.models import AccountChange, ConsentRequest, User

PER_PAGE = 50
form_view = require_http_methods(["GET", "HEAD", "POST"])


@login_required
@never_cache
@form_view
def my_email(request: HttpRequest) -> HttpResponse:
    """Ask for a link to one's new address; where no mail is sent, say how the address is changed instead."""
    form = EmailForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            own_email.request_email_change(by=_current_user(request), email=form.cleaned_data["email"])
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(
                request, f"A link was sent to {form.cleaned_data['email']}. Follow it to confirm the address."
            )
            return redirect("me")
    context = {"form": form, "sends_mail": sends_mail()}
    return render(request, "team/my_email.html", context)


@login_required
@never_cache
@form_view
def confirm_my_email(request: HttpRequest, key: str) -> HttpResponse:
    """Confirm one's new address by the link that was mailed to it; following the link alone changes nothing."""
    user = _current_user(request)
    try:
        if request.method == "POST":
            person = own_email.confirm_email_change(by=user, key=key)
            messages.success(request, f"You sign in with {person.email} from now on.")
            return redirect("me")
        return render(request, "team/confirm_email.html", {"email": own_email.new_address(by=user, key=key)})
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("my_email")


@login_required
@require_safe
def account_requests(request: HttpRequest) -> HttpResponse:
    """What waits for a consent and what was decided, with the history of accounts, as far as it concerns the reader."""
    user = _current_user(request)
    rows = consents.visible_to(user)
    page = Paginator(rows.exclude(decided_at=None), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "waiting": [_request_row(row, user) for row in rows.filter(decided_at=None) if consents.is_open(row)],
        "decided": [(row, consents.describe_request(row)) for row in page],
        "page": page,
        "changes": [(change, describe_change(change)) for change in _visible_changes(user)],
    }
    return render(request, "team/account_requests.html", context)


def _request_row(row: ConsentRequest, user: User) -> dict[str, object]:
    consenters, refusers = consents.possible_consenters(row), consents.possible_refusers(row)
    recent = AccountChange.objects.filter(person=row.person).select_related("person", "by", "consent__decided_by")
    return {
        "row": row,
        "lines": consents.describe_request(row),
        "consenters": consenters,
        "may_grant": user.pk in {person.pk for person in consenters},
        "may_refuse": user.pk in {person.pk for person in refusers},
        "may_withdraw": user.pk == row.asked_by_id,
        "recent": [(change, describe_change(change)) for change in recent.order_by("-changed_at", "-pk")[:5]],
    }


def _visible_changes(user: User) -> list[AccountChange]:
    concerned = {person for row in consents.visible_to(user) for person in (row.person_id, row.owner_id)} | {user.pk}
    rows = AccountChange.objects.filter(person_id__in=concerned).select_related("person", "by", "consent__decided_by")
    return list(rows.order_by("-changed_at", "-pk")[:PER_PAGE])


@login_required
@require_POST
def answer_request(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Consent to a request, refuse it, or withdraw one's own."""
    if verb not in ANSWERS:
        raise Http404
    act, done = ANSWERS[verb]
    row = get_object_or_404(consents.visible_to(_current_user(request)), pk=pk)
    try:
        act(by=_current_user(request), request=row)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, done)
    return redirect("account_requests")


ANSWERS: dict[str, tuple[Callable[..., ConsentRequest], str]] = {
    "consent": (consents.grant_request, "You consented. The change is in effect."),
    "refuse": (consents.refuse_request, "You refused. Nothing was changed."),
    "withdraw": (consents.withdraw_request, "The request is withdrawn. Nothing was changed."),
}


@require_right("manage_company")
@require_POST
def reset_two_factor(request: HttpRequest, pk: int) -> HttpResponse:
    """Reset a person's second factor, or ask for the consent to it."""
    person = get_object_or_404(User, pk=pk)
    try:
        waiting = actions.reset_two_factor(by=_current_user(request), person=person)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(
            request, describe_wait(waiting) if waiting else f"{person} now signs in without a second factor."
        )
    return redirect("person", pk)


def describe_wait(request: ConsentRequest) -> str:
    """Say for whom a request waits."""
    if request.takes_effect_at:
        return (
            f"There is no one who can consent to this change, so it takes effect on {format_day(timezone.localtime(request.takes_effect_at))} "
            f"unless a signatory refuses it. The signatories are notified {_notice_channel()}."
        )
    names = " or ".join(str(person) for person in consents.possible_consenters(request))
    return f"This change needs the consent of {names}. Nothing is changed until then; they are notified {_notice_channel()}."


def _notice_channel() -> str:
    return "by mail and notice" if sends_mail() else "by a notice"


def _current_user(request: HttpRequest) -> User:
    return cast(User, request.user)
