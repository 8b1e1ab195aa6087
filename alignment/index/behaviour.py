"""The third part of the index: how both sides behaved in the three months up to a day, by the records."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from alignment.index.rules import BEHAVIOUR, Input, Part, share_score
from core.date_formatting import format_month
from core.formatting import format_percent, format_rounded
from core.periods import Period, add_months
from facts.engine import Facts
from funnel.handoffs.marketing_sla import Owed, months_owed
from funnel.verdicts.report import count_answered_rejections
from kpis import visibility
from kpis.result import Result
from scoring.proof.validation import verdicts_on
from team.models import Role, User

MONTHS = 3
LABEL = "Behaviour in the data"
NO_DATA = "The records show nothing of it in these three months. Import hand-offs and verdicts."
SALES_SLA, VERDICTS = "sla_compliance", "verdict_rate"  # keys of metrics
MARKETING_SLA, FEEDBACK, SCORES = "marketing_sla", "feedback_answered", "scores_proven"
# By what the proof of a score says; what cannot be judged yet is missing
PROOF_SCORES = {"works": Fraction(1), "weak": Fraction(1, 2), "chance": Fraction(0), "backwards": Fraction(0)}


def read_behaviour_part(day: date, facts: Facts) -> Part:
    """Return the part on a day: five shares of the three months that end with it, and the proof of the active scores."""
    period = Period(add_months(day + timedelta(days=1), -MONTHS), day)
    inputs = (
        _read_metric(SALES_SLA, "Sales keeps its SLA", "clocks met", "No clock of an SLA ended.", period, facts),
        _read_marketing(day),
        _read_metric(VERDICTS, "Sales gives verdicts", "hand-offs judged", "No hand-off ended.", period, facts),
        _read_feedback(period),
        _read_scores(day),
    )
    has_score = any(row.score is not None for row in inputs)
    return Part(BEHAVIOUR, LABEL, inputs, period.label if has_score else NO_DATA)


def _read_metric(key: str, label: str, noun: str, missing: str, period: Period, facts: Facts) -> Input:
    if facts.snapshot is None:  # nothing was ever copied
        return Input(key, label, None, missing)
    result: Result = visibility.compute_for(User(role=Role.CEO), key, period, facts=facts)
    if result.value is None or not result.n:
        return Input(key, label, None, missing)
    counts = [format_rounded(Decimal(str(value or 0)), 0) for value in (result.numerator, result.denominator)]
    return Input(key, label, share_score(result.value), f"{counts[0]} of {counts[1]} {noun}")


def _read_marketing(day: date) -> Input:
    """Return what Marketing delivered of what it owed, each month and each term at most as all of it."""
    label = "Marketing keeps its SLA"
    months = [month for month in months_owed(day + timedelta(days=1), MONTHS + 1) if month.is_over][:MONTHS]
    shares = {month.month: share for month in reversed(months) if (share := _delivered_share(month)) is not None}
    if not shares:
        return Input(MARKETING_SLA, label, None, "No SLA of Marketing was active in the last full months.")
    detail = ", ".join(
        f"{format_month(month, is_short=True, has_year=False)} {format_percent(float(share), 0)}"
        for month, share in shares.items()
    )
    mean = sum(shares.values(), Fraction(0)) / len(shares)
    return Input(MARKETING_SLA, label, share_score(mean), f"Delivered: {detail}")


def _delivered_share(month: Owed) -> Fraction | None:
    terms = [Fraction(str(share)) for share in (month.leads_share, month.value_share) if share is not None]
    return sum((min(Fraction(1), share) for share in terms), Fraction(0)) / len(terms) if terms else None


def _read_feedback(period: Period) -> Input:
    answered, rejected = count_answered_rejections(period)
    label = "Marketing answers feedback"
    if not rejected:
        return Input(FEEDBACK, label, None, "Sales rejected no lead.")
    return Input(
        FEEDBACK, label, share_score(Fraction(answered, rejected)), f"{answered} of {rejected} rejections answered"
    )


def _read_scores(day: date) -> Input:
    """Return the proof of the active scores: 100 where it works, 50 where it helps a little, 0 where it does not."""
    label = "The active score is proven"
    verdicts = verdicts_on(day)
    judged = [(title, verdict) for title, verdict in verdicts if verdict and verdict.kind in PROOF_SCORES]
    if not verdicts:
        return Input(SCORES, label, None, "No score is active.")
    if not judged:
        verdict = next((verdict for _, verdict in verdicts if verdict), None)
        return Input(SCORES, label, None, verdict.sentence if verdict else "No score was proven by then.")
    mean = sum((PROOF_SCORES[verdict.kind] for _, verdict in judged), Fraction(0)) / len(judged)
    return Input(
        SCORES, label, share_score(mean), ", ".join(f"{title}: {verdict.badge[0].lower()}" for title, verdict in judged)
    )
