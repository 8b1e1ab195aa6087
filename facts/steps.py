"""The chain of steps that computes all numbers, every night and after each import; each app adds its own steps.

An app declares them in a module `steps.py`, found when Django starts. Steps run in the order of the apps, lowest
layer first, and within an app as they were declared; those that only prepare records for the facts come before all.
A step can be killed and run again at any time: it looks for what is left.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from facts.refresh import Progress, refresh, stage_rows

STAGE_SECONDS = 40  # below the time limit of one background task


@dataclass(frozen=True)
class Step:
    """One step of the chain: `work` returns how many rows it wrote, or None when it must be called again."""

    name: str
    label: str
    work: Callable[[Progress], int | None]
    comes_first: bool = False  # what it writes is copied to the facts

    @property
    def app(self) -> str:
        return self.work.__module__.split(".")[0]


_steps: dict[str, Step] = {}


def register_step(step: Step) -> None:
    _steps[step.name] = step


def ordered_steps() -> list[Step]:
    """Return the chain in the order of the apps."""
    apps = list(settings.INSTALLED_APPS)
    return sorted(_steps.values(), key=lambda step: (not step.comes_first, -apps.index(step.app)))


def copy_facts(progress: Progress) -> int | None:
    """Bring the columnar facts up to date; a large first copy is staged over several calls."""
    if not stage_rows(STAGE_SECONDS, progress=progress):
        return None
    return sum(refresh(progress=progress, wait=False).exported.values())


register_step(Step("facts", "Copy changes to the facts", copy_facts))
