"""The score models as the list shows them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Prefetch, QuerySet

from agreements.models import Agreement, Version
from agreements.queries import STATES
from scoring.checking import faults
from scoring.definitions import SCORE
from scoring.models import Score

WAITING = {"disputed", "proposed", "draft"}


@dataclass(frozen=True)
class Line:
    """One model: the version that binds, the one that waits, and how many leads it scores."""

    agreement: Agreement
    binding: Version | None
    waiting: Version | None
    scored: int

    @property
    def shown(self) -> Version | None:
        return self.binding or self.waiting

    @property
    def threshold(self) -> Any:
        return self.shown.terms.get("threshold") if self.shown else None

    @property
    def asked(self) -> Any:
        """The threshold that waits for signatures, where it is another one."""
        found = self.waiting.terms.get("threshold") if self.waiting else None
        return found if self.binding and found != self.threshold else None

    @property
    def door(self) -> str:
        return "PQL" if self.shown and self.shown.terms.get("door") == "pql" else "MQL"

    @property
    def is_broken(self) -> bool:
        return bool(self.binding and faults(self.binding.terms))

    @property
    def badge(self) -> tuple[str, str]:
        return STATES["in_force" if self.binding else self.waiting.state if self.waiting else "missing"]

    @property
    def waiting_badge(self) -> tuple[str, str] | None:
        return STATES[self.waiting.state] if self.binding and self.waiting else None


def agreements() -> QuerySet[Agreement]:
    """Return the score models, each with its versions, the newest first."""
    versions = Version.objects.select_related("agreement", "proposed_by", "drafted_by").prefetch_related(
        "signatures__signed_by", "disputes"
    )
    return Agreement.objects.filter(kind=SCORE).order_by("title", "pk").prefetch_related(Prefetch("versions", versions))


def lines(found: Iterable[Agreement]) -> list[Line]:
    chosen = list(found)
    counted = Score.objects.filter(model__in=[one.key for one in chosen]).values("model").annotate(n=Count("pk"))
    scored = {row["model"]: row["n"] for row in counted}
    return [_line(agreement, scored.get(agreement.key, 0)) for agreement in chosen]


def _line(agreement: Agreement, scored: int) -> Line:
    versions = [version for version in agreement.versions.all() if version.pilot_manager_id is None]
    states = {version.pk: version.state for version in versions}
    binding = next((version for version in versions if states[version.pk] == "in_force"), None)
    waiting = next((version for version in versions if states[version.pk] in WAITING), None)
    return Line(agreement, binding, waiting, scored)
