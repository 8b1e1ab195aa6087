"""What the chain does in this room: keep every metric as it is known now, and have the dashboard ready."""

from core.work import portion_seconds
from facts.engine import open_facts
from facts.refresh import Progress
from facts.steps import Step, register_step
from kpis.precompute import prepare_dashboards
from kpis.snapshots import take_snapshots
from scoring.proof.nightly import prove_in_force

PORTION_SECONDS = 40  # below the time limit of one message


def keep_figures(progress: Progress) -> int | None:
    """Keep the figures of the newest facts; None when time ran out before all metrics were computed."""
    return take_snapshots(open_facts(), progress, seconds=portion_seconds(PORTION_SECONDS))


def prepare_figures(progress: Progress) -> int | None:
    """Compute ahead what the dashboard's first readers ask."""
    return prepare_dashboards(progress, seconds=portion_seconds(PORTION_SECONDS))


def prove_scores(progress: Progress) -> int:
    """Prove the active scores: here, for the moves and hand-offs that say who was to be judged when are copied late."""
    return prove_in_force(progress)


register_step(Step("metrics", "Compute the metrics", keep_figures))
register_step(Step("dashboard", "Prepare the dashboard", prepare_figures))
register_step(Step("proofs", "Prove the active scores", prove_scores))
