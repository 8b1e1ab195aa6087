"""A potential for each rep where none was imported: what the accounts of the rep would have brought at the usual rate.

The rate of a vertical is the amount won within the 12 months before the first day, by accounts in the vertical. A vertical with
fewer than ten accounts, or none on record, takes the rate of the whole company. It does not depend on the rep's own work more
than on that of all others in the vertical.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd

from core.periods import add_months
from facts.engine import Facts
from facts.plain_rows import plain_rows
from kpis.quotas.achieved import won_deals
from team.models import Company

FEWEST_ACCOUNTS = 10
YEAR = 365
CENT = Decimal("0.01")
NO_VERTICAL = 0
SOURCE = (
    "Computed: the accounts that the rep owns today × the amount won per account of their vertical in the 12 months before the "
    "first of these quotas, shared out by days. Verticals with fewer than ten accounts take the company’s amount per account."
)


@dataclass(frozen=True)
class VerticalAccounts:
    """The accounts of one vertical: how many each owner record has, and what all of them brought."""

    accounts: Mapping[int, int]  # by owner record; 0 for those without
    won: Decimal

    @property
    def count(self) -> int:
        return sum(self.accounts.values())


def compute_yearly_potential(verticals: Iterable[VerticalAccounts]) -> dict[int, Decimal]:
    """Return the potential of a year by owner record; nothing where nothing was won."""
    verticals = list(verticals)
    accounts, won = sum(part.count for part in verticals), sum((part.won for part in verticals), Decimal(0))
    if not accounts or won <= 0:
        return {}
    potential: dict[int, Decimal] = {}
    for part in verticals:
        rate = part.won / part.count if part.count >= FEWEST_ACCOUNTS else won / accounts
        for owner, n in part.accounts.items():
            if owner:
                potential[owner] = potential.get(owner, Decimal(0)) + rate * n
    return potential


def share_by_days(yearly: Decimal, spans: Iterable[tuple[date, date]]) -> Decimal:
    """Return the part of a year's amount that falls on the days of the spans."""
    days = sum((last - first).days + 1 for first, last in spans)
    return (yearly * days / YEAR).quantize(CENT)


def read_yearly_potential(facts: Facts, company: Company, first: date) -> dict[int, Decimal]:
    """Return the yearly potential of each owner record as seen on the first day, with two questions."""
    deals, accounts = won_deals(facts, company), facts.table("accounts")
    begin, end = add_months(first, -12), first - timedelta(days=1)
    deals = deals.filter((deals.day >= begin) & (deals.day <= end) & deals.account_id.notnull())
    of_verticals = accounts.select(of_account="id", vertical="vertical_id")
    both = deals.inner_join(of_verticals, deals.account_id == of_verticals.of_account)
    won = _lines(facts, both.group_by("vertical").agg(won=both.value.sum()))
    owned = _lines(facts, accounts.group_by(["vertical_id", "owner_id"]).agg(n=accounts.count()))
    counts: dict[int, dict[int, int]] = {}
    for line in owned:
        counts.setdefault(int(line["vertical_id"] or NO_VERTICAL), {})[int(line["owner_id"] or 0)] = int(line["n"])
    sums = {int(line["vertical"] or NO_VERTICAL): Decimal(str(line["won"] or 0)) for line in won}
    return compute_yearly_potential(VerticalAccounts(its, sums.get(key, Decimal(0))) for key, its in counts.items())


def _lines(facts: Facts, rows: Any) -> list[dict[str, Any]]:
    frame: pd.DataFrame = facts.execute(rows)
    return plain_rows(frame)
