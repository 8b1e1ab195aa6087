"""The pages of the stage mapping: all stages of the sources, what one means, what changing it would move."""

from typing import cast
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.formatting import format_count
from crm.models import Outcome, StageDecision, StageTrack
from funnel.definitions import in_force
from funnel.mapping.decisions import (
    Moves,
    Stage,
    decide_meaning,
    decided_meaning,
    last_decision,
    preview_moves,
    undo_last_decision,
)
from funnel.mapping.forms import MeaningForm, WhichStageForm
from funnel.mapping.usage import guess_of, seen_stages
from funnel.stages.drafts import Funnel
from funnel.stages.drafts import Stage as AccordStage
from imports.mapping.catalogue import source_titles
from imports.mapping.stage_meanings import Meaning, usual_meaning_of
from team.access import require_right
from team.models import User

STAGES_PER_PAGE = 50


@require_right("import")
@require_safe
def stage_mapping(request: HttpRequest) -> HttpResponse:
    """List every stage that the sources' records show, the unmapped first."""
    stages = seen_stages()
    page = Paginator(stages, STAGES_PER_PAGE).get_page(request.GET.get("page"))
    rows = [(usage, _stage_url(usage.stage), _stage_url(usage.stage, "confirm_stage")) for usage in page]
    unmapped = sum(usage.is_unmapped for usage in stages)
    context = {"page": page, "rows": rows, "unmapped": unmapped, "last": last_decision()}
    return render(request, "funnel/mapping/stages.html", context)


def _stage_url(stage: Stage, page: str = "change_stage") -> str:
    return f"{reverse(page)}?{urlencode(stage.key)}"


@require_right("import")
@require_http_methods(["GET", "HEAD", "POST"])
def change_stage(request: HttpRequest) -> HttpResponse:
    """Say what a stage means: what it would move is shown before it is kept."""
    which = WhichStageForm(request.GET)
    if not which.is_valid():
        raise Http404
    stage = which.to_stage()
    meaning = decided_meaning(stage)
    usual_meaning, funnel = usual_meaning_of(stage.source, stage.track, stage.stage), in_force()
    form = MeaningForm(request.POST or None, stage=stage, meaning=meaning or usual_meaning, funnel=funnel)
    moves: Moves | None = None
    if request.method == "POST" and "drop" in request.POST:
        return _redirect_after_decision(request, decide_meaning(by=_current_user(request), stage=stage, meaning=None))
    if request.method == "POST" and form.is_valid():
        if "save" in request.POST:
            return _redirect_after_decision(
                request, decide_meaning(by=_current_user(request), stage=stage, meaning=form.to_meaning())
            )
        moves = preview_moves(stage, form.to_meaning())
    context = {
        "stage": stage, "form": form, "moves": moves, "outcomes": [(Outcome(old).label, Outcome(new).label, count) for old, new, count in (moves.outcomes if moves else ())], "is_decided": meaning is not None,
        "guess": guess_of(stage), "confirm": _stage_url(stage, "confirm_stage"),
        "source_title": dict(source_titles()).get(stage.source, stage.source), "track": StageTrack(stage.track).label,
        "usual": funnel.name(usual_meaning.ours) if usual_meaning else "", "address": _stage_url(stage),
        "without_effect": _stage_without_effect(stage, form, funnel),
    }  # fmt: skip
    return render(request, "funnel/mapping/stage.html", context)


@require_right("import")
@require_POST
def confirm_stage(request: HttpRequest) -> HttpResponse:
    """Keep what was guessed of a stage as the company's decision."""
    which = WhichStageForm(request.GET)
    if not which.is_valid():
        raise Http404
    stage = which.to_stage()
    guess = guess_of(stage)
    if guess is None:
        messages.warning(request, f"The guess for “{stage.stage}” is confirmed or gone. Reload the page.")
        return redirect("stage_mapping")
    meaning = decided_meaning(stage) or Meaning(
        (usual_meaning_of(stage.source, stage.track, stage.stage) or Meaning()).ours
    )
    ours = meaning.ours or (guess.outcome if in_force().get(guess.outcome) else "")
    return _redirect_after_decision(
        request,
        decide_meaning(
            by=_current_user(request), stage=stage, meaning=Meaning(ours, guess.outcome, meaning.probability)
        ),
    )


def _stage_without_effect(stage: Stage, form: MeaningForm, funnel: Funnel) -> AccordStage | None:
    """Return the chosen Accord stage if no lead enters it because of its stage in the CRM."""
    chosen = funnel.get(str(form["ours"].value() or "")) if "ours" in form.fields else None
    is_of_leads = stage.track in {StageTrack.LIFECYCLE, StageTrack.STATUS}
    return chosen if chosen and is_of_leads and not chosen.uses_crm_stage else None


def _current_user(request: HttpRequest) -> User:
    return cast(User, request.user)


def _redirect_after_decision(request: HttpRequest, decision: StageDecision) -> HttpResponse:
    moved = "1 deal moved" if decision.moved == 1 else f"{format_count(decision.moved)} deals moved"
    messages.success(request, f"“{decision.stage}” is mapped; {moved}. The next run updates the numbers.")
    return redirect("stage_mapping")


@require_right("import")
@require_POST
def undo_stage(request: HttpRequest) -> HttpResponse:
    """Undo the last decision."""
    undone = undo_last_decision(by=_current_user(request))
    if undone:
        messages.success(request, f"The mapping of “{undone.stage}” was undone.")
    else:
        messages.warning(request, "There is no mapping to undo.")
    return redirect("stage_mapping")
