"""What the page of content finds, in words."""

from core.formatting import format_count, format_percent, short_money
from kpis.content.coverage import NONE, REASONS, Cell
from kpis.content.queries import ContentReport
from kpis.metrics.follow_up import UNUSED_DAYS


def describe_content(report: ContentReport) -> str:
    """Say how much content is not used, and where most open value has none."""
    n, unused = len(report.assets), len(report.unused)
    if not unused:
        first = f"Sales has used {'the only asset' if n == 1 else f'all {format_count(n)} assets'} in the last {UNUSED_DAYS} days."
    else:
        share = format_percent(unused / n, 0)
        first = (
            f"Sales has not used {format_count(unused)} of {format_count(n)} assets ({share}) for {UNUSED_DAYS} days."
        )
    stakes = report.coverage.stakes
    return f"{first} {describe_hole(stakes[0], report.currency)}" if stakes else first


def describe_hole(cell: Cell, currency: str) -> str:
    """Say what is open in a hole of the coverage, and what it has."""
    deals = f"{format_count(cell.deals)} open deal{'' if cell.deals == 1 else 's'}"
    value = short_money(cell.value, currency)
    missing = "no content" if cell.state == NONE else cell.label[0].lower() + cell.label[1:]
    return f"The largest gap is {cell.stage} for {cell.persona}: {value} in {deals}, and {missing}."


def describe_reasons(report: ContentReport) -> str:
    """Say why content that is not used was passed over."""
    totals = report.total_reasons()
    whole = sum(totals.values())
    if not whole:
        return "No reason is on record for the period. Reps give one on the page of a buyer."
    ordered = sorted(totals.items(), key=lambda item: -item[1])
    parts = ", ".join(f"{REASONS[name].lower()} {format_percent(n / whole, 0)}" for name, n in ordered)
    return f"Reasons on record in the period: {format_count(whole)} ({parts})."
