"""The formulas by which detectors say what an alarm costs in a year."""

from decimal import Decimal

from alarms.context import Context
from alarms.costs import MoneyRange, estimate_cases, estimate_difference, estimate_lost_rate, fixed_amount
from alarms.registry import Cost, Finding

YEAR_DAYS = 365
WORTH = {  # by the starting point of `MoneyBasis.won`
    "lead": "share of leads that were won × average won deal",
    "handoff": "share of hand-offs that were won × average won deal",
    "accepted": "share of accepted leads that were won × average won deal",
    "won": "average won deal",
    "deal": "share of closed deals that were won × average won deal",
}


def lost_rate(start: str, metric: str) -> Cost:
    """Cost of a rate that moved: its cases in the last year × how far it moved × what a case is worth."""

    def estimate(context: Context, finding: Finding) -> MoneyRange | None:
        judged = finding.judgement
        if judged.hits is None or judged.expected_hits is None:
            return None
        cases = context.compute(metric, context.last_days(YEAR_DAYS)).denominator
        usual, now = (judged.expected_hits, judged.expected_n), (judged.hits, judged.n)
        return estimate_lost_rate(context.money, start, float(cases or 0), usual, now)

    return Cost(f"cases a year × change of the rate × {WORTH[start]}", estimate)


def unworked_cases(start: str, days: int) -> Cost:
    """Cost of cases that nobody works: those of the last `days` days, a year of them × what a case is worth."""

    def estimate(context: Context, finding: Finding) -> MoneyRange | None:
        cases = finding.cost_cases
        if cases is None and finding.judgement.hits is not None:
            cases = finding.judgement.hits * YEAR_DAYS / days
        return estimate_cases(context.money, start, cases or 0)

    return Cost(f"cases a year × {WORTH[start]}", estimate)


def late_answers() -> Cost:
    """Cost of answers that come late: late ones a year × how much less often they become customers × average won deal.

    Leads that were never answered are left out: another detector counts those.
    """

    def estimate(context: Context, finding: Finding) -> MoneyRange | None:
        late = context.compute("late_answers", context.last_days(YEAR_DAYS)).value
        won = context.money.won
        return estimate_difference(context.money, float(late or 0), won["in_time"], won["late"])

    return Cost("late answers a year × (share won if in time − share won if late) × average won deal", estimate)


def gap_in_revenue(metric: str) -> Cost:
    """Cost of a return under its benchmark: what the same spend would have brought more at the benchmark. Counted."""

    def estimate(context: Context, finding: Finding) -> MoneyRange | None:
        extra = context.compute(metric, context.last_year).gap.get("extra_revenue")
        return fixed_amount(Decimal(extra), context.currency) if extra and extra > 0 else None

    return Cost("spend of the last full year × (1 + benchmark) − revenue of that year", estimate, is_overall=True)


def counted(formula: str) -> Cost:
    """Cost that the detector counts itself."""
    return Cost(formula, lambda context, finding: finding.cost)
