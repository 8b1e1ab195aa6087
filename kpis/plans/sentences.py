"""What the replay says in words: who gains and loses, and what each loophole is."""

from collections.abc import Mapping

from core.date_formatting import format_day
from core.formatting import format_count, format_money, short_money, with_sign
from kpis.plans import moves
from kpis.plans.moves import Move
from kpis.plans.replay import Replay
from kpis.plans.search import RULES, Leak


def describe_replay(replay: Replay, year: str, currency: str) -> str:
    """Say what the proposed plan would have changed."""
    if not replay.reps:
        return f"No rep has the quotas of {year} that these plans pay for"
    proposed = short_money(replay.proposed_cost, currency)
    if replay.current_cost is None:
        return f"On {year} this plan pays {proposed} to {format_count(len(replay.reps))} reps"
    change = replay.proposed_cost - replay.current_cost
    return (
        f"On {year} the proposed plan pays {proposed} instead of {short_money(replay.current_cost, currency)} "
        f"({with_sign(short_money(change, currency))}): {format_count(replay.gaining)} gain, {format_count(replay.losing)} lose"
    )


def describe_leaks(leaks: tuple[Leak, ...], currency: str) -> str:
    """Say what the largest loophole is worth and which rule makes it."""
    if not leaks:
        return "No move within the limits of the search pays more for the same revenue."
    largest = leaks[0]
    rule = f", by {RULES[largest.rule]}" if largest.rule else ""
    return (
        f"The largest loophole pays {largest.rep.name} {short_money(largest.amount, currency)} more for the same revenue{rule}. "
        f"The {format_count(len(leaks))} largest add up to {short_money(sum(leak.amount for leak in leaks), currency)}."
    )


def describe_move(move: Move, names: Mapping[int, str], products: Mapping[int, str], currency: str) -> str:
    """Say what the rep would do."""
    first = move.removed[0]
    deal, amount = f"“{names.get(first.pk) or 'A deal'}”", format_money(first.amount, currency)
    if move.kind == moves.SHIFT:
        return f"Close {deal} ({amount}) on {format_day(move.added[0].day)} instead of {format_day(first.day)}"
    if move.kind == moves.SPLIT:
        parts = " and ".join(f"{format_money(part.amount, currency)} on {format_day(part.day)}" for part in move.added)
        return f"Split {deal} ({amount}, {format_day(first.day)}) into {parts}"
    if move.kind == moves.MERGE:
        other = f"“{names.get(move.removed[1].pk) or 'a deal'}”"
        return f"Merge {deal} and {other} into one of {format_money(move.added[0].amount, currency)} on {format_day(move.added[0].day)}"
    if move.kind == moves.MIX:
        product = products.get(move.added[0].product) or "another product"
        return f"Sell {product} instead in {deal} ({amount})"
    if len(move.removed) > 1:
        other = f"“{names.get(move.removed[1].pk) or 'another deal'}”"
        return f"Give the discount of {deal} on {other}: {format_money(move.added[0].amount - first.amount, currency)}"
    return f"Deliver more for the {amount} of {deal}: {format_money(move.added[0].listed, currency)} before discount"
