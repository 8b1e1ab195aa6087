"""What the page of quotas says in words: its finding, what it leaves out, and how two versions differ."""

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal

from core.formatting import format_count, format_decimal, format_percent, short_money, with_sign
from kpis.quotas.potential import SOURCE
from kpis.quotas.report import COMPUTED, IMPORTED, FairnessReport, RepLine, VersionComparison
from kpis.quotas.selection import NO_CATEGORY


def write_attainment(value: Decimal | None) -> str:
    """Write an attainment as percent; one just under 100% is not written as reached."""
    if value is None:
        return "–"
    if value < 1 and format_percent(value) == format_percent(1):
        return format_percent(value.quantize(Decimal("0.001"), ROUND_DOWN), 1)
    return format_percent(value)


def find_furthest(lines: Sequence[RepLine]) -> RepLine | None:
    """Return the rep whose quota is highest for the potential."""
    priced = [line for line in lines if line.ratio is not None]
    return min(priced, key=lambda line: line.ratio or Decimal(0), default=None)


def describe_report(report: FairnessReport) -> str:
    """Say who is furthest off, and how many reach the quota."""
    if not report.lines:
        return f"No {report.category.name.lower()} quota can be judged in this period"
    statistics = report.statistics
    parts = []
    if statistics.judged:
        parts.append(
            f"{format_count(statistics.at_quota)} of {format_count(statistics.judged)} {_reps(statistics.judged)} reached the quota"
        )
    furthest = find_furthest(report.lines)
    if furthest is None or statistics.with_potential < 2:
        tail = "without a potential nothing says whether the quotas are fair" if not statistics.with_potential else ""
        return (
            _capitalize("; ".join(part for part in (*parts, tail) if part)) or "One quota has nothing to compare with"
        )
    share = format_percent(1 / furthest.ratio) if furthest.ratio else ""
    if furthest.is_alike:
        parts.append("every potential fits its quota" if statistics.alike == statistics.with_potential else "")
    else:
        parts.append(f"{furthest.name} is asked for most: {share} of the potential")
    return _capitalize("; ".join(part for part in parts if part))


def _capitalize(text: str) -> str:
    return text[:1].upper() + text[1:]


def _reps(n: int) -> str:
    return "rep" if n == 1 else "reps"


def list_left_out(report: FairnessReport) -> list[str]:
    """Say what does not count, by reason."""
    lines = []
    for reason, n in report.selection.left_out:
        if reason == NO_CATEGORY and not report.sees_all:
            continue
        lines.append(f"{format_count(n)} {'quota' if n == 1 else 'quotas'} {reason}")
    lines += [f"{format_count(n)} {reason}" for reason, n in report.achieved_left_out.items()]
    return lines


def describe_potential(report: FairnessReport) -> str:
    """Say where the potential comes from."""
    if report.potential == COMPUTED:
        return SOURCE
    if report.potential == IMPORTED:
        without = len(report.lines) - report.statistics.with_potential
        tail = f" {format_count(without)} {_reps(without)} without one get no verdict." if without else ""
        return f"Imported with the quotas, as your source has it.{tail}"
    return (
        "No potential is on record for these quotas, so no quota is called fair or unfair. Import one with the quotas."
    )


def describe_versions(comparison: VersionComparison, currency: str) -> str:
    """Say what the later version changed."""
    n = len(comparison.changes)
    raised = sum(1 for change in comparison.changes if change.after > change.before)
    lowered = sum(1 for change in comparison.changes if change.after < change.before)
    direction = [f"{format_count(raised)} raised"] * bool(raised) + [f"{format_count(lowered)} lowered"] * bool(lowered)
    return (
        f"Version {comparison.later} replaced version {comparison.earlier} for {format_count(n)} {_reps(n)}: "
        f"{', '.join(direction) or 'none changed'}, {short_money(comparison.before, currency)} → "
        f"{short_money(comparison.after, currency)} ({with_sign(format_percent(comparison.change))})"
    )


def describe_attainment_chart(report: FairnessReport) -> str:
    spread = report.statistics.spread
    if spread is None:
        return "Attainment of each rep"
    return f"Attainment goes from {format_percent(spread.least)} to {format_percent(spread.most)}; half of the reps are above {format_percent(spread.median)}"


def describe_ratio_chart(report: FairnessReport) -> str:
    statistics = report.statistics
    off = statistics.with_potential - (statistics.alike or 0)
    mean = format_decimal(statistics.mean_ratio, 2)
    if not off:
        return f"Potential ÷ quota of every rep is near the mean of {mean}"
    return f"Potential ÷ quota of {format_count(off)} {_reps(off)} is more than {format_percent(0.1)} from the mean of {mean}"
