"""The pages of the company and its people: setting up, signing in to the demo, people, the company, oneself."""

from typing import cast

from allauth.account.utils import perform_login
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, ProtectedError, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import limits
from core.number_locale import propose_locale
from team import actions, seats, setup
from team.access import require_right
from team.accounts import invitations
from team.accounts.consents import is_open
from team.accounts.views import describe_wait
from team.forms import (
    CompanyForm,
    DemoSignInForm,
    PeopleForm,
    PersonForm,
    ProfileForm,
    SetupForm,
    TerritoryForm,
    TokenForm,
)
from team.models import ApiToken, Company, Territory, User
from team.seats import is_demo

PEOPLE_PER_PAGE = 50
TRIES_PER_HOUR = 10
BACKEND = "django.contrib.auth.backends.ModelBackend"
form_view = require_http_methods(["GET", "HEAD", "POST"])


@sensitive_post_parameters("password", "password_again", "token")
@never_cache
@form_view
def set_up(request: HttpRequest) -> HttpResponse:
    """Let the holder of the set-up token set up the company, once; then go on to the page that `next` in the address names."""
    if not setup.is_claimable():
        raise Http404
    proposed = propose_locale(request.headers.get("Accept-Language", ""))
    form = SetupForm(request.POST or None, initial={"time_zone": "UTC", "number_format": proposed})
    status = 200
    if request.method == "POST" and form.is_valid():
        if not limits.is_within_limit(request, what="setup", limit=TRIES_PER_HOUR):
            form.add_error(None, "There were too many attempts from your address. Try again in an hour.")
            status = 429
        elif ceo := _claim_or_add_error(form):
            login(request, ceo, backend=BACKEND)
            messages.success(request, "Your workspace is ready. Import your records first, or invite your people.")
            return redirect(_own_address(request, request.GET.get("next", "")))
    return render(request, "team/setup.html", {"form": form}, status=status)


def _claim_or_add_error(form: SetupForm) -> User | None:
    try:
        return setup.claim_deployment(token=form.cleaned_data["token"], founding=form.to_setup_details())
    except setup.WrongToken:
        form.add_error(
            "token", "This is not the latest set-up token. Copy it from the output of the command that started Accord."
        )
    except setup.AlreadyClaimed:
        raise Http404 from None
    return None


@require_POST
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """Sign a visitor in as one of the demo company's people: without a password, with the second factor where one is set up."""
    if not is_demo():
        raise Http404
    form = DemoSignInForm(request.POST)
    if not form.is_valid():
        raise Http404
    person = get_object_or_404(User, email=form.cleaned_data["email"].lower(), is_active=True)
    target = _own_address(request, form.cleaned_data["next"])
    person.backend = BACKEND  # type: ignore[attr-defined]
    if request.user.is_authenticated:
        logout(request)
    answer = perform_login(request, person, "none", redirect_url=target)
    return cast(HttpResponse, answer)


def _own_address(request: HttpRequest, target: str) -> str:
    """Return the address where it is one of this site, else the first page."""
    is_ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if is_ours else reverse("home")


@require_right("manage_company")
@require_safe
def people_list(request: HttpRequest) -> HttpResponse:
    form = PeopleForm(request.GET)
    people = User.objects.select_related("territory", "manager").order_by("-is_active", "name", "email")
    if form.is_valid():
        query, role = form.cleaned_data["q"], form.cleaned_data["role"]
        people = people.filter(role=role) if role else people
        people = people.filter(Q(name__icontains=query) | Q(email__icontains=query)) if query else people
    page = Paginator(people, PEOPLE_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "team/people.html", {"form": form, "page": page})


@never_cache
@require_right("manage_company")
@form_view
def add_person(request: HttpRequest) -> HttpResponse:
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        person = actions.add_person(by=_current_user(request), **form.cleaned_data)
        waiting = person.consent_requests.filter(decided_at=None).first()
        if waiting:
            messages.success(
                request, f"{person} has been added and can be invited after a consent. {describe_wait(waiting)}"
            )
            return redirect("people")
        return _show_invitation(request, person)
    return render(request, "team/person.html", {"form": form})


