"""The steps of a joint review, in their order. One more step is one more declaration."""

from collections.abc import Callable
from dataclasses import dataclass

from alignment.review import content
from alignment.review.alarm_content import read_alarms_step
from alignment.review.content import Content, ReviewReader


@dataclass(frozen=True)
class ReviewStep:
    """A screen of the review. `read` returns what it shows, which is frozen when the review is closed; None shows rows alone."""

    key: str
    title: str
    question: str
    read: Callable[[ReviewReader], Content] | None = None

    @property
    def template(self) -> str:
        return f"alignment/review/steps/{self.key}.html"


PREVIOUS, DECISIONS, SUMMARY = "previous", "decisions", "summary"
STEPS = (
    ReviewStep(PREVIOUS, "Decisions of the last review", "What became of what we decided?"),
    ReviewStep("goals", "Goals", "Do we reach what we both want?", content.read_goals_step),
    ReviewStep("alarms", "Alarms", "What changed for the worse, and what does it cost?", read_alarms_step),
    ReviewStep("funnel", "Funnel", "What moved since the last review?", content.read_funnel_step),
    ReviewStep("slas", "SLAs", "Did each side do what it owes the other?", content.read_slas_step),
    ReviewStep("leads", "Leads", "Which leads do we want more of, and what did Sales think of them?", content.read_leads_step),
    ReviewStep("campaigns", "Campaigns", "Which campaigns bring revenue?", content.read_campaigns_step),
    ReviewStep(DECISIONS, "Decisions", "Who does what, and by when?"),
    ReviewStep(SUMMARY, "Summary", "Do we both agree on this?"),
)  # fmt: skip
_BY_KEY = {step.key: step for step in STEPS}
STEP_CHOICES = [(step.key, step.title) for step in STEPS]


def find_step(key: str) -> ReviewStep | None:
    return _BY_KEY.get(key)


def neighbours(step: ReviewStep) -> tuple[ReviewStep | None, ReviewStep | None]:
    """Return the step before and the step after."""
    index = STEPS.index(step)
    return (STEPS[index - 1] if index else None, STEPS[index + 1] if index + 1 < len(STEPS) else None)
