"""The formulas by which detectors say what an alarm costs in a year."""

from alarms.context import Context
from alarms.costs import MoneyRange, estimate_cases, estimate_lost_rate
from alarms.registry import Cost, Finding

YEAR_DAYS = 365
WORTH = {  # by the starting point of `MoneyBasis.won`
    "lead": "share of leads that were won × average won deal",
    "handoff": "share of hand-offs that were won × average won deal",
    "accepted": "share of accepted leads that were won × average won deal",
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