@require_right("manage_company")
@form_view
def edit_person(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User, pk=pk)
    form = PersonForm(request.POST or None, instance=person)
    if request.method == "POST" and form.is_valid():
        try:
            waiting = actions.change_person(by=_current_user(request), person=person, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, describe_wait(waiting) if waiting else f"{person} is saved.")
            return redirect("people")
    context = {
        "form": form,
        "person": User.objects.get(pk=pk),
        "tokens": person.api_tokens.filter(revoked_at=None),
        "requests": [
            (row, describe_wait(row)) for row in person.consent_requests.filter(decided_at=None) if is_open(row)
        ],
        "has_two_factor": is_mfa_enabled(person),
        "is_protected": seats.is_protected(person),
    }
    return render(request, "team/person.html", context)


@require_right("manage_company")
@require_POST
def invite_person(request: HttpRequest, pk: int) -> HttpResponse:
    return _show_invitation(request, get_object_or_404(User, pk=pk))


def _show_invitation(request: HttpRequest, person: User) -> HttpResponse:
    """Show the invitation link once, in the response body only: URLs and messages end up in logs."""
    try:
        link, sent = invitations.send_invitation(by=_current_user(request), person=person)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("person", person.pk)
    return _not_stored(render(request, "team/invited.html", {"person": person, "link": link, "sent": sent}))


@require_right("manage_company")
@form_view
def company_settings(request: HttpRequest) -> HttpResponse:
    form = CompanyForm(request.POST or None, instance=Company.get())
    if request.method == "POST" and form.is_valid():
        actions.change_company(by=_current_user(request), **form.to_company_fields())
        messages.success(request, "The company’s settings are saved.")
        return redirect("company")
    return render(request, "team/company.html", {"form": form})


@require_right("manage_company")
@require_safe
def territory_list(request: HttpRequest) -> HttpResponse:
    territories = Territory.objects.select_related("parent").annotate(how_many=Count("people")).order_by("name")
    page = Paginator(territories, PEOPLE_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "team/territories.html", {"page": page})


@require_right("manage_company")
@form_view
def edit_territory(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Add a territory, or change one."""
    territory = get_object_or_404(Territory, pk=pk) if pk else Territory()
    form = TerritoryForm(request.POST or None, instance=territory)
    if request.method == "POST" and form.is_valid():
        try:
            actions.save_territory(by=_current_user(request), territory=territory)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"{territory} is saved.")
            return redirect("territories")
    return render(request, "team/territory.html", {"form": form, "territory": territory})


@require_right("manage_company")
@require_POST
def remove_territory(request: HttpRequest, pk: int) -> HttpResponse:
    territory = get_object_or_404(Territory, pk=pk)
    try:
        actions.remove_territory(by=_current_user(request), territory=territory)
    except ProtectedError:
        messages.error(request, f"{territory} contains other territories or records. Move them first.")
    else:
        messages.success(request, f"{territory} is gone.")
    return redirect("territories")


@login_required
@form_view
def edit_profile(request: HttpRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=_current_user(request).pk))
    if request.method == "POST" and form.is_valid():
        actions.change_profile(by=_current_user(request), **form.cleaned_data)
        messages.success(request, "Your profile is saved.")
        return redirect("me")
    return render(request, "team/me.html", {"form": form})


@login_required
@form_view
def my_tokens(request: HttpRequest) -> HttpResponse:
    """List one's own tokens and issue one; its secret is in this answer only."""
    form, secret = TokenForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        _, secret = actions.issue_token(by=_current_user(request), **form.cleaned_data)
        form = TokenForm()
    page = Paginator(_current_user(request).api_tokens.all(), PEOPLE_PER_PAGE).get_page(request.GET.get("page"))
    context = {"form": form, "page": page, "secret": secret, "now": timezone.now()}
    return _not_stored(render(request, "team/tokens.html", context))


@login_required
@require_POST
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(ApiToken, pk=pk)
    actions.revoke_token(by=_current_user(request), token=token)
    messages.success(request, f"“{token.name}” has been revoked and no longer works.")
    return redirect("my_tokens")


def _current_user(request: HttpRequest) -> User:
    return cast(User, request.user)


def _not_stored(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store, private"
    return response
