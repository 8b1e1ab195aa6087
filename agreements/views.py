"""The pages of agreements: the list, one agreement as a story, proposing, answering, and who signs."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agreements import actions, kinds, queries
from agreements.forms import DisputeForm, OpeningForm, RulingForm, SeatForm, WordingForm
from agreements.models import Agreement, Seat, Version
from agreements.permissions import DRAFT_VERSION, may_propose_own
from agreements.signing import holder
from core.form_errors import cleaned
from team.access import may, needs
from team.accounts.consents import is_open
from team.accounts.views import waits
from team.models import ConsentRequest, User

PER_PAGE = 50
form_view = require_http_methods(["GET", "HEAD", "POST"])


@login_required
@require_safe
def agreements(request: HttpRequest) -> HttpResponse:
    kind, words = request.GET.get("kind", ""), request.GET.get("q", "")[:100]
    page = Paginator(queries.listed(cast(User, request.user), kind, words), PER_PAGE).get_page(request.GET.get("page"))
    lines = [queries.line(agreement) for agreement in page]
    user = cast(User, request.user)
    context = {
        "page": page,
        "lines": lines,
        "kinds": kinds.all_kinds(),
        "kind": kind,
        "words": words,
        "may_draft": DRAFT_VERSION.is_open_to(user),
    }
    return render(request, "agreements/list.html", context)


@login_required
@require_safe
def agreement(request: HttpRequest, pk: int) -> HttpResponse:
    user = cast(User, request.user)
    found = queries.story(get_object_or_404(Agreement.objects.visible_to(user), pk=pk), user)
    forms = {
        "dispute_form": DisputeForm(),
        "ruling_form": RulingForm(),
        "may_draft": DRAFT_VERSION.allows(user, found.kind),
        "sees_scores": may(request.user, "see_scores"),
    }
    return render(request, "agreements/agreement.html", {"story": found, **forms})


@login_required
@form_view
def open_agreement(request: HttpRequest) -> HttpResponse:
    """Open an agreement of a kind with its first draft."""
    kind = kinds.get(request.GET.get("kind", ""))
    if kind not in kinds.all_kinds():
        return render(request, "agreements/choose.html", {"kinds": kinds.all_kinds()})
    if kind.new_page:
        return redirect(kind.new_page)
    opening = OpeningForm(request.POST or None, kind=kind)
    return _propose(request, kind, None, opening)


@login_required
@form_view
def propose(request: HttpRequest, pk: int) -> HttpResponse:
    """Propose a new version, beginning from what binds now."""
    found = get_object_or_404(Agreement.objects.visible_to(cast(User, request.user)), pk=pk)
    kind = kinds.get(found.kind)
    return redirect(kind.page, found.key) if kind.page else _propose(request, kind, found, None)


def _propose(
    request: HttpRequest, kind: kinds.Kind, found: Agreement | None, opening: OpeningForm | None
) -> HttpResponse:
    user = cast(User, request.user)
    DRAFT_VERSION.require(user, kind)
    start = (found.in_force() or found.versions.shown_to(user).first()) if found else None
    wording = WordingForm(request.POST or None, initial={"text": start.text if start else ""})
    terms = kind.form(request.POST or None, initial=kind.form.initial_from(start.terms) if start else {})
    forms: list[Form] = [form for form in (opening, terms, wording) if form]
    checked = [form.is_valid() for form in forms]  # each, so that every fault is shown at once
    if request.method == "POST" and all(checked):
        key, title, third = (found.key, found.title, "") if found else _named(cast(OpeningForm, opening))
        version = _tried(
            wording, lambda: _drafted(user, kind, key, title, third, wording, terms, "draft" not in request.POST)
        )
        if version:
            return redirect("agreement", version.agreement_id)
    context = {"kind": kind, "agreement": found, "forms": forms, "start": start, "may_propose": may_propose_own(user)}
    return render(request, "agreements/propose.html", context, status=422 if request.method == "POST" else 200)


def _named(opening: OpeningForm) -> tuple[str, str, str]:
    cleaned = opening.cleaned_data
    return cleaned["key"], cleaned["title"], cleaned["third_side"]


def _drafted(
    user: User,
    kind: kinds.Kind,
    key: str,
    title: str,
    third: str,
    wording: WordingForm,
    terms: kinds.TermsForm,
    at_once: bool,
) -> Version:
    said = wording.cleaned_data
    version = actions.draft(
        by=user, kind=kind.key, key=key, title=title, third_side=third, text=said["text"], reason=said["reason"],
        terms=terms.terms(), expires_on=said["expires_on"], pilot_manager=said["pilot_manager"],
    )  # fmt: skip
    return actions.propose(by=user, version=version) if at_once else version


def _tried(form: Form, act: Callable[[], Any]) -> Any:
    """Run an action; what it refuses becomes a fault of the form."""
    try:
        with transaction.atomic():
            return act()
    except ValidationError as error:
        form.add_error(None, error)
    return None


@login_required
@require_POST
def answer(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Propose a draft, sign, dispute, decide or withdraw a version; what is refused is said on its page."""
    version = get_object_or_404(Version.objects.visible_to(cast(User, request.user)).select_related("agreement"), pk=pk)
    if verb not in ANSWERS:
        raise Http404
    try:
        messages.success(request, ANSWERS[verb](request, cast(User, request.user), version))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("agreement", version.agreement_id)


