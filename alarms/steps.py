"""What the chain does in this app: list restated figures and evaluate the detectors."""

from alarms.context import open_context
from alarms.digest import publish_digest
from alarms.evaluation import evaluate
from alarms.restated.detection import list_restated
from alarms.setups import all_watches
from facts.refresh import Progress
from facts.steps import Step, register_step
from team.models import Company


def evaluate_detectors(progress: Progress) -> int:
    """Judge all detectors on the newest facts; return how many alarms were opened. One transaction: safe to run again.

    The first evaluation of a day is followed by the digest.
    """
    opened = evaluate(open_context(), all_watches(), progress)
    publish_digest(Company.today())
    return len(opened)


register_step(Step("restated", "List restated figures", list_restated))
register_step(Step("alarms", "Evaluate the detectors", evaluate_detectors))
