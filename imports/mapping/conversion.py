"""Amounts that the company must be able to reckon in its own currency: refused where the day's rate is missing."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from django.utils import timezone

from crm.rates import exchange_rates
from team.models import Company

DAYS = {  # the columns that tell the day of an amount; an open deal is worth what it is worth today
    "opportunity": ("closed_on", "closed_at"),
    "invoice": ("issued_on",),
    "payment": ("paid_on",),
    "spend": ("spent_on",),
    "line_item": ("sold_on",),
    "subscription": ("ends_on",),
    "touch": ("happened_at",),
}
AMOUNT = {"touch": "value"}  # the field that holds the money, where it is not “amount”
DATED_ELSEWHERE = {"line_item"}  # the day of the deal or invoice serves where the row has none


@dataclass(frozen=True)
class Conversion:
    """What an import asks for each amount in another currency."""

    rates: exchange_rates.Rates
    into: str
    today: date

    def wanting(self, kind: str, columns: dict[str, pd.Series]) -> dict[int, str]:
        """Return the rows whose amount cannot be reckoned in the company's currency, each with the reason."""
        name = AMOUNT.get(kind, "amount")
        if kind not in DAYS or not {name, "currency"} <= set(columns):
            return {}
        amount = pd.to_numeric(columns[name], errors="coerce").fillna(0).to_numpy()
        currency = columns["currency"].fillna("").astype(str)
        foreign = (amount != 0) & ~currency.isin(["", self.into]).to_numpy()
        days = self._days(kind, columns)
        if kind in DATED_ELSEWHERE:
            foreign &= np.array([day is not None for day in days], dtype=bool)
        known: dict[tuple[str, Any], str] = {}
        found: dict[int, str] = {}
        for place in map(int, np.flatnonzero(foreign)):
            pair = (str(currency.iat[place]), days[place])
            if pair not in known:
                known[pair] = self._reason(*pair)
            if known[pair]:
                found[place] = known[pair]
        return found

    def _days(self, kind: str, columns: dict[str, pd.Series]) -> list[date | None]:
        """Return the day of each row, never one to come: nobody knows its rate."""
        days = pd.Series(pd.NaT, index=columns["currency"].index, dtype="datetime64[ns]")
        for name in DAYS[kind]:
            if name in columns:
                moments = pd.to_datetime(columns[name], utc=True).dt.tz_convert(None).dt.normalize()
                days = days.fillna(moments.astype("datetime64[ns]"))
        if kind == "opportunity" and "outcome" in columns:
            days = days.where(columns["outcome"] != "open", pd.Timestamp(self.today))
        if kind == "subscription":
            days = days.fillna(pd.Timestamp(self.today))
        return [None if day is pd.NaT else min(day.date(), self.today) for day in days]

    def _reason(self, currency: str, day: date | None) -> str:
        if day and self.rates.of(currency, self.into, day):
            return ""
        return exchange_rates.missing_rate_message(currency, self.into, day)


def conversion() -> Conversion | None:
    """Return what the company asks of foreign amounts; None while it keeps them as they are."""
    company = Company.get()
    if not company.is_converting_amounts:
        return None
    return Conversion(exchange_rates.load_rates(), company.currency, timezone.now().astimezone(company.zone).date())
