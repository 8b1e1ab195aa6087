"""How long it takes to replay a year of 200 reps through two pay plans and to search both for loopholes.

The pure rules alone are measured: no database. Every rep has 60 won deals and quotas in two categories.
"""

import os
import statistics
import time
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np

from benchmarks.result import Result
from kpis.plans.moves import Product
from kpis.plans.pay import Event, RepYear, Span
from kpis.plans.replay import replay_plans
from kpis.plans.terms import PayPlan
from kpis.quotas.categories import NEW_PRODUCTS, VOLUME

REPS, DEALS = 200, 60
GOAL_SECONDS = 2.0
PAST_ROWS = 1_000_000  # of the other benchmarks, to which --rows refers: fewer make fewer reps here
YEAR: Span = (date(2025, 1, 1), date(2025, 12, 31))
STARTS = [date(2025, month, 1) for month in (1, 4, 7, 10)]
QUARTERS: list[Span] = [
    (start, (STARTS[i + 1] if i < 3 else date(2026, 1, 1)) - timedelta(days=1)) for i, start in enumerate(STARTS)
]
SPANS = {"quarter": QUARTERS, "year": [YEAR]}
CURRENT = PayPlan(Decimal(50_000), "USD", threshold=Decimal("0.5"), accelerator=Decimal(2))
PROPOSED = PayPlan(
    Decimal(50_000), "USD", accelerator=Decimal("1.5"), cap=Decimal(2), bonus=Decimal(400), bonus_from=Decimal(20_000),
    weights={VOLUME: Decimal("0.85"), NEW_PRODUCTS: Decimal("0.15")}, discount_limit=Decimal("0.2"), discount_factor=Decimal("0.5"),
)  # fmt: skip
NEW = Product(4, "New", Decimal("0.2"), date(2025, 3, 1), date(2026, 3, 1))


def run(rows: int, rounds: int, folder: Path) -> Result:
    reps = make_years(max(10, REPS * min(rows, PAST_ROWS) // PAST_ROWS))
    load, seconds, leaks = os.getloadavg()[0], [], 0
    for _ in range(rounds):
        begun = time.perf_counter()
        replay = replay_plans(reps, CURRENT, PROPOSED, SPANS, [NEW])
        seconds.append(time.perf_counter() - begun)
        leaks = len(replay.proposed_leaks)
    taken = statistics.median(seconds)
    notes: dict[str, float | int | str] = {
        "reps": len(reps), "deals": sum(len(rep.events) for rep in reps), "leaks found": leaks,
        "load of the machine when the runs were timed": round(load, 1), "seconds": round(taken, 2),
    }  # fmt: skip
    return Result("plan_replay", 1 / taken, 1 / GOAL_SECONDS, "replays/s", 1.0, notes)


def make_years(count: int) -> list[RepYear]:
    """Return years of reps with deals drawn at random."""
    rng = np.random.default_rng(14)
    years = []
    for r in range(count):
        amounts, days = rng.lognormal(10.3, 0.6, DEALS), rng.integers(0, 365, DEALS)
        products, discounts = rng.integers(1, 5, DEALS), rng.choice([0.0, 0.1, 0.25], DEALS)
        events = tuple(
            Event(
                r * DEALS + i, YEAR[0] + timedelta(days=int(days[i])), amount := Decimal(f"{amounts[i]:.2f}"),
                (amount / (1 - Decimal(str(discounts[i])))).quantize(Decimal("0.01")), amount / 4,
                is_new=int(products[i]) == NEW.pk, product=int(products[i]), account=r * 20 + i % 20 + 1,
            )
            for i in range(DEALS)
        )  # fmt: skip
        quota = Decimal(f"{amounts.sum() / 4 * rng.uniform(0.8, 1.3):.2f}")
        quotas = {
            VOLUME: tuple((span, quota) for span in QUARTERS),
            NEW_PRODUCTS: ((YEAR, quota * Decimal("0.6")),),
        }
        years.append(RepYear(r + 1, f"Rep {r + 1}", events, quotas))
    return years
