"""What became of open hand-offs: answered, attempted, gone on. Read from what happened, for all at once."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from funnel.definitions import in_force
from funnel.handoffs.business_hours import OwnersHours, group_by_hours, table_for, to_epoch_seconds
from funnel.models import HandOff
from imports.load.directions import INCOMING_WORDS, UNDELIVERED_WORDS
from team.calendars.business_time import BusinessTime
from team.models import Company

BATCH = 2000
# What the owner, or a manager who logged it here, did for the lead, or for the contact that the lead became. A note is no
# response, nor is what is only planned, what came in or stayed inside, and what did not arrive. What is known by its day
# alone counts on that day, and not before the hand-off.
PLANNED_WORDS = "^(not.?started|planned|open|scheduled|deferred|waiting|in.?progress|to.?do|cancel)"
IS_RESPONSE = f"""
    a.happened_at <= %(now)s AND (a.happened_at >= h.started_at OR a.happened_at = date_trunc('day', h.started_at, %(zone)s))
    AND NOT a.is_undelivered AND a.direction NOT IN ('incoming', 'internal')
    AND (a.direction <> '' OR a.kind !~* '{INCOMING_WORDS}') AND a.kind !~* 'note'
    AND a.status !~* '{UNDELIVERED_WORDS}' AND a.outcome !~* '{UNDELIVERED_WORDS}' AND a.status !~* '{PLANNED_WORDS}'
    AND (a.owner_id = h.to_owner_id OR a.logged_by_id IS NOT NULL OR EXISTS (
        SELECT FROM crm_owner own, crm_owner had WHERE own.id = a.owner_id AND had.id = h.to_owner_id
           AND (own.user_id = had.user_id OR (own.user_id IS NULL OR had.user_id IS NULL) AND own.email <> '' AND lower(own.email) = lower(had.email))))
"""
RESPONSES = """
WITH done AS MATERIALIZED (
    SELECT h.id, greatest(a.happened_at, h.started_at) AS happened_at, {is_day} AS is_day
      FROM funnel_handoff h
      JOIN crm_activity a ON a.lead_id = h.lead_id AND {is_response}
     WHERE h.ended_at IS NULL
    UNION ALL
    SELECT h.id, greatest(a.happened_at, h.started_at), {is_day}
      FROM funnel_handoff h
      JOIN crm_lead l ON l.id = h.lead_id
      JOIN crm_activity a ON a.contact_id = l.contact_id AND a.lead_id IS NULL AND {is_response}
     WHERE h.ended_at IS NULL
), counted AS MATERIALIZED (
    SELECT id, min(happened_at) AS first, count(*) AS attempts,
           (array_agg(is_day ORDER BY happened_at, is_day))[1] AS is_day FROM done GROUP BY id
), now_known AS MATERIALIZED (
    SELECT h.id, c.first, coalesce(c.attempts, 0) AS attempts, coalesce(c.is_day, false) AS is_day
      FROM funnel_handoff h LEFT JOIN counted c ON c.id = h.id
     WHERE h.ended_at IS NULL
       AND CASE WHEN c.id IS NULL  -- what was a response is none any more
                THEN h.answered_at IS NOT NULL AND h.attempts > 0
                     AND NOT EXISTS (SELECT FROM funnel_verdict v WHERE v.handoff_id = h.id AND v.undone_at IS NULL)
                ELSE h.answered_at IS DISTINCT FROM c.first OR h.attempts <> c.attempts END
)
UPDATE funnel_handoff h
   SET answered_at = n.first, attempts = n.attempts, response_seconds = NULL, is_answer_day_only = n.is_day
  FROM now_known n WHERE h.id = n.id
