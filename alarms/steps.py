"""What the chain does in this app: evaluate the detectors."""

from alarms.context import open_context
from alarms.evaluation import evaluate
from alarms.setups import all_watches
from facts.refresh import Progress
from facts.steps import Step, register_step


def evaluate_detectors(progress: Progress) -> int:
    """Judge all detectors on the newest facts; return how many alarms were opened. One transaction: safe to run again."""
    return len(evaluate(open_context(), all_watches(), progress))


register_step(Step("alarms", "Evaluate the detectors", evaluate_detectors))
