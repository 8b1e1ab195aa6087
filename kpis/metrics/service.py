"""How enquiries are answered: by the first hand or after being passed on, and how long they lie still in between."""

from typing import Any

from kpis.deals import count_one
from kpis.registry import Check, Measure, Metric, register_metric
from kpis.rows import Row

MINUTE = 60
ANSWER_DAYS = 60  # an enquiry that was not answered by then is taken for one that will not be
SPOTTED = "spotted"  # the channel of an opportunity that a colleague heard of: no customer asked


def opened_day(row: Row) -> Any:
    return row.first("opened_at", "created_at").date()


def is_asked(row: Row) -> Any:
    return row["channel"].fill_null("").lower() != SPOTTED


def hands_passed(row: Row) -> Any:
    return row["handovers.n"].fill_null(0)


def is_first_touch(row: Row) -> Any:
    return row["answered_at"].notnull() & (hands_passed(row) == 0)


UNANSWERED = Check(
    lambda row: row["answered_at"].isnull(),
    "Enquiries without an answer: {n}. They count as not answered by the first hand.",
)

register_metric(
    Metric(
        key="first_touch_resolution",
        name="First-touch resolution",
        definition=(
            "Of the enquiries opened in the period, the share that the first hand answered, without passing it on before the "
            "answer. Opportunities that a colleague heard of are no enquiries."
        ),
        formula="enquiries answered by the first hand ÷ enquiries",
        unit="percent",
        owner_side="joint",
        measures=(
            Measure(
                "enquiries",
                day=opened_day,
                keep=is_asked,
                numerator=lambda row: is_first_touch(row).cast("int64"),
                denominator=count_one,
                checks=(UNANSWERED,),
            ),
        ),
        is_proportion=True,
        default_cut="kind",
        matures_days=ANSWER_DAYS,
        section="Service",
    )
)
register_metric(
    Metric(
        key="hands_per_enquiry",
        name="Hands per enquiry",
        definition=(
            "Through how many hands an enquiry opened in the period went until its answer, or until now: the first, and one for "
            "each time it was passed to another."
        ),
        formula="(enquiries + hand-overs to another hand) ÷ enquiries",
        unit="ratio",
        better="down",
        owner_side="joint",
        measures=(
            Measure(
                "enquiries",
                day=opened_day,
                keep=is_asked,
                numerator=lambda row: hands_passed(row) + 1,
                denominator=count_one,
            ),
        ),
        default_cut="kind",
        matures_days=ANSWER_DAYS,
        section="Service",
    )
)


def is_measured(row: Row) -> Any:
    return row["silence.seconds"].notnull()


register_metric(
    Metric(
        key="silence_at_handover",
        name="Silence at a hand-over",
        definition=(
            "Business minutes from the hand-over of an enquiry until it was passed on again or answered, by the working hours of "
            "whom it was handed to, for the hand-overs of the period. The median: half lay still for longer."
        ),
        formula="median of business minutes from hand-over to the next hand-over or the answer",
        unit="minutes",
        better="down",
        owner_side="joint",
        measures=(
            Measure(
                "enquiry_handovers",
                day=lambda row: row.day("handed_at"),
                keep=is_measured,
                spread=lambda row: (row["silence.seconds"] / MINUTE).round().cast("int64"),
                checks=(
                    Check(
                        lambda row: row["silence.seconds"].isnull(),
                        "Hand-overs that nothing has followed, undated ones, and those after the answer: {n}. They are left out.",
                        is_left_out=True,
                    ),
                ),
            ),
        ),
        default_cut="owner",
        matures_days=ANSWER_DAYS,
        section="Service",
    )
)
