"""Amounts that must be convertible to the company's currency: refused where the day's exchange rate is missing."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from django.utils import timezone

from crm.rates import exchange_rates
from crm.record_kind import Money
from crm.registry import find_kind
from team.models import Company


@dataclass(frozen=True)
class Conversion:
    """What an import asks for each amount in another currency."""

    rates: exchange_rates.Rates
    into: str
    today: date

    def missing_rates(self, kind: str, columns: dict[str, pd.Series]) -> dict[int, str]:
        """Return {row: reason} of the rows whose amount cannot be converted to the company's currency."""
        money = find_kind(kind).dated_money
        if money is None or not {money.amounts[0], "currency"} <= set(columns):
            return {}
        amount = pd.to_numeric(columns[money.amounts[0]], errors="coerce").fillna(0).to_numpy()
        currency = columns["currency"].fillna("").astype(str)
        foreign = (amount != 0) & ~currency.isin(["", self.into]).to_numpy()
        days = self._amount_days(money, columns)
        if any("." in day for day in money.days):  # where the row has no day, that of another record serves
            foreign &= np.array([day is not None for day in days], dtype=bool)
        reasons: dict[tuple[str, Any], str] = {}
        missing: dict[int, str] = {}
        for row in map(int, np.flatnonzero(foreign)):
            # Few pairs of currency and day repeat in many rows, so each is looked up once.
            pair = (str(currency.iat[row]), days[row])
            if pair not in reasons:
                reasons[pair] = self._missing_rate(*pair)
            if reasons[pair]:
                missing[row] = reasons[pair]
        return missing

    def _amount_days(self, money: Money, columns: dict[str, pd.Series]) -> list[date | None]:
        """Return the day of each row; a future day becomes today, since there is no rate for it yet."""
        days = pd.Series(pd.NaT, index=columns["currency"].index, dtype="datetime64[ns]")
        for name in money.days:
            if name in columns:
                moments = pd.to_datetime(columns[name], utc=True).dt.tz_convert(None).dt.normalize()
                days = days.fillna(moments.astype("datetime64[ns]"))
        name, value = money.today_while or ("", "")
        if name in columns:
            days = days.where(columns[name] != value, pd.Timestamp(self.today))
        if money.is_open_ended:
            days = days.fillna(pd.Timestamp(self.today))
        return [None if day is pd.NaT else min(day.date(), self.today) for day in days]

    def _missing_rate(self, currency: str, day: date | None) -> str:
        if day and self.rates.of(currency, self.into, day):
            return ""
        return exchange_rates.missing_rate_message(currency, self.into, day)


def current_conversion() -> Conversion | None:
    """Return what the company asks of foreign amounts; None while it keeps them as they are."""
    company = Company.get()
    if not company.is_converting_amounts:
        return None
    return Conversion(exchange_rates.load_rates(), company.currency, timezone.now().astimezone(company.zone).date())
