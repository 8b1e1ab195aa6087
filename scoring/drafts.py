"""Keep what was edited: as a draft, as a proposal to both sides, or an earlier version's terms once more."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction

from agreements import actions
from agreements.models import Version
from scoring.definitions import SCORE
from scoring.impact import Consequences, compute_consequences, consequences_to_evidence
from scoring.model_checks import find_faults
from scoring.model_editor import Editing
from team.models import User


class SaveForm(forms.Form):
    """Text of the agreement, and why."""

    text = forms.CharField(
        label="Text of the agreement", widget=forms.Textarea(attrs={"rows": 4}), max_length=20_000,
        help_text="Both sides sign this text and the rules.",
    )  # fmt: skip
    reason = forms.CharField(
        label="Why", required=False, widget=forms.Textarea(attrs={"rows": 2}), max_length=5_000,
        help_text="The signatories read it. Optional for a draft.",
    )  # fmt: skip

    def __init__(self, data: Any, *, start: Version | None, editing: Editing) -> None:
        text = start.text if start else "A lead is ready for Sales from these points on."
        super().__init__(data if data and "text" in data else None, initial={"text": text})
        self.start, self.editing = start, editing
        self.must_say_why = False

    def clean_text(self) -> str:
        """Update the threshold in a text that was not edited."""
        text = str(self.cleaned_data["text"])
        if self.start is None or "".join(text.split()) != "".join(self.start.text.split()):
            return text
        was = Editing.from_terms(self.start.terms).threshold
        return text.replace(f"from {was} points", f"from {self.editing.threshold} points")

    def clean_reason(self) -> str:
        reason = str(self.cleaned_data["reason"]).strip()
        if self.must_say_why and not reason:
            raise ValidationError("Enter a reason. The other side decides on it.")
        return reason


@transaction.atomic
def save_edited(
    user: User,
    key_and_title: tuple[str, str],
    form_data: dict[str, Any],
    editing: Editing,
    impact: Consequences,
    start: Version | None,
    *,
    at_once: bool,
) -> Version:
    """Write the draft, or write on in one's own, with what it would mean as evidence; propose it if asked to."""
    written = {
        "text": form_data["text"],
        "terms": editing.terms(),
        "reason": form_data["reason"],
        "evidence": consequences_to_evidence(impact),
    }
    if start and start.state == "draft" and start.drafted_by_id == user.pk:
        version = actions.redraft_version(by=user, version=start, **written)
    else:
        if start and start.state == "in_force" and start.terms == written["terms"]:
            raise ValidationError(f"Version {start.number} is the same. Change something first.")
        version = actions.draft_version(by=user, kind=SCORE, key=key_and_title[0], title=key_and_title[1], **written)
    return actions.propose_version(by=user, version=version) if at_once else version


@transaction.atomic
def roll_back(user: User, version: Version) -> Version:
    """Propose a version's terms again, as a new version that must be signed again.

    Raises:
        ValidationError: it is active, was never active, or refers to missing objects.
    """
    if version.state == "in_force":
        raise ValidationError(f"Version {version.number} is active already.")
    if version.in_force_at is None:
        raise ValidationError(
            f"Version {version.number} was never active. Start a new version from it and propose that."
        )
    if problems := find_faults(version.terms):
        raise ValidationError([f"Version {version.number} can no longer be computed.", *problems])
    binding = version.agreement.in_force()
    impact = compute_consequences(version.terms, binding.terms if binding else None)
    draft = actions.draft_version(
        by=user, kind=SCORE, key=version.agreement.key, text=version.text, terms=version.terms,
        reason=f"Back to version {version.number}.", evidence=consequences_to_evidence(impact),
    )  # fmt: skip
    return actions.propose_version(by=user, version=draft)
