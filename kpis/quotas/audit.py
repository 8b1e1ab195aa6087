"""The audit rules of quotas, each met, not met, or without a verdict. Pure.

Source: methods.md 5: CV of quotas < 20 %, potential ÷ quota within ±10 % of the mean, 55–65 % of reps at quota, no correlation
of attainment with potential, and quotas that follow potential (Zoltners).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from core.formatting import format_count, format_percent
from core.intervals import wilson_interval
from kpis.quotas.fairness import (
    ALIKE,
    AT_QUOTA,
    MIN_REPS,
    MOST_VARIATION,
    NEAR,
    WEAK,
    Correlation,
    Spread,
    compute_gini,
    compute_spread,
    compute_variation,
    correlate_ranks,
    count_alike,
    count_bands,
)

Verdict = Literal["met", "not_met", "none"]
VERDICTS = {"met": "Met", "not_met": "Not met", "none": "No verdict"}


@dataclass(frozen=True)
class RepFigures:
    """The figures of one rep, as numbers for statistics: never printed as money."""

    quota: float
    attainment: float | None
    potential: float | None


@dataclass(frozen=True)
class Rule:
    """One audit rule with what was found."""

    key: str
    name: str
    verdict: Verdict
    finding: str

    @property
    def label(self) -> str:
        return VERDICTS[self.verdict]


@dataclass(frozen=True)
class Statistics:
    """How quotas of one category are spread over the reps; every figure is None where it has no meaning."""

    reps: int
    judged: int  # reps with an attainment
    with_potential: int
    at_quota: int
    near_quota: int
    bands: tuple[tuple[str, int], ...]
    spread: Spread | None
    gini: float | None
    attainment_variation: float | None
    quota_variation: float | None
    attainment_by_potential: Correlation | None
    quota_by_potential: Correlation | None
    alike: int | None
    mean_ratio: float | None

    @property
    def share_at_quota(self) -> float | None:
        return self.at_quota / self.judged if self.judged else None

    @property
    def interval_at_quota(self) -> tuple[float, float] | None:
        return wilson_interval(self.at_quota, self.judged)


def compute_statistics(reps: Sequence[RepFigures]) -> Statistics:
    attainments = [rep.attainment for rep in reps if rep.attainment is not None]
    priced = [rep for rep in reps if rep.potential is not None and rep.potential > 0]
    both = [
        (rep.attainment, rep.potential) for rep in priced if rep.attainment is not None and rep.potential is not None
    ]
    alike = count_alike([(rep.potential or 0) / rep.quota for rep in priced])
    return Statistics(
        reps=len(reps),
        judged=len(attainments),
        with_potential=len(priced),
        at_quota=sum(1 for value in attainments if value >= 1),
        near_quota=sum(1 for value in attainments if abs(value - 1) <= NEAR),
        bands=tuple(count_bands(attainments)),
        spread=compute_spread(attainments),
        gini=compute_gini(attainments),
        attainment_variation=compute_variation(attainments),
        quota_variation=compute_variation([rep.quota for rep in reps]),
        attainment_by_potential=correlate_ranks([pair[0] for pair in both], [pair[1] for pair in both]),
        quota_by_potential=correlate_ranks([rep.quota for rep in priced], [rep.potential or 0 for rep in priced]),
        alike=alike[0] if alike else None,
        mean_ratio=alike[1] if alike else None,
    )  # fmt: skip


def audit_quotas(statistics: Statistics) -> tuple[Rule, ...]:
    return (
        _judge_variation(statistics),
        _judge_ratios(statistics),
        _judge_share_at_quota(statistics),
        _judge_attainment(statistics),
        _judge_quotas(statistics),
    )


def _judge_variation(statistics: Statistics) -> Rule:
    name = f"Quotas vary by less than {format_percent(MOST_VARIATION)} (standard deviation ÷ mean)"
    value = statistics.quota_variation
    if statistics.reps < MIN_REPS or value is None:
        return Rule("variation", name, "none", _too_few(statistics.reps))
    return Rule(
        "variation", name, "met" if value < MOST_VARIATION else "not_met",
        f"They vary by {format_percent(value)} over {format_count(statistics.reps)} reps. Territories of different size may need that.",
    )  # fmt: skip


def _judge_ratios(statistics: Statistics) -> Rule:
    name = f"Potential ÷ quota of every rep is within ±{format_percent(ALIKE)} of the mean"
    if fault := _potential_fault(statistics):
        return Rule("ratio", name, "none", fault)
    off = statistics.with_potential - (statistics.alike or 0)
    finding = f"{format_count(off)} of {format_count(statistics.with_potential)} reps are outside; the mean is {statistics.mean_ratio:.2f}."
    return Rule("ratio", name, "not_met" if off else "met", finding)


def _judge_share_at_quota(statistics: Statistics) -> Rule:
    low, high = AT_QUOTA
    name = f"{format_percent(low)} to {format_percent(high)} of the reps reach their quota"
    share, interval = statistics.share_at_quota, statistics.interval_at_quota
    if statistics.judged < MIN_REPS or share is None or interval is None:
        return Rule("at_quota", name, "none", _too_few(statistics.judged))
    reach = (
        f"{format_count(statistics.at_quota)} of {format_count(statistics.judged)} reach it: {format_percent(share)}"
    )
    chance = f"by chance alone it could be {format_percent(interval[0])} to {format_percent(interval[1])}"
    return Rule("at_quota", name, "met" if low <= share <= high else "not_met", f"{reach}; {chance}.")


def _judge_attainment(statistics: Statistics) -> Rule:
    name = "Attainment does not depend on potential"
    if fault := _potential_fault(statistics):
        return Rule("attainment", name, "none", fault)
    correlation = statistics.attainment_by_potential
    if correlation is None:
        return Rule("attainment", name, "none", _too_few(statistics.judged))
    verdict: Verdict = "met" if abs(correlation.rho) <= WEAK else "none"
    if correlation.is_apart_from_zero:
        verdict = "not_met"
    tail = " So few reps cannot tell it from chance." if verdict == "none" else ""
    return Rule("attainment", name, verdict, f"{describe_correlation(correlation)}{tail}")


def _judge_quotas(statistics: Statistics) -> Rule:
    name = "Quotas follow potential: who can sell more has the higher quota"
    if fault := _potential_fault(statistics):
        return Rule("quota", name, "none", fault)
    correlation = statistics.quota_by_potential
    if correlation is None:
        return Rule("quota", name, "none", "All quotas, or all potentials, are equal.")
    verdict: Verdict = "met" if correlation.low > 0 else "not_met" if correlation.rho <= 0 else "none"
    return Rule("quota", name, verdict, describe_correlation(correlation))


def describe_correlation(correlation: Correlation) -> str:
    p = "p < 0.001" if correlation.p < 0.001 else f"p = {correlation.p:.3f}"
    return (
        f"Rank correlation {correlation.rho:.2f}, 95% interval {correlation.low:.2f} to {correlation.high:.2f}, "
        f"{p}, {format_count(correlation.n)} reps."
    ).replace("-", "−")


def _potential_fault(statistics: Statistics) -> str:
    if not statistics.with_potential:
        return "No potential is on record. Import one with the quotas."
    return _too_few(statistics.with_potential) if statistics.with_potential < MIN_REPS else ""


def _too_few(reps: int) -> str:
    return f"Too few reps: {format_count(reps)}, at least {MIN_REPS} are needed."
