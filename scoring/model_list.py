"""The score models as the list shows them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, QuerySet

from agreements.models import Agreement, Version
from agreements.queries import STATES
from core.formatting import format_count, format_exact
from facts.engine import Facts, open_facts
from scoring.definitions import SCORE, of_version
from scoring.explorer import work
from scoring.explorer.answers import is_over_threshold
from scoring.explorer.score_arrays import Explored
from scoring.model_checks import find_faults
from team.models import User

WAITING = {"disputed", "proposed", "draft"}


@dataclass(frozen=True)
class Line:
    """One model: the version that binds, the one that waits, and how many leads it scores."""

    agreement: Agreement
    binding: Version | None
    waiting: Version | None
    scored: int
    over: int | None  # leads over its threshold by the newest facts; None while they are not counted

    @property
    def shown(self) -> Version | None:
        return self.binding or self.waiting

    @property
    def threshold(self) -> Any:
        return self.shown.terms.get("threshold") if self.shown else None

    @property
    def pending_threshold(self) -> Any:
        """The threshold that waits for signatures, where it is another one."""
        pending = self.waiting.terms.get("threshold") if self.waiting else None
        return pending if self.binding and pending != self.threshold else None

    @property
    def door(self) -> str:
        return "PQL" if self.shown and self.shown.terms.get("door") == "pql" else "MQL"

    @property
    def is_broken(self) -> bool:
        return bool(self.binding and find_faults(self.binding.terms))

    @property
    def badge(self) -> tuple[str, str]:
        return STATES["in_force" if self.binding else self.waiting.state if self.waiting else "missing"]

    @property
    def waiting_badge(self) -> tuple[str, str] | None:
        return STATES[self.waiting.state] if self.binding and self.waiting else None


def model_agreements(reader: User) -> QuerySet[Agreement]:
    """Return the score models, each with the versions that the reader may read, the newest first."""
    versions = (
        Version.objects.readable_by(reader)
        .select_related("agreement", "proposed_by", "drafted_by")
        .prefetch_related("signatures__signed_by", "disputes")
    )
    agreements = Agreement.objects.visible_to(reader).filter(kind=SCORE)
    return agreements.order_by("title", "pk").prefetch_related(Prefetch("versions", versions))


def model_lines(agreements: Iterable[Agreement]) -> list[Line]:
    chosen, facts = list(agreements), open_facts()
    scored = _count_scored(facts)
    return [_make_line(agreement, scored.get(agreement.key, 0), facts) for agreement in chosen]


def _count_scored(facts: Facts) -> dict[str, int]:
    """Return how many scores each model has, as of the newest facts: counting millions of rows in Postgres takes a second."""
    scores = facts.table("scores")
    counts = facts.execute(scores.group_by("model").aggregate(n=scores.count()))
    return {str(model): int(n) for model, n in zip(counts["model"], counts["n"], strict=True)}


def _make_line(agreement: Agreement, scored: int, facts: Facts) -> Line:
    versions = [version for version in agreement.versions.all() if version.pilot_manager_id is None]
    states = {version.pk: version.state for version in versions}
    binding = next((version for version in versions if states[version.pk] == "in_force"), None)
    waiting = next((version for version in versions if states[version.pk] in WAITING), None)
    return Line(agreement, binding, waiting, scored, _count_over(binding, facts))


def _count_over(binding: Version | None, facts: Facts) -> int | None:
    if binding is None or facts.snapshot is None or find_faults(binding.terms):
        return None
    model = of_version(binding)
    explored = work.request_arrays(facts, model, binding.terms)
    return int(is_over_threshold(explored, model.threshold).sum()) if isinstance(explored, Explored) else None


def describe_models(lines: list[Line]) -> str:
    """Say what is most worth knowing of the models: what waits, else who is ready."""
    pending = [line for line in lines if line.waiting and line.waiting.state in {"proposed", "disputed"}]
    if pending:
        first = pending[0].waiting
        assert first is not None
        more = f", and {len(pending) - 1} more wait" if len(pending) > 1 else ""
        return f"Version {first.number} of “{pending[0].agreement}” is {first.state}{more}."
    ready = [line for line in lines if line.over is not None]
    if not ready:
        return "No score model is active, so no leads are scored." if not any(line.binding for line in lines) else ""
    return _describe_ready(ready[0].over or 0, ready[0].scored, ready[0].threshold)


def _describe_ready(over: int, scored: int, threshold: float) -> str:
    if not scored:
        return "A score model is active, but no leads are scored yet."
    if scored == 1:
        return f"The one lead that is scored is {'at' if over else 'under'} {format_exact(threshold)} points{' or over: ready for Sales' if over else ''}."
    many = (
        "No lead"
        if not over
        else f"All {format_count(scored)} leads"
        if over == scored
        else f"{format_count(over)} of {format_count(scored)} leads"
    )
    if not over:
        return f"{many} of {format_count(scored)} is at {format_exact(threshold)} points or over."
    return f"{many} {'is' if over == 1 else 'are'} at {format_exact(threshold)} points or over: ready for Sales."
