"""The page of the learned model put together: what there is to learn from, how the learning goes, what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import Http404

from agreements.models import Version
from core.charts import Chart
from core.request_values import read_id
from core.work import State
from facts.engine import open_facts
from scoring.learned.result import Reason, Result, compare_with_other
from scoring.learned.scope import Choice, list_choices
from scoring.learned.work import result_of
from scoring.models import Learning
from scoring.proof import charts
from scoring.proof.evidence import Evidence
from scoring.proof.measures import Band
from scoring.proof.verdict import monotone_words
from team.models import User


@dataclass(frozen=True)
class Line:
    """A band as the table of bands shows it."""

    band: Band
    name: str
    leads: str = ""


class Page:
    """One learning, the newest unless another is asked for, and the choice of leads for the next."""

    def __init__(self, given: Mapping[str, str], reader: User) -> None:
        self.reader = reader
        self._run = given.get("run", "")

    @cached_property
    def learning(self) -> Learning | None:
        rows = Learning.objects.select_related("asked_by", "version__agreement")
        if not self._run:
            return rows.first()
        learning = rows.filter(pk=read_id(self._run) or 0).first()
        if learning is None:
            raise Http404("This learned model does not exist.")
        return learning

    @cached_property
    def choices(self) -> list[Choice]:
        facts = open_facts()
        return list_choices(facts) if facts.snapshot else []

    @property
    def chosen(self) -> str:
        """The source preselected for the next learning: the last one, else the first with enough outcomes."""
        sources = [choice.source for choice in self.choices]
        if self.learning and self.learning.source in sources and self._run:
            return self.learning.source
        enough = [choice.source for choice in self.choices if not choice.missing]
        return (enough or sources or [""])[0]

    @property
    def is_waiting(self) -> bool:
        return self.learning is not None and not self.learning.is_over

    @property
    def has_failed(self) -> bool:
        return self.learning is not None and self.learning.state == State.FAILED

    @cached_property
    def result(self) -> Result | None:
        return result_of(self.learning) if self.learning and self.learning.state == State.DONE else None

    @property
    def evidence(self) -> Evidence | None:
        return self.result.evidence if self.result else None

    @property
    def lines(self) -> list[Line]:
        """The bands of the leads held out, the best-scored first."""
        return [Line(band, charts.score_range(band)) for band in reversed(self.evidence.bands)] if self.evidence else []

    @property
    def highest(self) -> float:
        return max((line.band.interval[1] for line in self.lines if line.band.interval), default=1.0)

    @cached_property
    def drawn(self) -> list[Chart]:
        evidence = self.evidence
        if evidence is None or self.result is None:
            return []
        other = self.result.other
        name = f"{other.title}, version {other.number}" if other else ""
        drawn = [
            charts.reliability_chart(evidence), charts.gains_chart(evidence, other.evidence if other else None, "Learned", name), charts.rates_chart(evidence)
        ]  # fmt: skip
        return [chart for chart in drawn if chart]

    @property
    def monotone_words(self) -> str:
        return monotone_words(self.evidence) if self.evidence else ""

    @property
    def comparison(self) -> str:
        return compare_with_other(self.result) if self.result else ""

    @property
    def sides(self) -> list[tuple[str, Evidence]]:
        """The learned model and the active one, each with its evidence from the leads held out."""
        if not self.result or not self.evidence:
            return []
        other = self.result.other
        titled_evidence = [(f"{other.title}, version {other.number}", other.evidence)] if other else []
        return [("Learned", self.evidence), *titled_evidence]

    @property
    def rules(self) -> list[Reason]:
        return self.result.rules if self.result else []

    @property
    def version(self) -> Version | None:
        """The draft made of it, if the reader may read it."""
        version_id = (self.learning and self.learning.version_id) or 0
        return Version.objects.visible_to(self.reader).select_related("agreement").filter(pk=version_id).first()


def page_to_json(page: Page) -> dict[str, Any]:
    """What the API says of the page."""
    row, result = page.learning, page.result
    return {
        "id": row.pk if row else None,
        "state": row.state if row else "none",
        "doing": (row.last_error or row.doing) if row else "",
        "source": row.source if row else "",
        "as_of": row.as_of if row else None,
        "verdict": {"kind": result.verdict.kind, "sentence": result.verdict.sentence} if result else None,
        "result": result.as_json() if result else None,
        "draft": {"key": page.version.agreement.key, "number": page.version.number} if page.version else None,
        "choices": [
            {**choice.__dict__, "outcomes": choice.outcomes, "missing": choice.missing} for choice in page.choices
        ],
    }