""".format(
    is_day="((a.happened_at AT TIME ZONE %(zone)s)::time = '00:00')",  # a source that knew the day and no time
    is_response=IS_RESPONSE,
)
GONE_ON = """
WITH gone AS MATERIALIZED (
    SELECT DISTINCT ON (h.id) h.id, m.stage, m.entered_at
      FROM funnel_handoff h
      JOIN funnel_move own ON own.id = h.move_id
      JOIN funnel_move m ON m.lead_id = h.lead_id AND m.id <> own.id
       AND (m.entered_at > own.entered_at OR m.entered_at = own.entered_at AND m.id > own.id)
     WHERE h.ended_at IS NULL AND m.stage <> ALL(%(gates)s)
       AND NOT EXISTS (SELECT FROM funnel_verdict v WHERE v.handoff_id = h.id AND v.undone_at IS NULL)
     ORDER BY h.id, m.entered_at, m.id
)
UPDATE funnel_handoff h
   SET ended_at = greatest(gone.entered_at, h.started_at),
       "end" = CASE WHEN gone.stage = ANY(%(ahead)s) THEN 'accepted' WHEN gone.stage = ANY(%(out)s) THEN 'rejected' ELSE 'withdrawn' END,
       answered_at = CASE WHEN gone.stage = ANY(%(ahead)s) OR gone.stage = ANY(%(out)s)
                          THEN least(h.answered_at, greatest(gone.entered_at, h.started_at)) ELSE h.answered_at END,
       response_seconds = NULL, paused_at = NULL, paused_until = NULL
  FROM gone WHERE h.id = gone.id
"""


def note_responses(now: datetime) -> int:
    """Record first responses and attempts from the activities of the owners, logged here or imported.

    A response that turns out to be none, such as an e-mail that bounced later, lets the clock run on.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(RESPONSES, {"now": now, "zone": Company.get().time_zone})
        return int(cursor.rowcount)


def note_gone_on(now: datetime) -> int:
    """End the hand-offs of leads that the records have moved on: ahead is accepted, out is rejected, back is withdrawn."""
    funnel = in_force()
    gates = [
        stage.key
        for stage in funnel
        if stage.kind == "gate" and stage.side in {"marketing", "joint"} and stage.way != "detour"
    ]
    indexes = {stage.key: index for index, stage in enumerate(funnel)}
    first = min((indexes[key] for key in gates), default=0)
    ahead = [stage.key for stage in funnel.main if indexes[stage.key] > first and stage.key not in gates]
    out = [stage.key for stage in funnel.detours]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(GONE_ON, {"gates": gates, "ahead": ahead, "out": out})
        return int(cursor.rowcount)


def measure_responses() -> int:
    """Compute the business time until each first response, without the time of pauses."""
    unmeasured = list(
        HandOff.objects.filter(
            answered_at__isnull=False, response_seconds=None, is_answer_day_only=False
        ).select_related("to_owner")[: 5 * BATCH]
    )
    for shared, alike in group_by_hours(unmeasured, OwnersHours()).items():
        answers = [max(handoff.answered_at, handoff.started_at) for handoff in alike if handoff.answered_at]
        table = table_for(shared, alike, *answers)
        elapsed = table.opened_until(to_epoch_seconds(answers)) - table.opened_until(
            to_epoch_seconds(handoff.started_at for handoff in alike)
        )
        paused = np.array([handoff.paused_seconds for handoff in alike]) + _paused_seconds(alike, answers, table)
        for handoff, value in zip(alike, np.maximum(elapsed - paused, 0).tolist(), strict=True):
            handoff.response_seconds = value
    HandOff.objects.bulk_update(unmeasured, ["response_seconds"], batch_size=BATCH)
    return len(unmeasured)


def _paused_seconds(alike: Sequence[HandOff], answers: Sequence[datetime], table: BusinessTime) -> NDArray[np.float64]:
    """Return the business time for which each clock was paused when it was answered, if it still is."""
    begun = [min(handoff.paused_at or answer, answer) for handoff, answer in zip(alike, answers, strict=True)]
    return table.opened_until(to_epoch_seconds(answers)) - table.opened_until(to_epoch_seconds(begun))
