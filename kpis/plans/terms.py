"""The terms of a pay plan as a machine reads them: what both sides sign, and what pay is computed from. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from core.formatting import format_decimal, format_money, format_whole_percent
from kpis.quotas.categories import CATEGORIES, VOLUME

HUNDRED = Decimal(100)
PERIODS = {"month": "Month", "quarter": "Quarter", "year": "Year"}
PERIODS_A_YEAR = {"month": 12, "quarter": 4, "year": 1}
NET, LIST = "net", "list"
CREDITS = {NET: "The amount of the deal", LIST: "The amount before discount"}
NONE = Decimal(0)


@dataclass(frozen=True)
class PayPlan:
    """A pay plan. Shares are fractions of 1; money is in `currency`.

    `variable` is paid for a year in which every quota is just reached. Each period pays its part of it. `threshold` is the
    attainment of a category under which it pays nothing; above quota each point pays `accelerator` points; `cap` is the most
    that a period pays, as a multiple of its part of the variable pay, bonuses included; None for no cap.
    """

    variable: Decimal
    currency: str = ""
    period: str = "quarter"
    threshold: Decimal = NONE
    accelerator: Decimal = Decimal(1)
    cap: Decimal | None = None
    weights: Mapping[str, Decimal] = field(default_factory=lambda: {VOLUME: Decimal(1)})
    credit: str = NET
    discount_limit: Decimal | None = None  # a deal with a larger discount is credited in part
    discount_factor: Decimal = Decimal(1)
    bonus: Decimal = NONE  # for each won deal
    bonus_from: Decimal = NONE  # of at least this amount

    @property
    def periods(self) -> int:
        return PERIODS_A_YEAR[self.period]

    @classmethod
    def of(cls, terms: Mapping[str, Any]) -> "PayPlan":
        """Read the stored terms of a version."""
        weights = {key: share / HUNDRED for key in CATEGORIES if (share := _number(terms, f"weight_{key}"))}
        return cls(
            variable=_number(terms, "variable_pay"), currency=str(terms.get("currency") or ""),
            period=terms.get("period") if terms.get("period") in PERIODS else "quarter",  # type: ignore[arg-type]
            threshold=_number(terms, "threshold") / HUNDRED, accelerator=_number(terms, "accelerator", Decimal(1)),
            cap=_number(terms, "cap") / HUNDRED if terms.get("cap") else None,
            weights=weights or {VOLUME: Decimal(1)}, credit=LIST if terms.get("credit") == LIST else NET,
            discount_limit=_number(terms, "discount_limit") / HUNDRED if terms.get("discount_limit") not in (None, "") else None,
            discount_factor=_number(terms, "discount_factor", HUNDRED) / HUNDRED,
            bonus=_number(terms, "deal_bonus"), bonus_from=_number(terms, "deal_bonus_from"),
        )  # fmt: skip


def _number(terms: Mapping[str, Any], name: str, default: Decimal = NONE) -> Decimal:
    value = terms.get(name)
    return default if value in (None, "") else Decimal(str(value))


def describe_plan(terms: Mapping[str, Any]) -> list[str]:
    """Say the terms in words, a line each."""
    plan = PayPlan.of(terms)
    shares = ", ".join(
        f"{CATEGORIES[key].name} {format_whole_percent(share * HUNDRED)}" for key, share in plan.weights.items()
    )
    lines = [
        f"Variable pay at quota: {format_money(plan.variable, plan.currency)} a year, in equal parts for each {PERIODS[plan.period].lower()}",
        f"Shared among: {shares}",
        f"Pays from: {format_whole_percent(plan.threshold * HUNDRED)} of quota" if plan.threshold else "Pays from the first deal",
        f"Above quota: {format_decimal(plan.accelerator, 2, is_trimmed=True)} × the rate",
        f"Cap: {format_whole_percent(plan.cap * HUNDRED)} of the variable pay in each {PERIODS[plan.period].lower()}" if plan.cap is not None else "No cap",
        f"Credited: {CREDITS[plan.credit].lower()}",
    ]  # fmt: skip
    if plan.discount_limit is not None:
        lines.append(
            f"Deals with a discount over {format_whole_percent(plan.discount_limit * HUNDRED)} are credited at "
            f"{format_whole_percent(plan.discount_factor * HUNDRED)}"
        )
    if plan.bonus:
        least = f" of {format_money(plan.bonus_from, plan.currency)} or more" if plan.bonus_from else ""
        lines.append(f"Bonus: {format_money(plan.bonus, plan.currency)} for each won deal{least}")
    return lines
