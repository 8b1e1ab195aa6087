"""The chain that makes numbers of records, every night and after each import; each room adds its own steps.

A room declares them in a module `steps.py`, found when Django starts. Rooms come in their order, floor to roof, and
the steps of a room as they were declared; what only readies records for the facts comes before all. A step can be killed and done again at any time: it asks what is left.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from facts.refresh import Progress, refresh, stage_rows

STAGE_SECONDS = 40  # below what one bell may take


@dataclass(frozen=True)
class Step:
    """One step of the chain: `work` returns how many rows it wrote, or None when it must be called again."""

    name: str
    label: str
    work: Callable[[Progress], int | None]
    comes_first: bool = False  # what it writes is copied to the facts

    @property
    def room(self) -> str:
        return self.work.__module__.split(".")[0]


_steps: dict[str, Step] = {}


def register_step(step: Step) -> None:
    _steps[step.name] = step


def ordered_steps() -> list[Step]:
    """Return the chain in the order of the apps."""
    roof_to_floor = list(settings.INSTALLED_APPS)
    return sorted(_steps.values(), key=lambda step: (not step.comes_first, -roof_to_floor.index(step.room)))


def copy_facts(progress: Progress) -> int | None:
    """Bring the columnar facts up to date; a first copy of very much comes in portions."""
    if not stage_rows(STAGE_SECONDS, progress=progress):
        return None
    return sum(refresh(progress=progress, wait=False).exported.values())


register_step(Step("facts", "Copy what changed to the facts", copy_facts))
