"""The scores of `benchmarks.score` as one query to DuckDB, the way a person would write it who knows these rules by heart.

It gives what a score keeps: the points of fit, the logarithm of each pool of points that fade together, the score of
the moment, and when an event next leaves a window.
"""

from datetime import datetime

from scoring.decay import EPOCH

QUERY = """
WITH day AS (
    SELECT lead_id, has_responded AS yes, lower(trim(t.kind)) AS kind,
           lower(trim(c.name)) = 'campaign 7' AS is_7, starts_with(lower(trim(c.name)), 'campaign 1') AS is_ten,
           (floor(epoch(happened_at)) - {epoch}) / 86400.0 AS d
    FROM touches t LEFT JOIN campaigns c ON t.campaign_id = c.id
    WHERE lead_id IS NOT NULL AND happened_at IS NOT NULL
), held AS (
    SELECT lead_id,
      sum(CASE WHEN d <= {now} AND yes THEN (CASE WHEN kind = 'e-mail' THEN 14 ELSE 10 END) * exp((d - {base}) * {k30}) END) AS answers30,
      sum(CASE WHEN d <= {now} AND yes AND kind = 'webinar' THEN 12 * exp((d - {base}) * {k45}) END) AS answers45,
      sum(CASE WHEN d <= {now} AND yes AND kind = 'ad' THEN 3 * exp((d - {base}) * {k14}) END) AS ads,
      sum(CASE WHEN d <= {now} AND d > {now} - 30 THEN 1 END) AS lately,
      sum(CASE WHEN d <= {now} AND d > {now} - 90 AND kind = 'webinar' THEN 5 * exp((d - {base}) * {k60}) END) AS webinars,
      sum(CASE WHEN d <= {now} AND kind = 'e-mail' THEN exp((d - {base}) * {k180}) END) AS mails,
      sum(CASE WHEN d <= {now} AND NOT yes AND kind = 'e-mail' THEN exp((d - {base}) * {k90}) END) AS silent_mails,
      sum(CASE WHEN d <= {now} AND NOT yes AND kind = 'webinar' THEN 2 * exp((d - {base}) * {k60}) END) AS silent_webinars,
      sum(CASE WHEN d <= {now} AND is_7 THEN 8 * exp((d - {base}) * {k30}) END) AS sevens,
      sum(CASE WHEN d <= {now} AND is_ten THEN 2 * exp((d - {base}) * {k60}) END) AS tens,
      sum(CASE WHEN d <= {now} AND d > {now} - 14 AND yes THEN 3 END) AS at_once,
      least(min(d) FILTER (d > {now}), min(d) FILTER (d <= {now} AND d > {now} - 30) + 30,
            min(d) FILTER (d <= {now} AND d > {now} - 90 AND kind = 'webinar') + 90,
            min(d) FILTER (d <= {now} AND d > {now} - 14 AND yes) + 14) AS next_day
    FROM day GROUP BY lead_id
), fit AS (
    SELECT l.id AS lead_id,
      coalesce((lower(trim(lead_source)) = 'web')::int * 10, 0) + coalesce((lower(trim(lead_source)) = 'partner')::int * 15, 0)
      - coalesce((lower(trim(l.status)) = 'disqualified')::int * 20, 0)
      + coalesce((lower(trim(lifecycle_stage)) IN ('mql', 'sal'))::int * 5, 0)
      + coalesce(contains(lower(trim(email)), '1@')::int * 3, 0) + (first_contact_on IS NOT NULL)::int * 2
      + coalesce((l.created_at::date > DATE '2026-01-01')::int * 4, 0)
      + coalesce(starts_with(lower(trim(c.name)), 'campaign 2')::int * 6, 0) AS fit_points
    FROM leads l LEFT JOIN campaigns c ON l.campaign_id = c.id
), stored AS (
    SELECT fit.lead_id, fit_points, next_day,
      log2(answers30) + {base} / 30 AS answers30, log2(answers45) + {base} / 45 AS answers45, log2(ads) + {base} / 14 AS ads,
      log2(lately) AS lately, log2(webinars) + {base} / 60 AS webinars, log2(mails) + {base} / 180 AS mails,
      log2(silent_mails) + {base} / 90 AS silent_mails, log2(silent_webinars) + {base} / 60 AS silent_webinars,
      log2(sevens) + {base} / 30 AS sevens, log2(tens) + {base} / 60 AS tens, log2(at_once) AS at_once
    FROM fit LEFT JOIN held ON fit.lead_id = held.lead_id
)
SELECT *, round(fit_points
      + least(coalesce(exp2(answers30 - {now} / 30), 0) + coalesce(exp2(answers45 - {now} / 45), 0), 60)
      + least(coalesce(exp2(ads - {now} / 14), 0), 12) + coalesce(exp2(lately), 0) + coalesce(exp2(webinars - {now} / 60), 0)
      + least(coalesce(exp2(mails - {now} / 180), 0), 10) - least(coalesce(exp2(silent_mails - {now} / 90), 0), 8)
      - coalesce(exp2(silent_webinars - {now} / 60), 0)
      + least(coalesce(exp2(sevens - {now} / 30), 0) + coalesce(exp2(tens - {now} / 60), 0), 20)
      + least(coalesce(exp2(at_once), 0), 9), 4) AS score,
    CASE WHEN fit_points / 45 >= 0.8 THEN 'A' WHEN fit_points / 45 >= 0.6 THEN 'B' WHEN fit_points / 45 >= 0.4 THEN 'C'
         WHEN fit_points / 45 >= 0.2 THEN 'D' ELSE 'F' END AS letter,
    round(next_day * 86400)::bigint + {epoch} AS next_change
FROM stored
"""


def build_query(moment: datetime) -> str:
    """Return the query about a moment, with the first of its year for the day that all leads share."""
    start = moment.replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    days = {name: (int(day.timestamp()) - int(EPOCH.timestamp())) / 86_400 for name, day in _named(moment, start)}
    rates = {f"k{half}": 0.6931471805599453 / half for half in (14, 30, 45, 60, 90, 180)}
    text = QUERY.replace("exp2(", "pow(2, ")
    return text.format(epoch=int(EPOCH.timestamp()), **days, **rates)


def _named(moment: datetime, start: datetime) -> list[tuple[str, datetime]]:
    return [("now", moment), ("base", start)]
