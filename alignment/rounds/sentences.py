"""Results in a sentence. Pure."""

from alignment.rounds.results import RoundResults
from core.formatting import format_decimal


def headline(results: RoundResults) -> str:
    """Say what stands out in a round."""
    if not any(group.mode != "hidden" for group in results.groups):
        return f"Too few people answered: results are shown from {results.minimum} people on each side."
    known = [result for result in results.dimensions if result.agreement.is_known]
    if not known:
        return "The two sides cannot be compared in this round."
    wide = [result for result in known if result.agreement.is_wide]
    widest = results.widest
    if not wide:
        unknowing = [result for result in known if "does not know it" in result.finding]
        if unknowing:
            return (
                f"Sales and Marketing agree more than they think, above all on {unknowing[0].dimension.name.lower()}."
            )
        return "Sales and Marketing see their cooperation alike: no dimension differs by a full point."
    first = widest[0]
    better = "Sales" if (first.agreement.value or 0) > 0 else "Marketing"
    count = "one dimension" if len(wide) == 1 else f"{len(wide)} of {len(known)} dimensions"
    return (
        f"Sales and Marketing see {count} differently, above all {first.dimension.name.lower()}: "
        f"{better} rates it {format_decimal(first.agreement.size, 1)} points higher."
    )
