"""What the chain of computations does for alignment: its pages are ready before their first reader."""

from alignment.prepared_values import prepare_values
from facts.refresh import Progress
from facts.steps import Step, register_step


def prepare_pages(progress: Progress) -> int:
    return prepare_values()


register_step(Step("alignment", "Prepare the plan, the matrix and the results of rounds", prepare_pages))
