"""How Sales answers what Marketing hands over: in time or not, how soon, and what it said of the leads."""

from typing import Any

from kpis.deals import count_one
from kpis.registry import Check, Measure, Metric, register_metric
from kpis.rows import Build, Row

MINUTE = 60
ANSWER_DAYS = 90  # a hand-off that was not answered by then is taken for one that will not be


def started_day(row: Row) -> Any:
    return row.day("started_at")


def is_met(row: Row) -> Any:
    """Answered by the deadline, whenever that became known."""
    return (row["answered_at"] <= row["due_at"]).fill_null(False)


def is_due(row: Row) -> Any:
    """The clock has ended: it was met, or its deadline passed. One that still runs counts as neither."""
    passed = row["breached_at"].notnull() | (row["answered_at"] > row["due_at"]).fill_null(False)
    return row["due_at"].notnull() & (is_met(row) | passed)


def clock_ended(row: Row) -> Any:
    return is_met(row).ifelse(row.day("answered_at"), row.day("due_at"))


def is_running(row: Row) -> Any:
    return row["due_at"].notnull() & row["ended_at"].isnull() & ~is_due(row)


register_metric(
    Metric(
        key="handoffs",
        name="Hand-offs",
        definition="Leads handed over from Marketing to Sales, by the day of the hand-off.",
        formula="count of hand-offs",
        unit="count",
        owner_side="marketing",
        measures=(Measure("handoffs", day=started_day, numerator=count_one),),
        default_cut="owner",
        section="Hand-offs",
    )
)
register_metric(
    Metric(
        key="sla_compliance",
        name="SLA compliance",
        definition=(
            "Of the clocks that ended in the period, the share answered within the signed time. A clock ends with the "
            "first response or with its deadline; one that still runs is neither met nor missed."
        ),
        formula="clocks met ÷ clocks due",
        unit="percent",
        owner_side="sales",
        measures=(
            Measure(
                "handoffs", day=clock_ended, keep=is_due, numerator=lambda row: is_met(row).cast("int64"), denominator=count_one,
                checks=(Check(is_running, "Running clocks: {n}. They count as neither.", is_left_out=True),),
            ),
        ),
        is_proportion=True,
        default_cut="owner",
        section="Hand-offs",
    )
)  # fmt: skip
WAITING = Check(
    lambda row: row["answered_at"].isnull(),
    "Hand-offs not answered yet, or never: {n}. They are left out.",
    is_left_out=True,
)
DAY_ONLY = Check(
    lambda row: row["answered_at"].notnull() & row["is_answer_day_only"].fill_null(False),
    "Hand-offs with only the day of the answer known: {n}. They are left out.",
    is_left_out=True,
)


def _minutes_between(row: Row, first: str, last: str) -> Any:
    return ((row[last].epoch_seconds() - row[first].epoch_seconds()) / MINUTE).cast("int64")


def _register_time(
    key: str, name: str, definition: str, formula: str, keep: Build, spread: Build, checks: tuple[Check, ...]
) -> None:
    register_metric(
        Metric(
            key=key, name=name, definition=definition, formula=formula, unit="minutes", better="down", owner_side="sales",
            measures=(Measure("handoffs", day=started_day, keep=keep, spread=spread, checks=checks),),
            default_cut="owner", section="Hand-offs", matures_days=ANSWER_DAYS,
        )
    )  # fmt: skip


def is_answered(row: Row) -> Any:
    return row["response_seconds"].notnull()


_register_time(
    "speed_to_lead",
    "Speed to lead",
    (
        "Business minutes from the hand-off to the first response, by the working hours of the lead's owner, for the "
        "leads handed over in the period; late answers with their true time. The median: half took longer."
    ),
    "median of business minutes from hand-off to first response",
    is_answered,
    lambda row: (row["response_seconds"] / MINUTE).cast("int64"),
    (WAITING, DAY_ONLY),
)
_register_time(
    "speed_to_lead_on_the_wall",
    "Speed to lead, as the buyer waits",
    (
        "Minutes from the hand-off to the first response in calendar time, nights and weekends included, for "
        "the leads handed over in the period. The median: half waited longer."
    ),
    "median of minutes from hand-off to first response",
    lambda row: row["answered_at"].notnull() & ~row["is_answer_day_only"].fill_null(False),
    lambda row: _minutes_between(row, "started_at", "answered_at"),
    (WAITING, DAY_ONLY),
)


def has_verdict(row: Row) -> Any:
    return row["end"].isin(["accepted", "rejected"])


_register_time(
    "time_to_verdict",
    "Time to verdict",
    (
        "Minutes from the hand-off until Sales accepted or rejected the lead, in calendar time, for the leads "
        "handed over in the period. The median: half took longer."
    ),
    "median of minutes from hand-off to verdict",
    has_verdict,
    lambda row: _minutes_between(row, "started_at", "ended_at"),
    (
        Check(
            lambda row: row["ended_at"].isnull(),
            "Hand-offs without a verdict yet: {n}. They are left out.",
            is_left_out=True,
        ),
    ),
)
register_metric(
    Metric(
        key="verdict_rate",
        name="Verdict rate",
        definition=(
            "Of the hand-offs that ended in the period, the share that Sales accepted or rejected. The rest was passed on or "
            "never answered; what the records withdrew does not count."
        ),
        formula="hand-offs accepted or rejected ÷ hand-offs ended",
        unit="percent",
        owner_side="sales",
        measures=(
            Measure(
                "handoffs", day=lambda row: row.day("ended_at"),
                keep=lambda row: row["ended_at"].notnull() & (row["end"] != "withdrawn"),
                numerator=lambda row: has_verdict(row).cast("int64"), denominator=count_one,
            ),
        ),
        is_proportion=True,
        default_cut="owner",
        section="Hand-offs",
    )
)  # fmt: skip


def is_in_force(row: Row) -> Any:
    return row["settled_at"].notnull() & row["undone_at"].isnull()


def _register_share(key: str, name: str, answer: str, better: str, cut: str) -> None:
    register_metric(
        Metric(
            key=key, name=name,
            definition=f"Of the verdicts that Sales gave in the period, the share that {answer} the lead. Verdicts undone within ten seconds do not count.",
            formula=f"leads {answer} ÷ verdicts", unit="percent", better=better,  # type: ignore[arg-type]
            measures=(
                Measure(
                    "verdicts", day=lambda row: row.day("given_at"), keep=is_in_force,
                    numerator=lambda row: (row["answer"] == answer).cast("int64"), denominator=count_one,
                ),
            ),
            is_proportion=True, default_cut=cut, section="Hand-offs",
        )
    )  # fmt: skip


_register_share("lead_acceptance_rate", "Lead acceptance rate", "accepted", "up", "campaign")
_register_share("lead_rejection_rate", "Lead rejection rate", "rejected", "down", "campaign")
register_metric(
    Metric(
        key="lead_rejections",
        name="Lead rejections",
        definition="Leads that Sales gave back in the period, by the criterion of the signed definition that failed.",
        formula="count of rejections",
        unit="count",
        better="down",
        measures=(
            Measure(
                "verdicts",
                day=lambda row: row.day("given_at"),
                keep=lambda row: is_in_force(row) & (row["answer"] == "rejected"),
                numerator=count_one,
            ),
        ),
        default_cut="criterion",
        section="Hand-offs",
    )
)
