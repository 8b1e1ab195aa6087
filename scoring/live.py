"""Score one lead at once, from the rows of the moment: the same question that a run asks of the million."""

from collections.abc import Iterator
from datetime import datetime

import pyarrow as pa
from django.db import connection, transaction
from django.utils import timezone

from crm.models import Lead
from crm.one import OneBuyer
from crm.subjects import Described
from facts.portions import Portion
from scoring.compiling import Asked, states
from scoring.definitions import in_force
from scoring.models import Score
from scoring.running import end_strangers
from scoring.terms import EVERYBODY
from scoring.writing import LOCK, fresh, remove, standing, write


@transaction.atomic
def score_lead(lead: Lead, moment: datetime | None = None) -> list[Score]:
    """Bring the lead's scores up to date, and return them."""
    now = moment or timezone.now()
    portion = Portion(lead.pk, lead.pk)
    models = in_force()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        one = OneBuyer(lead)
        asked = Asked(Described(one, "leads"), one.table("leads"), now)
        for model in models:
            stands = standing(cursor, model, portion)
            found = one.execute(fresh(model, states(model, asked), stands, timezone.now()))
            write(cursor, model, _rows(found), now, is_empty=not stands.num_rows)
            if stands.num_rows and model.leads != EVERYBODY:
                end_strangers(cursor, one, model, asked, stands)
        keys = [model.key for model in models]
        remove(cursor, now, "s.lead_id = %s AND s.model <> ALL(%s)", [lead.pk, keys])
    return list(Score.objects.filter(lead=lead).order_by("model"))


def _rows(found: object) -> Iterator[pa.RecordBatch]:
    table = pa.Table.from_pandas(found, preserve_index=False)
    place = table.column_names.index("next_change")
    table = table.set_column(place, "next_change", table["next_change"].cast(pa.int64()))
    yield from table.to_batches()
