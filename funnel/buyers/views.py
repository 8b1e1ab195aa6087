"""One page per buyer: who it is, what serves it now, and all that ever happened on one line of time."""

from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.htmx import render_live
from crm.models import Account, ContentAsset, ContentUse, Lead
from funnel import actions
from funnel.buyers import actions as buyer_actions
from funnel.buyers.actions import note_use
from funnel.buyers.timeline import scope_of, timeline_page, timelines
from funnel.definitions import in_force
from funnel.handoffs.queries import read_clocks
from funnel.inbox.rows import Waiting
from funnel.models import HandOff
from funnel.permissions import MOVE_BUYER, NOTE_CONTENT_USE, PASS_LEAD_ON, SPOT_OPPORTUNITY, stages_open_to
from funnel.queries import stage_of
from funnel.stages.drafts import Funnel, Stage
from scoring.explanation import explain_scores
from scoring.icp.evaluate_one import evaluate_buyer as ideal_standing
from team.access import has_right, require_right
from team.models import Company, User

ASSETS = 6
MODELS: dict[str, type[Lead] | type[Account]] = {"lead": Lead, "account": Account}
REASONS = ("Not found in time", "Does not fit this buyer", "Did not know it", "Out of date")


class SpotForm(forms.Form):
    """An opportunity that was mentioned in a conversation, in ten seconds."""

    need = forms.CharField(label="Need", max_length=500)
    person = forms.CharField(label="Who said it?", required=False, max_length=120)
    when = forms.DateField(label="By when?", required=False, widget=forms.DateInput(attrs={"type": "date"}))


class UseForm(forms.Form):
    asset = forms.ModelChoiceField(ContentAsset.objects.all())
    reason = forms.CharField(required=False, max_length=255)


class MoveForm(forms.Form):
    """To which stage a buyer is moved by hand, and why where its criteria fail."""

    stage = forms.ChoiceField(label="To the stage")
    override = forms.CharField(
        label="Reason, if its criteria are not met", required=False, max_length=5000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The reason is saved with the move and visible to everyone.",
    )  # fmt: skip

    def __init__(self, stages: list[Stage], data: Any = None) -> None:
        super().__init__(data)
        self.fields["stage"].choices = [(stage.key, stage.name) for stage in stages]  # type: ignore[attr-defined]


def _get_buyer(request: HttpRequest, kind: str, pk: int) -> Any:
    rows = MODELS[kind].objects.visible_to(request.user)
    related = (
        ("owner", "account__owner", "account__vertical", "vertical", "campaign", "contact")
        if kind == "lead"
        else ("owner", "vertical", "territory")
    )
    return get_object_or_404(rows.select_related(*related), pk=pk)


