"""Last year's deals of every rep through the current and the proposed plan: who gains, who loses, and what each plan costs. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from kpis.plans.moves import Product
from kpis.plans.pay import Payslip, RepYear, Span, pay_year
from kpis.plans.search import Leak, find_leaks
from kpis.plans.terms import PayPlan
from kpis.quotas.categories import CHURN

NO_QUOTA = "without a quota in a category that a plan pays for"


@dataclass(frozen=True)
class RepPay:
    """One rep under both plans; `current` is None where no plan is in force."""

    rep: RepYear
    current: Payslip | None
    proposed: Payslip

    @property
    def change(self) -> Decimal | None:
        return self.proposed.total - self.current.total if self.current else None


@dataclass(frozen=True)
class Replay:
    """Both plans over the same year."""

    reps: tuple[RepPay, ...]  # who gains most first
    left_out: tuple[RepYear, ...]  # without a quota that they would be paid by
    current_leaks: tuple[Leak, ...]
    proposed_leaks: tuple[Leak, ...]

    @property
    def current_cost(self) -> Decimal | None:
        paid = [rep.current.total for rep in self.reps if rep.current]
        return sum(paid, Decimal(0)) if len(paid) == len(self.reps) else None

    @property
    def proposed_cost(self) -> Decimal:
        return sum((rep.proposed.total for rep in self.reps), Decimal(0))

    @property
    def gaining(self) -> int:
        return sum(1 for rep in self.reps if rep.change and rep.change > 0)

    @property
    def losing(self) -> int:
        return sum(1 for rep in self.reps if rep.change and rep.change < 0)


def replay_plans(
    reps: Sequence[RepYear], current: PayPlan | None, proposed: PayPlan, spans: Mapping[str, Sequence[Span]],
    products: Sequence[Product] = (),
) -> Replay:  # fmt: skip
    """Pay every rep by both plans and search both for loopholes; `spans` are the pay periods of the year by their name."""
    plans = [plan for plan in (current, proposed) if plan]
    paid = [rep for rep in reps if all(has_quotas(rep, plan) for plan in plans)]
    lines = [
        RepPay(
            rep, pay_year(rep, current, spans[current.period]) if current else None,
            pay_year(rep, proposed, spans[proposed.period]),
        )
        for rep in paid
    ]  # fmt: skip
    lines.sort(key=lambda line: (-(line.change or line.proposed.total), line.rep.name))
    leaks = [tuple(find_leaks(paid, plan, spans[plan.period], products, spans)) for plan in plans]
    paid_owners = {rep.owner for rep in paid}
    left_out = tuple(rep for rep in reps if rep.owner not in paid_owners)
    return Replay(tuple(lines), left_out, leaks[0] if current else (), leaks[-1])


def has_quotas(rep: RepYear, plan: PayPlan) -> bool:
    """Tell whether a rep has a quota in every category that the plan pays for."""
    return all(rep.quotas.get(category) for category in plan.weights)


def pays_for_churn(*plans: PayPlan | None) -> bool:
    return any(plan is not None and CHURN in plan.weights for plan in plans)
