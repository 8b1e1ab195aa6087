"""The funnel's steps of the nightly run: write the moves that follow from the facts, start their clocks, and copy both."""

from core.work import portion_seconds
from facts.refresh import Progress, refresh, stage_rows
from facts.steps import Step, register_step
from funnel.classify import classify_buyers
from funnel.handoffs.clock_tick import tick_clocks
from funnel.silences import update_silences

PORTION_SECONDS = 40  # below the time limit of one message


def write_moves(progress: Progress) -> int | None:
    """Let every buyer enter the stages whose criteria it fulfils; None when time ran out first."""
    return classify_buyers(progress, seconds=portion_seconds(PORTION_SECONDS))


def start_clocks(progress: Progress) -> int:
    """Hand over the leads that have just qualified, without waiting for the next clock tick."""
    return tick_clocks()["opened"]


def copy_moves(progress: Progress) -> int | None:
    """Copy the moves just written, so that the funnel's numbers know them."""
    if not stage_rows(portion_seconds(PORTION_SECONDS), progress=progress):
        return None
    return sum(refresh(progress=progress, wait=False).exported.values())


register_step(Step("classify", "Move buyers to the stages whose criteria they meet", write_moves))
register_step(Step("clocks", "Hand over qualified leads", start_clocks))
register_step(Step("silences", "Measure how long enquiries lie still", update_silences))
register_step(Step("moves", "Copy moves to the facts", copy_moves))
