"""What an evaluation saw of a detector."""

from dataclasses import dataclass

from alarms.costs import MoneyRange
from alarms.judges import Watch
from alarms.judging import Judgement
from alarms.registry import Finding


@dataclass(frozen=True)
class Verdict:
    """What an evaluation saw of a detector; with an error it saw nothing."""

    watch: Watch
    finding: Finding
    cost: MoneyRange | None = None
    error: str = ""

    @property
    def key(self) -> str:
        return self.watch.detector.key

    @property
    def judged(self) -> Judgement:
        return self.finding.judgement