@login_required
@require_safe
def buyer_page(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    buyer, user = _get_buyer(request, kind, pk), cast(User, request.user)
    kind_filter = request.GET.get("kind", "")
    funnel, stage = in_force(user), stage_of(buyer)
    waiting = _open_handoff(buyer) if kind == "lead" else None
    context = {
        "buyer": buyer,
        "kind": kind,
        "stage": funnel.name(stage) if stage else "",
        "line": timeline_page(
            scope_of(buyer, user), kind_filter if kind_filter in timelines() else "", request.GET.get("before", "")
        ),
        "kinds": {key: part.label for key, part in timelines().items()},
        "asked": kind_filter,
        "ideal": ideal_standing(buyer),
        "explained": explain_scores(buyer) if kind == "lead" and _sees_reasons(user) else [],
        "waiting": waiting,
        "may_pass": bool(waiting) and PASS_LEAD_ON.allows(user, waiting.handoff if waiting else None),
        "may_move": bool(stages_open_to(user, buyer, funnel, stage)),
        "may_note_use": NOTE_CONTENT_USE.is_open_to(user),
        "assets": _fitting_content(buyer, funnel, stage) if kind == "lead" else [],
        "finder_query": _finder_query(buyer) if kind == "lead" else "",
        "reasons": REASONS,
        "may_spot": SPOT_OPPORTUNITY.is_open_to(user),
    }
    return render_live(request, "funnel/buyer.html", context)


def _sees_reasons(user: User) -> bool:
    """Tell whether the user sees why a lead has its score: those who see scores and those who work leads."""
    return has_right(user, "see_scores") or has_right(user, "work_leads")


def _open_handoff(lead: Lead) -> Waiting | None:
    """Return the open hand-off of a lead with its clock."""
    handoff = HandOff.objects.open().filter(lead=lead).select_related("to_owner__user").first()
    return Waiting(handoff, read_clocks([handoff])[handoff.pk]) if handoff else None


def _finder_query(lead: Lead) -> str:
    """Return the persona and the industry of a lead as the query of the content finder."""
    vertical = lead.vertical or (lead.account.vertical if lead.account else None)
    return urlencode({name: value for name, value in (("persona", lead.persona), ("vertical", vertical)) if value})


@dataclass(frozen=True)
class Fitting:
    """An asset that fits a lead, and what was said of it."""

    asset: ContentAsset
    use: ContentUse | None


def _fitting_content(lead: Lead, funnel: Funnel, stage: str) -> list[Fitting]:
    """Return content for the lead's persona and stage; what names neither serves everyone, and comes last."""
    here = funnel.get(stage)
    stage_words = {
        word.lower() for word in (stage, here.name if here else "", here.phase if here else "", lead.status) if word
    }
    rows = ContentAsset.objects.annotate(at_stage=Lower("stage"), who=Lower("persona"))
    fits = (Q(who=lead.persona.lower()) | Q(persona="")) & (
        Q(at_stage__in=stage_words) | Q(stage="") | Q(who=lead.persona.lower())
    )
    assets = list(rows.filter(fits).exclude(who="", at_stage="").order_by("-who", "name", "pk")[:ASSETS])
    uses = {
        use.asset_id: use for use in ContentUse.objects.filter(lead=lead, asset__in=assets).order_by("created_at", "pk")
    }
    return [Fitting(asset, uses.get(asset.pk)) for asset in assets]


@login_required
@require_POST
def note_content_use(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that an asset was used with the lead, or why it was not."""
    lead, form = _get_buyer(request, "lead", pk), UseForm(request.POST)
    if not form.is_valid() or (request.POST.get("unused") and not form.cleaned_data["reason"]):
        messages.error(request, "Enter why you did not use it.")
    else:
        reason = form.cleaned_data["reason"] if request.POST.get("unused") else ""
        done = note_use(by=cast(User, request.user), lead=lead, asset=form.cleaned_data["asset"], reason_unused=reason)
        messages.success(request, f"Noted: {done.asset} was {'not used: ' + reason if reason else 'used'}.")
    return redirect("buyer", "lead", pk)


@require_right("spot")
@require_http_methods(["GET", "HEAD", "POST"])
def spot_opportunity(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Raise an opportunity in one short form."""
    buyer, form = _get_buyer(request, kind, pk), SpotForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            enquiry = buyer_actions.spot_opportunity(by=cast(User, request.user), buyer=buyer, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            recipient = enquiry.owner or "the chief of Sales"
            messages.success(request, f"Saved. {recipient} has been notified.")
            return redirect("buyer", kind, pk)
    context = {"form": form, "buyer": buyer, "kind": kind, "today": Company.today()}
    return render(request, "funnel/opportunity.html", context, status=422 if request.method == "POST" else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def move_buyer(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Move a buyer to a stage by hand, forward or back; what its criteria say against it needs a reason."""
    buyer, user = _get_buyer(request, kind, pk), cast(User, request.user)
    funnel, here = in_force(user), stage_of(buyer)
    wanted = funnel.get(request.POST.get("stage", ""))
    stages = stages_open_to(user, buyer, funnel, here)
    if not stages or (wanted and wanted.key != here and wanted not in stages):
        raise PermissionDenied(MOVE_BUYER.refusal())
    form = MoveForm(stages, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            done = actions.move_buyer(by=user, buyer=buyer, **form.cleaned_data)
        except ValidationError as error:
            form.add_error("override", error)
        else:
            messages.success(request, f"{buyer} is in {funnel.name(done.stage)} now.")
            return redirect("buyer", kind, pk)
    context = {"form": form, "buyer": buyer, "kind": kind, "stage": funnel.name(here) if here else ""}
    return render(request, "funnel/move.html", context, status=422 if request.method == "POST" else 200)
