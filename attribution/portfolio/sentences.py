"""What the page of the portfolio says in words."""

from attribution.portfolio.report import Portfolio, Transition
from core.formatting import format_count, format_percent, short_money


def name_transition(transition: Transition) -> str:
    return f"{transition.origin.name} to {transition.target.name}"


def describe_portfolio(portfolio: Portfolio) -> str:
    """Say which transition is worth most per lead and how much of it Marketing touches."""
    valued = [transition for transition in portfolio.transitions if transition.gain_per_move and transition.moves]
    if not valued:
        return "No lead moved between stages in this period, or no deal was won yet"
    best = max(valued, key=lambda transition: transition.gain_per_move or 0)
    gain = short_money(best.gain_per_move, portfolio.currency)
    share = format_percent(best.touched / best.moves)
    return (
        f"“{name_transition(best)}” gains most, {gain} per lead; "
        f"{share} of its {format_count(best.moves)} moves had a programme or content before them"
    )


def describe_transition(transition: Transition, currency: str) -> str:
    """Say how many leads moved, what a move costs and gains."""
    if not transition.moves:
        return "No lead made this move in the period."
    parts = [
        f"{format_count(transition.moves)} leads moved, {format_percent(transition.touched / transition.moves)} of them "
        "after a programme or content."
    ]
    if transition.cost_per_move is not None:
        parts.append(f"A move costs {short_money(transition.cost_per_move, currency)}.")
    if transition.gain_per_move is not None:
        parts.append(
            f"The chance of a win changes from {format_percent(transition.chance_before)} to "
            f"{format_percent(transition.chance_after)}, worth {short_money(transition.gain_per_move, currency)} per lead."
        )
    return " ".join(parts)