def _sign(request: HttpRequest, user: User, version: Version) -> str:
    signed = actions.sign(by=user, version=version)
    return "Signed. It is in force." if signed.state == "in_force" else "Signed. The other side has been told."


def _propose_draft(request: HttpRequest, user: User, version: Version) -> str:
    actions.propose(by=user, version=version)
    return "Proposed. The other side has been told."


def _withdraw(request: HttpRequest, user: User, version: Version) -> str:
    actions.withdraw(by=user, version=version)
    return "Withdrawn."


def _dispute(request: HttpRequest, user: User, version: Version) -> str:
    said = cleaned(DisputeForm(request.POST))
    found = actions.dispute(by=user, version=version, reason=said["reason"], decide_by=said["decide_by"])
    return f"Disputed. {found.arbiter} decides by {found.decide_by}."


def _decide(request: HttpRequest, user: User, version: Version) -> str:
    said = cleaned(RulingForm(request.POST))
    dispute = version.disputes.filter(decided_at=None).first()
    if dispute is None:
        raise ValidationError("This version is not disputed any more.")
    actions.decide(by=user, dispute=dispute, decision=said["decision"], ruling=said["ruling"])
    return "Decided. Both sides have been told."


ANSWERS: dict[str, Callable[[HttpRequest, User, Version], str]] = {
    "propose": _propose_draft,
    "sign": _sign,
    "dispute": _dispute,
    "decide": _decide,
    "withdraw": _withdraw,
}


@needs("manage_company")
@form_view
def seats(request: HttpRequest) -> HttpResponse:
    """Who signs for each side, and who arbitrates."""
    if request.method == "POST":
        form = SeatForm(request.POST)
        if form.is_valid():
            waiting = _tried(form, lambda: actions.name_signatory(by=cast(User, request.user), **form.cleaned_data))
            if form.is_valid():
                person = form.cleaned_data["person"]
                messages.success(request, waits(waiting) if waiting else f"{person} holds the seat now.")
                return redirect("signatories")
        messages.error(request, " ".join(str(fault) for faults in form.errors.values() for fault in faults))
    rows = [
        (
            Seat(seat),
            person := holder(seat),
            SeatForm(initial={"seat": seat, "person": person}, auto_id=f"id_{seat}_%s"),
        )
        for seat in Seat.values
    ]
    requests = [row for row in ConsentRequest.objects.filter(kind="seat", decided_at=None) if is_open(row)]
    context = {"rows": rows, "requests": [(row, waits(row)) for row in requests]}
    return render(request, "agreements/seats.html", context)
