"""The nightly steps of this app: score the leads, and copy the scores to the facts before the funnel reads them."""

from django.db import connection

from core.work import portion_seconds
from facts.engine import latest_snapshot
from facts.models import Deletion
from facts.refresh import Progress, refresh, stage_rows
from facts.steps import Step, register_step
from scoring.batch_scoring import score_all
from scoring.explorer.work import queue_pages
from scoring.icp.places import update_places
from scoring.models import Score

PORTION_SECONDS = 40  # below the time limit of one message


def score_leads(progress: Progress) -> int | None:
    """Write the scores of whom something changed; None when time ran out first."""
    return score_all(progress, seconds=portion_seconds(PORTION_SECONDS))


def copy_scores(progress: Progress) -> int | None:
    """Copy the scores just written, if there are any."""
    if not _is_behind():
        return 0
    if not stage_rows(portion_seconds(PORTION_SECONDS), progress=progress):
        return None
    return sum(refresh(progress=progress, wait=False).exported.values())


def _is_behind() -> bool:
    """Whether scores were written or removed since the facts were copied."""
    newest = latest_snapshot()
    if newest is None or Deletion.objects.filter(table=Score._meta.db_table).exists():
        return newest is not None
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT EXISTS (SELECT FROM {Score._meta.db_table} WHERE changed_xid >= '{int(newest.horizon)}'::xid8)"
        )
        return bool(cursor.fetchone()[0])


def prepare_pages(progress: Progress) -> int:
    """Have made what the pages of the models will be asked, where that takes longer than a reader waits."""
    return queue_pages()


register_step(Step("score", "Score the leads", score_leads))
register_step(Step("scores", "Copy scores to the facts", copy_scores))
register_step(Step("icp", "Place buyers by the ideal customer profile", update_places))
register_step(Step("thresholds", "Compute the effect of thresholds", prepare_pages))
