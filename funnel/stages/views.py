"""The stages as they are defined, and proposing another definition. Nothing here takes effect without signatures."""

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agreements import actions, kinds
from agreements.forms import WordingForm
from agreements.models import Agreement, Version
from agreements.permissions import DRAFT_VERSION, can_propose_own
from facts.criteria import Draft
from funnel.definitions import FUNNEL, ONLY_KEY, STAGE, defined_stage, in_force
from funnel.stages.crm_stages import stage_key
from funnel.stages.drafts import BUYERS, KINDS, PHASES, STANDINGS, WAYS, Stage
from funnel.stages.forms import StageTerms, criteria_context
from team.models import User


@login_required
@require_safe
def stages_page(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    funnel, readable = in_force(), Agreement.objects.visible_to(user)
    agreements = {agreement.key: agreement for agreement in readable.filter(kind=STAGE)}
    waiting = set(Version.objects.open().filter(agreement__kind=STAGE).values_list("agreement__key", flat=True))
    label_tables = {"way": WAYS, "kind": KINDS, "phase": PHASES, "buyers": BUYERS, "standing": STANDINGS}
    rows = [
        {"stage": stage, "agreement": agreements.get(stage.key), "is_waiting": stage.key in waiting,
         "words": {name: labels[getattr(stage, name)] for name, labels in label_tables.items()}}
        for stage in funnel
    ]  # fmt: skip
    order = readable.filter(kind=FUNNEL, key=ONLY_KEY).first()
    context = {
        "funnel": funnel,
        "rows": rows,
        "order": order,
        "may_draft": DRAFT_VERSION.allows(user, kinds.get_kind(STAGE)),
    }
    return render(request, "funnel/stages.html", context)


@login_required
@require_POST
def criteria_rows(request: HttpRequest) -> HttpResponse:
    """The rows of the criteria after one of their buttons: htmx puts them in place of the rows before."""
    buyers = request.POST.get("buyers", "leads")
    draft = Draft.from_data(request.POST, "criteria")
    context = criteria_context("criteria", draft, buyers if buyers in BUYERS else "leads", cast(User, request.user))
    return render(request, "components/criteria.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def propose_stage(request: HttpRequest, key: str = "") -> HttpResponse:
    """Propose a definition of a stage, beginning from the one that holds, or of a new one."""
    user = cast(User, request.user)
    DRAFT_VERSION.require(user, kinds.get_kind(STAGE))
    stage = defined_stage(key) if key else None
    if key and stage is None:
        raise Http404
    terms = StageTerms(request.POST or None, initial=stage.terms if stage else NEW)
    terms.fields["criteria"].widget.reader = user  # type: ignore[attr-defined]
    wording = WordingForm(request.POST or None, initial={"text": stage.text if stage else ""})
    checked = [terms.is_valid(), wording.is_valid()]
    if request.method == "POST" and all(checked):
        version = _draft_stage(user, key, terms, wording, "draft" not in request.POST)
        if version:
            messages.success(
                request,
                "Kept as a draft." if version.state == "draft" else "Proposed. The other side has been notified.",
            )
            return redirect("agreement", version.agreement_id)
    context = {"stage": stage, "forms": [terms, wording], "may_propose": can_propose_own(user)}
    return render(request, "funnel/stage.html", context, status=422 if request.method == "POST" else 200)


NEW: dict[str, Any] = {**Stage("", "", 35).terms, "name": "", "buyers": "leads"}


def _draft_stage(user: User, key: str, terms: StageTerms, wording: WordingForm, is_proposed: bool) -> Version | None:
    entered = wording.cleaned_data
    definition = terms.terms()
    name = definition["name"]
    stage = Stage(**{"key": key or stage_key(name), **definition})
    try:
        _require_free(key, stage)
        with transaction.atomic():
            version = actions.draft_version(
                by=user, kind=STAGE, key=stage.key, title=name, third_side=stage.third_side, text=entered["text"],
                terms=definition, reason=entered["reason"], expires_on=entered["expires_on"], review_on=entered["review_on"], pilot_manager=entered["pilot_manager"],
            )  # fmt: skip
            return actions.propose_version(by=user, version=version) if is_proposed else version
    except ValidationError as error:
        wording.add_error(None, error)
    return None


def _require_free(key: str, stage: Stage) -> None:
    if not stage.key:
        raise ValidationError("Give the stage a name with letters in it.")
    if not key and defined_stage(stage.key):
        raise forms.ValidationError("A stage with this name already exists. Change that stage.")
