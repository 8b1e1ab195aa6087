"""What misalignment costs: SMROI on two bases, and both gaps to a benchmark in money. Pure."""

from dataclasses import dataclass
from decimal import Decimal

from kpis.metrics.money import gap_to_benchmark


@dataclass(frozen=True)
class Cost:
    """SMROI and gaps of one set of figures; rates are fractions, amounts in `currency`.

    `extra_revenue` is what the same spend would have brought more at the benchmark, `spend_saved` what the same revenue
    would have cost less; both are negative when the company is ahead of the benchmark.
    """

    revenue: Decimal
    spend: Decimal
    benchmark: Decimal
    currency: str
    smroi: Decimal
    extra_revenue: Decimal
    spend_saved: Decimal
    share_of_revenue: Decimal
    gross_profit: Decimal | None = None
    smroi_gross_profit: Decimal | None = None

    @property
    def is_behind(self) -> bool:
        return self.smroi < self.benchmark

    @property
    def benchmark_revenue(self) -> Decimal:
        return self.revenue + self.extra_revenue

    @property
    def benchmark_spend(self) -> Decimal:
        return self.spend - self.spend_saved


def compute_cost(
    *, revenue: Decimal, spend: Decimal, benchmark: Decimal, currency: str = "", gross_profit: Decimal | None = None
) -> Cost:
    """Compute SMROI = (revenue − spend) ÷ spend and the gaps to the benchmark.

    Raises:
        ValueError: revenue or spend are not above 0, or the benchmark is −100 % or less.
    """
    if revenue <= 0 or spend <= 0 or benchmark <= -1:
        raise ValueError("Revenue and spend must be above 0, and the benchmark above −100%.")
    gap = gap_to_benchmark(revenue - spend, spend, benchmark)
    return Cost(
        revenue=revenue,
        spend=spend,
        benchmark=benchmark,
        currency=currency,
        smroi=compute_smroi(revenue, spend),
        extra_revenue=gap["extra_revenue"],
        spend_saved=gap["spend_saved"],
        share_of_revenue=spend / revenue,
        gross_profit=gross_profit,
        smroi_gross_profit=None if gross_profit is None else compute_smroi(gross_profit, spend),
    )


def compute_smroi(earned: Decimal, spend: Decimal) -> Decimal:
    return (earned - spend) / spend
