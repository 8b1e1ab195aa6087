"""The pages of agreements: the list, one agreement with its history, proposing, answering, and who signs."""

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
from agreements.permissions import DRAFT_VERSION, can_propose_own
from agreements.seat_actions import name_signatory
from agreements.signing import seat_holder
from core.date_formatting import format_day
from core.form_errors import cleaned_or_error
from core.request_values import read_int
from team.access import has_right, require_right
from team.accounts.consents import is_open
from team.accounts.views import describe_wait
from team.models import ConsentRequest, User

PER_PAGE = 50
form_view = require_http_methods(["GET", "HEAD", "POST"])


@login_required
@require_safe
def agreement_list(request: HttpRequest) -> HttpResponse:
    kind, text = request.GET.get("kind", ""), request.GET.get("q", "")[:100]
    page = Paginator(queries.search_agreements(cast(User, request.user), kind, text), PER_PAGE).get_page(
        request.GET.get("page")
    )
    lines = [queries.agreement_row(agreement) for agreement in page]
    user = cast(User, request.user)
    context = {
        "page": page,
        "lines": lines,
        "kinds": kinds.all_kinds(),
        "kind": kind,
        "words": text,
        "may_draft": DRAFT_VERSION.is_open_to(user),
    }
    return render(request, "agreements/list.html", context)


@login_required
@require_safe
def agreement_detail(request: HttpRequest, pk: int) -> HttpResponse:
    user = cast(User, request.user)
    page = queries.agreement_page(get_object_or_404(Agreement.objects.visible_to(user), pk=pk), user)
    forms = {
        "dispute_form": DisputeForm(),
        "ruling_form": RulingForm(),
        "may_draft": DRAFT_VERSION.allows(user, page.kind),
        "sees_scores": has_right(request.user, "see_scores"),
        "sees_pay": has_right(request.user, "replay_plans"),
    }
    return render(request, "agreements/agreement.html", {"story": page, **forms})


@login_required
@form_view
def open_agreement(request: HttpRequest) -> HttpResponse:
    """Open an agreement of a kind with its first draft."""
    kind = kinds.get_kind(request.GET.get("kind", ""))
    if kind not in kinds.all_kinds():
        return render(request, "agreements/choose.html", {"kinds": kinds.all_kinds()})
    if kind.new_page:
        return redirect(kind.new_page)
    title = kind.starter.title if kind.starter and "starter" in request.GET else ""
    opening = OpeningForm(request.POST or None, kind=kind, initial={"title": title})
    return _propose_form(request, kind, None, opening)


@login_required
@form_view
def propose_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Propose a new version, beginning from what binds now."""
    agreement = get_object_or_404(Agreement.objects.visible_to(cast(User, request.user)), pk=pk)
    kind = kinds.get_kind(agreement.kind)
    return redirect(kind.page, agreement.key) if kind.page else _propose_form(request, kind, agreement, None)


def _propose_form(
    request: HttpRequest, kind: kinds.Kind, agreement: Agreement | None, opening: OpeningForm | None
) -> HttpResponse:
    user = cast(User, request.user)
    DRAFT_VERSION.require(user, kind)
    start = _version_to_start_from(request, agreement, user) if agreement else None
    starter = kind.starter if opening and "starter" in request.GET else None
    wording = WordingForm(
        request.POST or None, initial=_initial_wording(start, starter, is_following="after" in request.GET)
    )
    source = start or starter
    terms = kind.form(request.POST or None, initial=kind.form.initial_from(source.terms) if source else {})
    forms: list[Form] = [form for form in (opening, terms, wording) if form]
    checked = [form.is_valid() for form in forms]  # each, so that every fault is shown at once
    if request.method == "POST" and all(checked):
        entered = opening.cleaned_data if opening else {}
        key, title = (agreement.key, agreement.title) if agreement else (entered["key"], entered["title"])
        third = entered.get("third_side", "")
        version = _run_action(
            wording,
            lambda: _draft_from_forms(user, kind, key, title, third, wording, terms, "draft" not in request.POST),
        )
        if version:
            return redirect("agreement", version.agreement_id)
    context = {
        "kind": kind,
        "agreement": agreement,
        "forms": forms,
        "start": start,
        "may_propose": can_propose_own(user),
    }
    return render(request, "agreements/propose.html", context, status=422 if request.method == "POST" else 200)


def _version_to_start_from(request: HttpRequest, agreement: Agreement, user: User) -> Version | None:
    """Return the version that the address names, which the arbiter decided on, else what binds, else the newest."""
    readable = agreement.versions.readable_by(user)  # type: ignore[attr-defined]
    number = read_int(request.GET.get("after"), least=1)
    decided = readable.filter(number=number).first() if number else None
    return decided or agreement.in_force() or readable.first()


def _initial_wording(start: Version | None, starter: kinds.Starter | None, *, is_following: bool) -> dict[str, str]:
    """Begin from the text there is; a version that follows a decision of the arbiter gives the ruling as its reason."""
    if start is None:
        return {"text": starter.text if starter else ""}
    dispute = start.disputes.exclude(decided_at=None).select_related("arbiter").first() if is_following else None
    reason = f"{dispute.arbiter} decided on version {start.number}: {dispute.ruling}" if dispute else ""
    return {"text": start.text, "reason": reason}


def _draft_from_forms(
    user: User,
    kind: kinds.Kind,
    key: str,
    title: str,
    third: str,
    wording: WordingForm,
    terms: kinds.TermsForm,
    is_proposed: bool,
) -> Version:
    entered = wording.cleaned_data
    version = actions.draft_version(
        by=user, kind=kind.key, key=key, title=title, third_side=third, text=entered["text"], reason=entered["reason"],
        terms=terms.terms(), expires_on=entered["expires_on"], review_on=entered["review_on"], pilot_manager=entered["pilot_manager"],
    )  # fmt: skip
    return actions.propose_version(by=user, version=version) if is_proposed else version


def _run_action(form: Form, act: Callable[[], Any]) -> Any:
    """Run an action; what it refuses becomes a fault of the form."""
    try:
        with transaction.atomic():
            return act()
    except ValidationError as error:
        form.add_error(None, error)
    return None


@login_required
@require_POST
def answer_version(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Propose a draft, sign, dispute, decide or withdraw a version; what is refused is said on its page."""
    version = get_object_or_404(Version.objects.visible_to(cast(User, request.user)).select_related("agreement"), pk=pk)
    if verb not in ANSWERS:
        raise Http404
    try:
        messages.success(request, ANSWERS[verb](request, cast(User, request.user), version))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("agreement", version.agreement_id)


