"""What is left undone between the two sides: hand-offs that no one answers, leads that no one works, content that no one uses.

Most come as a pair: a count, whose page lists the records, and the share that they are of all that could have been so.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import ibis

from kpis.deals import closed_day, count_one, is_won
from kpis.metrics.handoffs import ANSWER_DAYS, clock_ended, is_due, is_in_force, is_met, started_day
from kpis.registry import Better, Measure, Metric, OwnerSide, register_metric
from kpis.rows import Build, Row

VERDICT_DAYS = 14  # for a verdict, where no SLA names a time
STALE_DAYS = 21
UNTOUCHED_DAYS = 60
UNUSED_DAYS = 180
OF_TODAY_DAYS = 3650  # what is untouched or unused today may be used tomorrow, however old it is
FAIR_QUOTA = (0.8, 1.2)  # times the potential


def days_ago(row: Row, days: int) -> Any:
    return ibis.literal(row.scope.today - timedelta(days=days))


def _both(first: Build | None, second: Build) -> Build:
    return (lambda row: first(row) & second(row)) if first else second


def register_pair(
    key: str, names: tuple[str, str], definition: str, of_what: str, measure: Measure, is_bad: Build, *,
    side: OwnerSide, cut: str, section: str = "Hand-offs", matures_days: int = 0,
) -> None:  # fmt: skip
    """Declare a count of what is bad and its share; `measure` says which rows could be."""
    count, share = names
    counted = replace(measure, keep=_both(measure.keep, lambda row: is_bad(row).fill_null(False)), numerator=count_one)
    shared = replace(measure, numerator=lambda row: is_bad(row).fill_null(False).cast("int64"), denominator=count_one)
    better: Better = "down"
    register_metric(
        Metric(
            key=key, name=count, definition=definition, formula=f"count of {count[0].lower()}{count[1:]}", unit="count",
            better=better, owner_side=side, measures=(counted,), default_cut=cut, section=section, matures_days=matures_days,
        )
    )  # fmt: skip
    register_metric(
        Metric(
            key=f"{key}_rate", name=share, definition=f"{definition} As a share of {of_what}.",
            formula=f"{count[0].lower()}{count[1:]} ÷ {of_what}", unit="percent", better=better, owner_side=side,
            measures=(shared,), is_proportion=True, default_cut=cut, section=section, matures_days=matures_days,
        )
    )  # fmt: skip


def is_not_withdrawn(row: Row) -> Any:
    return row["end"].fill_null("") != "withdrawn"


def is_never_followed_up(row: Row) -> Any:
    return row["answered_at"].isnull() & (row["attempts"].fill_null(0) == 0) & ~is_settled(row)


def is_settled(row: Row) -> Any:
    return row["end"].fill_null("").isin(["accepted", "rejected", "rerouted"])


register_pair(
    "never_followed_up",
    ("Leads never followed up", "Share of leads never followed up"),
    "Leads that were handed over in the period and that Sales neither answered nor tried to reach, nor accepted, rejected or passed on.",
    "leads handed over",
    Measure("handoffs", day=started_day, keep=is_not_withdrawn),
    is_never_followed_up,
    matures_days=ANSWER_DAYS,
    side="sales",
    cut="owner",
)
register_metric(
    Metric(
        key="sla_breaches",
        name="Missed deadlines",
        definition="Clocks of the SLA that ended in the period without a response in time, by the day of their deadline.",
        formula="count of clocks due − clocks met",
        unit="count",
        better="down",
        owner_side="sales",
        measures=(
            Measure("handoffs", day=clock_ended, keep=lambda row: is_due(row) & ~is_met(row), numerator=count_one),
        ),
        default_cut="owner",
        section="Hand-offs",
    )
)


register_metric(
    Metric(
        key="late_answers",
        name="Late answers",
        definition="Leads that were handed over in the period and that Sales answered after their deadline.",
        formula="count of responses after the deadline",
        unit="count",
        better="down",
        owner_side="sales",
        measures=(
            Measure(
                "handoffs", day=started_day,
                keep=lambda row: is_due(row) & ~is_met(row) & row["answered_at"].notnull(), numerator=count_one,
            ),
        ),
        default_cut="owner",
        matures_days=ANSWER_DAYS,
        section="Hand-offs",
    )
)  # fmt: skip


def is_feedback_due(row: Row) -> Any:
    """Sales answered, and the time for a verdict is over: the signed one, else two weeks."""
    signed, usual = row.day("accept_due_at"), row.day("started_at") <= days_ago(row, VERDICT_DAYS)
    is_over = signed.isnull().ifelse(usual, signed < days_ago(row, 0))
    is_answered = row["answered_at"].notnull() | (row["attempts"].fill_null(0) > 0)
    return (is_answered | is_judged(row)) & is_over & ~row["end"].fill_null("").isin(["withdrawn", "rerouted"])


def is_judged(row: Row) -> Any:
    return row["end"].fill_null("").isin(["accepted", "rejected"])


register_pair(
    "feedback_missing",
    ("Hand-offs without feedback", "Share of hand-offs without feedback"),
    (
        "Leads that were handed over in the period, that Sales answered, and that it neither accepted nor rejected although "
        "the signed time is over. Where none is signed, two weeks count."
    ),
    "hand-offs answered whose time for feedback is over",
    Measure("handoffs", day=started_day, keep=is_feedback_due),
    lambda row: ~is_judged(row),
    matures_days=ANSWER_DAYS,
    side="sales",
    cut="owner",
)


def is_in_progress(row: Row) -> Any:
    """Accepted, and nothing came of it since: no deal, no move to another stage, not converted."""
    is_moved = (row["lead.last_move.at"] > row["ended_at"] + ibis.interval(hours=1)).fill_null(False)
    has_deal = row["lead.deals.deals"].fill_null(0) > 0
    return (row["end"] == "accepted") & ~is_moved & ~has_deal & ~row["lead.is_converted"].fill_null(False)


def is_stale(row: Row) -> Any:
    last = ibis.coalesce(row.day("lead.last_activity.at"), row.day("ended_at"))
    return (last < days_ago(row, STALE_DAYS)) & (row.day("ended_at") < days_ago(row, STALE_DAYS))


register_pair(
    "stale_leads",
    ("Stale leads", "Share of stale leads"),
    f"Leads that Sales accepted in the period, that are still in progress, and that had no activity for {STALE_DAYS} days.",
    "accepted leads in progress",
    Measure("handoffs", day=lambda row: row.day("ended_at"), keep=is_in_progress),
    is_stale,
    matures_days=OF_TODAY_DAYS,
    side="sales",
    cut="owner",
)
register_pair(
    "handoffs_without_score",
    ("Hand-offs without a score", "Share of hand-offs without a score"),
    "Leads that were handed over in the period without a score, so that Sales cannot tell which to work first.",
    "hand-offs",
    Measure("handoffs", day=started_day, keep=is_not_withdrawn),
    lambda row: row["score"].isnull(),
    side="marketing",
    cut="campaign",
)
register_metric(
    Metric(
        key="sal_rate",
        name="MQL to SAL rate",
        definition=(
            "Of the leads handed over in the period, the share that Sales accepted, by the day of the hand-off. Those that wait "
            "for a verdict count as not accepted yet; what the records withdrew does not count."
        ),
        formula="leads accepted ÷ leads handed over",
        unit="percent",
        owner_side="joint",
        measures=(
            Measure(
                "handoffs", day=started_day, keep=is_not_withdrawn,
                numerator=lambda row: (row["end"] == "accepted").fill_null(False).cast("int64"), denominator=count_one,
            ),
        ),
        is_proportion=True,
        default_cut="campaign",
        matures_days=ANSWER_DAYS,
        section="Hand-offs",
    )
)  # fmt: skip
register_pair(
    "nurture_untouched",
    ("Leads in nurture without a touch", "Share of nurture without a touch"),
    (
        f"Leads that Sales gave back to nurture in the period and that Marketing has not touched since, or not for {UNTOUCHED_DAYS} days. "
        "Those that became a deal do not count."
    ),
    "leads given back to nurture",
    Measure(
        "verdicts",
        day=lambda row: row.day("given_at"),
        keep=lambda row: is_in_force(row) & (row["after"] == "recycled") & ~(row["lead.deals.deals"].fill_null(0) > 0),
    ),
    lambda row: (
        row["lead.last_touch.at"].isnull()
        | (row["lead.last_touch.at"] < row["given_at"])
        | (row.day("lead.last_touch.at") < days_ago(row, UNTOUCHED_DAYS))
    ),
    matures_days=OF_TODAY_DAYS,
    side="marketing",
    cut="campaign",
)
register_pair(
    "content_unused",
    ("Content that is not used", "Share of content that is not used"),
    f"Assets that were created in the period and that Sales has not used for {UNUSED_DAYS} days.",
    "assets",
    Measure("content_assets", day=lambda row: row.day("created_at")),
    lambda row: row["last_use.at"].isnull() | (row.day("last_use.at") < days_ago(row, UNUSED_DAYS)),
    matures_days=OF_TODAY_DAYS,
    side="marketing",
    cut="kind",
    section="Campaigns",
)


def is_of_kind(*parts: str) -> Callable[[Row], Any]:
    """Return the test for an activity whose kind holds one of the texts."""

    def test(row: Row) -> Any:
        kind = row["kind"].fill_null("").lower()
        return ibis.or_(*(kind.contains(part) for part in parts))

    return test


register_metric(
    Metric(
        key="visits_per_won_deal",
        name="Visits and demos per won deal",
        definition="How many visits, demos and meetings of the period come on each deal won in it.",
        formula="visits, demos and meetings ÷ won deals",
        unit="ratio",
        better="down",
        owner_side="sales",
        measures=(
            Measure(
                "activities",
                day=lambda row: row.day("happened_at"),
                keep=is_of_kind("visit", "demo", "meeting"),
                numerator=count_one,
            ),
            Measure("opportunities", day=closed_day, keep=is_won, denominator=count_one),
        ),
        default_cut="owner",
        section="Outcomes",
    )
)


def is_unfair(row: Row) -> Any:
    low, high = FAIR_QUOTA
    share = row["amount"].cast("float64") / row["potential"].cast("float64")
    return (share < low) | (share > high)


register_pair(
    "unfair_quotas",
    ("Quotas off their potential", "Share of quotas off their potential"),
    (
        f"Quotas that begin in the period and that are under {FAIR_QUOTA[0]} or over {FAIR_QUOTA[1]} times the potential of what they "
        "are for. Quotas without a potential do not count."
    ),
    "quotas with a potential",
    Measure(
        "quotas", day=lambda row: row["starts_on"],
        keep=lambda row: (row["amount"] > 0) & (row["potential"] > 0),
    ),
    is_unfair,
    side="sales",
    cut="owner",
    section="Pipeline",
)  # fmt: skip
