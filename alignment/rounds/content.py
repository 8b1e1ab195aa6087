"""Which agreements serve the disciplines of selling, and where there are none although Sales rates itself low."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from agreements.models import Agreement, Version
from alignment.rounds.results import DisciplineResult
from team.models import User

KINDS = ("content", "message", "persona")
LOW = 3.0  # the middle of the scale


@dataclass(frozen=True)
class ServedDiscipline:
    """A discipline as Sales rates it, with the active agreements that serve it."""

    result: DisciplineResult
    agreements: list[Agreement]

    @property
    def is_low(self) -> bool:
        """Whether any group rates it below the middle of the scale."""
        values = [reading.value for _name, reading in self.result.groups if reading.value is not None]
        return any(value < LOW for value in values)

    @property
    def is_hole(self) -> bool:
        return self.is_low and not self.agreements


def read_served(results: Iterable[DisciplineResult], reader: User) -> list[ServedDiscipline]:
    """Return the disciplines with what serves them, as far as the reader may read it; pilots of one team are left out."""
    results = list(results)
    if not results:
        return []
    versions = Version.objects.in_force().visible_to(reader).filter(agreement__kind__in=KINDS, pilot_manager=None)
    serving: dict[str, list[Agreement]] = defaultdict(list)
    for version in versions.select_related("agreement").order_by("agreement__title"):
        for key in version.terms.get("serves", ()):
            serving[key].append(version.agreement)
    return [ServedDiscipline(result, serving[result.discipline.key]) for result in results]