def _sign_version(request: HttpRequest, user: User, version: Version) -> str:
    signed = actions.sign_version(by=user, version=version)
    return (
        "Signed. The version is active." if signed.state == "in_force" else "Signed. The other side has been notified."
    )


def _propose_draft(request: HttpRequest, user: User, version: Version) -> str:
    actions.propose_version(by=user, version=version)
    return "Proposed. The other side has been notified."


def _withdraw_version(request: HttpRequest, user: User, version: Version) -> str:
    actions.withdraw_version(by=user, version=version)
    return "Withdrawn."


def _dispute_version(request: HttpRequest, user: User, version: Version) -> str:
    entered = cleaned_or_error(DisputeForm(request.POST))
    dispute = actions.dispute_version(
        by=user, version=version, reason=entered["reason"], decide_by=entered["decide_by"]
    )
    return f"Disputed. {dispute.arbiter} decides by {format_day(dispute.decide_by)}."


def _decide_dispute(request: HttpRequest, user: User, version: Version) -> str:
    entered = cleaned_or_error(RulingForm(request.POST))
    dispute = version.disputes.filter(decided_at=None).first()
    if dispute is None:
        raise ValidationError("This version is no longer disputed.")
    actions.decide_dispute(by=user, dispute=dispute, decision=entered["decision"], ruling=entered["ruling"])
    return "Decided. Both sides have been notified."


ANSWERS: dict[str, Callable[[HttpRequest, User, Version], str]] = {
    "propose": _propose_draft,
    "sign": _sign_version,
    "dispute": _dispute_version,
    "decide": _decide_dispute,
    "withdraw": _withdraw_version,
}


@require_right("manage_company")
@form_view
def name_signatories(request: HttpRequest) -> HttpResponse:
    """Who signs for each side, and who arbitrates."""
    if request.method == "POST":
        form = SeatForm(request.POST)
        if form.is_valid():
            waiting = _run_action(form, lambda: name_signatory(by=cast(User, request.user), **form.cleaned_data))
            if form.is_valid():
                person = form.cleaned_data["person"]
                messages.success(request, describe_wait(waiting) if waiting else f"{person} now holds the seat.")
                return redirect("signatories")
        messages.error(request, " ".join(str(fault) for faults in form.errors.values() for fault in faults))
    rows = [
        (
            Seat(seat),
            person := seat_holder(seat),
            SeatForm(initial={"seat": seat, "person": person}, auto_id=f"id_{seat}_%s"),
        )
        for seat in Seat.values
    ]
    requests = [row for row in ConsentRequest.objects.filter(kind="seat", decided_at=None) if is_open(row)]
    context = {"rows": rows, "requests": [(row, describe_wait(row)) for row in requests]}
    return render(request, "agreements/seats.html", context)
