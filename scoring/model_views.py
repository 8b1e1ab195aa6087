"""The page of a score model: edit it, read what that would mean, propose it, roll back."""

import re
from dataclasses import dataclass
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from agreements import kinds, queries
from agreements.forms import DisputeForm, OpeningForm, RulingForm
from agreements.models import Agreement, Version
from core.form_errors import error_message
from core.htmx import render_live, wants_region
from facts.criteria import Draft
from facts.rules import COMPARISONS, Subject, describe_rule, events_subject
from facts.rules import check_rule as check_rule
from scoring import defaults, svg
from scoring.definitions import SCORE
from scoring.drafts import SaveForm, roll_back, save_edited
from scoring.impact import Consequences, compute_consequences, describe_consequences
from scoring.model_editor import Editing, RuleDraft
from scoring.score_changes import page_of_movers
from scoring.terms import DOORS, SCORED
from team.access import has_right, require_right
from team.models import User

PREFIX = re.compile(r"leads|(fit|did)-\d{1,3}-rule")
form_view = require_http_methods(["GET", "HEAD", "POST"])


@require_right("see_scores")
@form_view
def score_model(request: HttpRequest, key: str) -> HttpResponse:
    """One model: the active version beside what is being edited. Nothing is kept without a button."""
    agreement = get_object_or_404(Agreement.objects.visible_to(cast(User, request.user)), kind=SCORE, key=key)
    return _render_page(request, agreement)


@require_right("set_scores")
@form_view
def new_model(request: HttpRequest) -> HttpResponse:
    """A further model, for a product or a segment, beginning from Accord's own."""
    return _render_page(request, None)


@dataclass
class PageState:
    """One look at the page: who looks at which model, what is in the form, what that would mean (none: faults)."""

    request: HttpRequest
    agreement: Agreement | None
    agreement_page: queries.AgreementPage | None
    start: Version | None
    editing: Editing
    form: SaveForm
    opening: OpeningForm | None
    impact: Consequences | None

    @property
    def user(self) -> User:
        return cast(User, self.request.user)

    @property
    def requested_action(self) -> str:
        """What is to be kept, draft or propose; nothing while a button only changes the form.

        A form that sends itself while a person types names the button pressed last, so a part of the page keeps nothing.
        """
        if wants_region(self.request):
            return ""
        pressed = next((verb for verb in ("draft", "propose") if verb in self.request.POST), "")
        return "" if self.editing.is_changing else pressed

    @property
    def key_and_title(self) -> tuple[str, str]:
        if self.agreement:
            return self.agreement.key, self.agreement.title
        assert self.opening is not None
        return self.opening.cleaned_data["key"], self.opening.cleaned_data["title"]


def _build_state(request: HttpRequest, agreement: Agreement | None) -> PageState:
    agreement_page = queries.agreement_page(agreement, cast(User, request.user)) if agreement else None
    start = _starting_version(request, agreement_page)
    editing = _read_editing(request, start.terms if start else defaults.TERMS)
    binding = agreement_page.binding.version.terms if agreement_page and agreement_page.binding else None
    impact = compute_consequences(editing.terms(), binding) if editing.find_faults() else None
    opening = None if agreement else OpeningForm(request.POST or None, kind=kinds.get_kind(SCORE))
    form = SaveForm(request.POST or None, start=start, editing=editing)
    return PageState(request, agreement, agreement_page, start, editing, form, opening, impact)


def _render_page(request: HttpRequest, agreement: Agreement | None) -> HttpResponse:
    state = _build_state(request, agreement)
    version = _save_version(state) if state.requested_action else None
    if version:
        return redirect("score_model", version.agreement.key)
    agreement_page = state.agreement_page
    context = {
        "agreement": agreement, "story": agreement_page, "start": state.start, "editing": state.editing, "form": state.form,
        "binding": agreement_page.binding.version if agreement_page and agreement_page.binding else None, "opening": state.opening,
        "sets_scores": has_right(request.user, "set_scores"), "dispute_form": DisputeForm(), "ruling_form": RulingForm(),
        **_form_context(state.editing), **_impact_context(state),
    }  # fmt: skip
    region = "live" if state.editing.is_changing else "consequences"
    return render_live(
        request, "scoring/model.html", context, region=region, status=422 if state.requested_action else 200
    )


def _starting_version(request: HttpRequest, agreement_page: queries.AgreementPage | None) -> Version | None:
    """The version that the editing begins from: the one asked for, else a newer one that waits, else what binds."""
    if agreement_page is None:
        return None
    number = request.POST.get("version") or request.GET.get("version", "")
    versions = [page_version.version for page_version in agreement_page.versions]
    requested = next((version for version in versions if str(version.number) == number), None)
    waiting = [page_version.version for page_version in agreement_page.pending]
    binding = agreement_page.binding.version if agreement_page.binding else None
    newer = [version for version in waiting if binding is None or version.number > binding.number]
    asked_for = next((version for version in newer if version.state != "draft"), None)
    return requested or asked_for or binding or next(iter(waiting), versions[0])


