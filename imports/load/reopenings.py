"""Deals that an import shows open again, or ended otherwise, without a history that tells when: their past is kept.

Only earlier exports show that such a deal was once closed. Two entries of its history keep it: the close as the
earlier export told it, and what it is now, from the day of the source's last change on.
"""

from django.db import connection

from imports.load.stage_outcomes import TOLD_BY_IMPORTS
from imports.models import ImportJob
from team.models import Company

INSERT_REOPENED = """
WITH changed AS (
    SELECT o.*, was.stage AS old_stage, was.pipeline AS old_pipeline, was.outcome AS old_outcome, was.amount AS old_amount,
        was.currency AS old_currency, was.probability AS old_probability,
        coalesce(was.closed_at, was.closed_on::timestamp AT TIME ZONE %(zone)s) AS old_closed,
        CASE WHEN o.outcome = 'open' THEN coalesce(greatest(o.modified_at, was.modified_at), r.started_at, r.queued_at)
            ELSE coalesce(o.closed_at, o.closed_on::timestamp AT TIME ZONE %(zone)s) END AS turned
    FROM imports_rowversion b JOIN crm_opportunity o ON o.id = b.row_id JOIN imports_importjob r ON r.id = b.run_id,
        jsonb_to_record(b.image) AS was(stage text, pipeline text, outcome text, amount numeric, currency text,
            probability numeric, closed_at timestamptz, closed_on date, modified_at timestamptz)
    WHERE b.run_id = %(run)s AND b."table" = 'crm_opportunity' AND b.image IS NOT NULL
        AND was.outcome <> 'open' AND o.outcome <> was.outcome
), untold AS (
    SELECT * FROM changed WHERE old_closed IS NOT NULL AND turned > old_closed AND NOT EXISTS (
        SELECT 1 FROM crm_stagechange h WHERE h.opportunity_id = changed.id AND h.told_by <> %(by)s
            AND h.track = 'deal' AND h.entered_at >= changed.old_closed
    )
), entries AS (
    SELECT source, external_id || ':closed' AS name, id, old_pipeline AS pipeline, old_stage AS stage, old_outcome AS ended_as,
        old_closed AS entered_at, old_amount AS amount, old_currency AS currency, old_probability AS probability FROM untold
    UNION ALL SELECT source, external_id || ':turned', id, pipeline, stage, CASE WHEN outcome = 'open' THEN '' ELSE outcome END,
        turned, amount, currency, probability FROM untold
)
INSERT INTO crm_stagechange (source, external_id, opportunity_id, track, pipeline, stage, ended_as, told_by, entered_at,
    created_at, amount, currency, probability, last_import_id)
SELECT source, left(name, 200) || ':' || %(run)s, id, 'deal', coalesce(pipeline, ''), coalesce(stage, ''), ended_as, %(by)s, entered_at,
    entered_at, amount, coalesce(currency, ''), probability, %(run)s FROM entries
ON CONFLICT (source, external_id) DO NOTHING
"""
DROP_REPEATED = """
DELETE FROM crm_stagechange d WHERE d.told_by = %(by)s AND EXISTS (
    SELECT 1 FROM crm_stagechange h WHERE h.opportunity_id = d.opportunity_id AND h.told_by <> %(by)s
        AND h.track = 'deal' AND h.entered_at >= d.entered_at - interval '1 day'
)
"""


def record_reopenings(run: ImportJob) -> int:
    """Keep the closes that the import took back, and drop those that a history of the source tells by now."""
    values: dict[str, int | str] = {"run": run.pk, "by": TOLD_BY_IMPORTS, "zone": Company.get().time_zone}
    with connection.cursor() as cursor:
        cursor.execute(INSERT_REOPENED, values)
        cursor.execute(DROP_REPEATED, values)
    return 0
