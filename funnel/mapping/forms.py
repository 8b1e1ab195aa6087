"""The forms of stage mapping: which Accord stage it is, how a deal in it ended, how likely it is won."""

from decimal import Decimal
from typing import Any

from django import forms

from crm.models import Outcome, StageTrack
from funnel.mapping.decisions import Stage
from funnel.stages.drafts import Funnel
from imports.mapping.stage_meanings import Meaning

ENDS = [(Outcome.LOST.value, "Lost"), (Outcome.NO_DECISION.value, "No decision")]


class WhichStageForm(forms.Form):
    """Which stage an address is about."""

    source = forms.CharField(max_length=40)
    track = forms.ChoiceField(choices=StageTrack.choices)
    pipeline = forms.CharField(max_length=255, required=False, strip=False)
    stage = forms.CharField(max_length=255, strip=False)

    def to_stage(self) -> Stage:
        return Stage(**self.cleaned_data)


class MeaningForm(forms.Form):
    ours = forms.ChoiceField(label="Accord stage", required=False)  # any stage of the company's funnel
    outcome = forms.ChoiceField(
        label="Outcome of its deals", required=False, choices=[("", "As in the source"), *Outcome.choices],
        help_text="A deal can be won, lost or end without a decision: a buyer who makes no decision was not lost to a competitor.",
    )  # fmt: skip
    percent = forms.DecimalField(
        label="Agreed chance to win", required=False, min_value=0, max_value=100, decimal_places=2,
        help_text="In percent, for open deals. Empty: as in the source.", widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "any"}),
    )  # fmt: skip

    def __init__(self, data: Any, *, stage: Stage, meaning: Meaning | None, funnel: Funnel) -> None:
        initial: dict[str, Any] = {}
        if meaning:
            percent = None if meaning.probability is None else f"{(meaning.probability * 100).normalize():f}"
            initial = {"ours": meaning.ours, "outcome": meaning.outcome, "percent": percent}
        super().__init__(data, initial=initial)
        self.fields["ours"].choices = _stage_choices(funnel, initial.get("ours", ""))  # type: ignore[attr-defined]
        if stage.track == StageTrack.REASON:
            del self.fields["ours"]
            self.fields["outcome"].choices = [("", "As in the source"), *ENDS]  # type: ignore[attr-defined]
            self.fields["outcome"].label = "Deals lost for this reason are"
        elif stage.track != StageTrack.DEAL:
            del self.fields["outcome"]
        if stage.track != StageTrack.DEAL:
            del self.fields["percent"]

    def to_meaning(self) -> Meaning:
        percent = self.cleaned_data.get("percent")
        chance = None if percent is None else Decimal(percent) / 100
        return Meaning(self.cleaned_data.get("ours", ""), self.cleaned_data.get("outcome", ""), chance)


def _stage_choices(funnel: Funnel, chosen: str) -> list[tuple[str, str]]:
    """Return the stages of the funnel by their signed names, and the chosen one also after it left the funnel."""
    choices = [("", "Not mapped"), *((stage.key, stage.name) for stage in funnel)]
    if chosen and funnel.get(chosen) is None:
        choices.append((chosen, f"{funnel.name(chosen)} (not in the funnel)"))
    return choices
