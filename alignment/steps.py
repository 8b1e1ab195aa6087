"""What the chain of computations does for alignment: the index is recorded, and pages are ready before their first reader."""

from alignment.index.actions import record_index
from alignment.prepared_values import prepare_values
from facts.refresh import Progress
from facts.steps import Step, register_step


def prepare_pages(progress: Progress) -> int:
    return prepare_values()


def keep_index(progress: Progress) -> int:
    """Store the index of the day, after the metrics and proofs that it is made of."""
    return record_index()


register_step(Step("alignment", "Prepare the plan, the matrix and the results of rounds", prepare_pages))
register_step(Step("index", "Record the alignment index", keep_index))