def _read_editing(request: HttpRequest, base: dict[str, Any]) -> Editing:
    """Return what is in the form; readers who may not edit can still try another threshold."""
    if "fit-count" in request.POST and has_right(request.user, "set_scores"):
        return Editing.from_data(request.POST, base)
    editing = Editing.from_terms(base)
    editing.threshold = (request.POST.get("threshold") or request.GET.get("threshold") or editing.threshold)[:20]
    return editing


def _save_version(state: PageState) -> Version | None:
    """Keep the draft or propose it; what is in the way is said beside its field, and nothing typed is lost."""
    if not has_right(state.user, "set_scores"):
        raise PermissionDenied
    form, at_once = state.form, state.requested_action == "propose"
    form.must_say_why = at_once
    checked = [form.is_valid(), state.opening is None or state.opening.is_valid()]
    if not all(checked) or state.impact is None:
        return None
    try:
        version = save_edited(
            state.user,
            state.key_and_title,
            form.cleaned_data,
            state.editing,
            state.impact,
            state.start,
            at_once=at_once,
        )
    except ValidationError as error:
        form.add_error(None, error_message(error))
        return None
    messages.success(state.request, "Proposed. The signatories have been notified." if at_once else "Kept as a draft.")
    return version


def _form_context(editing: Editing) -> dict[str, Any]:
    """What the rows of the form are drawn from."""
    return {
        "parts": [
            ("fit", "Who they are", [_rule_context(rule) for rule in editing.fit]),
            ("did", "What they did", [_rule_context(rule) for rule in editing.did]),
        ],
        "doors": DOORS,
        "counted": [(name, events.label) for name, events in SCORED.events.items()],
        "leads": criteria_context("leads", editing.leads, SCORED, "All leads."),
    }


def _rule_context(rule: RuleDraft) -> dict[str, Any]:
    empty_text = "No conditions yet." if rule.part == "fit" else "All records count."
    return {
        "rule": rule,
        "criteria": criteria_context(f"{rule.prefix}-rule", rule.draft, rule.subject, empty_text),
    }


def criteria_context(name: str, draft: Draft, subject: Subject, empty_text: str) -> dict[str, Any]:
    """What a rule in rows is drawn from."""
    rule = draft.to_rule(subject)
    has_words = bool(draft.groups or draft.opaque_rule) and not check_rule(rule, subject)
    return {
        "name": name, "draft": draft, "fields": sorted(subject.fields.values(), key=lambda field: field.label),
        "counts": [], "comparisons": COMPARISONS, "event_fields": [], "faults": [], "preview": "", "empty_text": empty_text,
        "criteria_url": reverse("score_criteria", args=[name]), "words": describe_rule(rule, subject) if has_words else "",
    }  # fmt: skip


def _impact_context(state: PageState) -> dict[str, Any]:
    impact, request = state.impact, state.request
    context = {
        "meant": impact,
        "sentence": describe_consequences(impact) if impact else "",
        "said": list(state.editing.all_faults()),
    }
    if impact is None or impact.after is None:
        return context
    pages = {name: request.POST.get(name) or request.GET.get(name) for name in ("coming", "going")}
    return {
        **context, "weeks": svg.draw_weeks(impact),
        "spread": svg.draw_spread(impact.after.explored.now, impact.after.meaning.threshold),
        **{name: page_of_movers(state.user, impact, name, page) for name, page in pages.items()},
    }  # fmt: skip


@require_right("set_scores")
@require_POST
def criteria_rows(request: HttpRequest, name: str) -> HttpResponse:
    """The rows of one rule after one of their buttons: htmx puts them in place of the rows before."""
    if not PREFIX.fullmatch(name):
        raise PermissionDenied
    subject = SCORED
    if name.startswith("did"):
        events = request.POST.get(name.replace("-rule", "-events"), "")
        subject = events_subject(SCORED.events.get(events) or SCORED.events["touches"])
    context = criteria_context(name, Draft.from_data(request.POST, name), subject, "No condition yet.")
    return render(request, "components/criteria.html", context)


@require_right("set_scores")
@require_POST
def roll_back_version(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Propose the terms of an earlier version again."""
    versions = Version.objects.visible_to(cast(User, request.user))
    version = get_object_or_404(versions, agreement__kind=SCORE, agreement__key=key, number=number)
    try:
        proposed = roll_back(cast(User, request.user), version)
    except ValidationError as error:
        messages.error(request, error_message(error))
    else:
        messages.success(
            request, f"Proposed as version {proposed.number}. It takes effect once both sides have signed."
        )
    return redirect("score_model", key)
