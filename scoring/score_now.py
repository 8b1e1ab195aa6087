"""Score one lead or a few at once, from their current rows: the same query that a run uses for all of them."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import numpy as np
import pyarrow as pa
from django.db import connection, transaction
from django.utils import timezone

from core.locks import AdvisoryLock, acquire_lock
from crm.live_tables import LiveTables
from crm.models import Lead
from crm.rule_fields import RuleTables
from facts.batches import Batch
from scoring.batch_scoring import end_out_of_scope
from scoring.compiling import ScoringInput, compute_states
from scoring.definitions import in_force
from scoring.models import Score
from scoring.score_rows import end_scores, read_stored, rows_to_write, write_scores
from scoring.terms import EVERYBODY


def score_lead(lead: Lead, moment: datetime | None = None) -> list[Score]:
    """Bring the lead's scores up to date, and return them."""
    return score_leads([lead], moment)


@transaction.atomic
def score_leads(leads: Sequence[Lead], moment: datetime | None = None) -> list[Score]:
    """Bring the scores of a few leads up to date, and return them."""
    now = moment or timezone.now()
    ids = sorted(lead.pk for lead in leads)
    batch = Batch(ids[0], ids[-1], np.array(ids, dtype=np.int64))
    models = in_force()
    with connection.cursor() as cursor:
        acquire_lock(cursor, AdvisoryLock.SCORES)
        few = LiveTables(leads)
        scoring_input = ScoringInput(RuleTables(few, "leads"), few.table("leads"), now)
        for model in models:
            stored = read_stored(cursor, model, batch)
            answer = few.execute(rows_to_write(model, compute_states(model, scoring_input), stored, timezone.now()))
            write_scores(cursor, model, _frame_to_batches(answer), now, is_empty=not stored.num_rows)
            if stored.num_rows and model.leads != EVERYBODY:
                end_out_of_scope(cursor, few, model, scoring_input, stored)
        keys = [model.key for model in models]
        end_scores(cursor, now, "s.lead_id = ANY(%s) AND s.model <> ALL(%s)", [ids, keys])
    return list(Score.objects.filter(lead__in=ids).order_by("lead", "model"))


def _frame_to_batches(frame: object) -> Iterator[pa.RecordBatch]:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    position = table.column_names.index("next_change")
    table = table.set_column(position, "next_change", table["next_change"].cast(pa.int64()))
    yield from table.to_batches()
