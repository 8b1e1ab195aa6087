"""What an amount in one currency is in another, by the rates of its day.

The rate of a day is the latest on or before it, `OLDEST` days old at most unless it says how long it holds. Two
currencies meet through any base that has a rate of both for the day: amount × rate of the one ÷ rate of the other.
A rate that is missing is missing; no amount is ever converted one to one.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from core.dates import LAST_DAY, is_plausible
from core.locks import AdvisoryLock, acquire_lock
from crm.models import DayRate, ExchangeRate
from crm.permissions import ENTER_RATE
from crm.registry import kinds_by_name
from team.models import Company, User

MAX_RATE_AGE = 10  # days, over weekends and the longest holidays of a bank
AHEAD = timedelta(days=60)  # how far beyond today a rate without end is used
MANUAL_SOURCE = "accord"  # the source of rates entered by hand or from our own template: they go before all others
CENT = Decimal("0.01")
EXACT = Context(prec=60)


class Factor(NamedTuple):
    """An amount × `up` ÷ `down` is the same in the other currency."""

    up: Decimal
    down: Decimal

    def convert(self, amount: Decimal) -> Decimal:
        """Return the amount in the other currency, rounded half to even to the cent."""
        return EXACT.divide(EXACT.multiply(amount, self.up), self.down).quantize(CENT, ROUND_HALF_EVEN)


class Quote(NamedTuple):
    """So much of a currency for one unit of the base, from one day to another."""

    first: date
    last: date
    rate: Decimal


ONE = Decimal(1)


class Series:
    """The quotes of one currency in one base, by day; of two for one day the later given goes first."""

    def __init__(self, quotes: Iterable[Quote]) -> None:
        self.quotes = list(quotes)
        self.firsts = [quote.first for quote in self.quotes]
        self.reach: list[date] = []  # the last day that any quote up to here holds
        for quote in self.quotes:
            self.reach.append(max(quote.last, self.reach[-1]) if self.reach else quote.last)

    def rate_on(self, day: date) -> Decimal | None:
        index = bisect_right(self.firsts, day) - 1
        while index >= 0 and self.reach[index] >= day:
            if self.quotes[index].last >= day:
                return self.quotes[index].rate
            index -= 1
        return None


class Rates:
    """All rates that are recorded, ready for look-ups."""

    def __init__(self, series: Mapping[tuple[str, str], Series]) -> None:
        self._series = series  # by (base, currency)
        self._bases = sorted({base for base, _ in series})

    def of(self, currency: str, into: str, day: date) -> Factor | None:
        """Return what turns an amount of the day into the other currency; None where a rate is missing."""
        if currency == into:
            return Factor(ONE, ONE)
        for base in dict.fromkeys((into, currency, *self._bases)):
            down, up = self._rate_on(base, currency, day), self._rate_on(base, into, day)
            if up and down:
                return Factor(up, down)
        return None

    def _rate_on(self, base: str, currency: str, day: date) -> Decimal | None:
        if base == currency:
            return ONE
        series = self._series.get((base, currency))
        return series.rate_on(day) if series else None

    def span(self) -> tuple[date, date] | None:
        """Return the first and the last day that any rate holds."""
        series_with_quotes = [series for series in self._series.values() if series.quotes]
        if not series_with_quotes:
            return None
        return min(series.firsts[0] for series in series_with_quotes), max(
            series.reach[-1] for series in series_with_quotes
        )


def load_rates() -> Rates:
    """Read all rates; of several for one day those entered by hand count, else the one that came last."""
    # The currency of each source, and under "" the company's.
    corporate = ExchangeRate.objects.filter(is_corporate=True).order_by("pk").values_list("source", "currency")
    home = {"": Company.get().currency, **dict(corporate)}
    rows = ExchangeRate.objects.values_list("source", "base", "currency", "valued_on", "valid_until", "rate", "pk")
    quotes: dict[tuple[str, str], list[tuple[date, bool, int, Quote]]] = {}
    for source, base, currency, first, until, rate, pk in rows.iterator(chunk_size=20_000):
        base = base or home.get(source) or home[""]
        if base and base != currency and is_plausible(first):
            quote = Quote(first, min(until or first + timedelta(days=MAX_RATE_AGE), LAST_DAY), rate)
            quotes.setdefault((base, currency), []).append((first, source == MANUAL_SOURCE, pk, quote))
    return Rates({pair: Series(quote for *_, quote in sorted(ordered)) for pair, ordered in quotes.items()})


def missing_rate_message(currency: str, into: str, day: date | None) -> str:
    """Say which rate is missing, and what to do about it."""
    if day is None:
        return f"The amount is in {currency} and the row has no date, so no exchange rate to {into} applies. Fill in the date"
    return (
        f"There is no exchange rate of {currency} to {into} for {day} or the {MAX_RATE_AGE} days before; "
        f"import rates that name {currency} for {day}, or enter one by hand, then import this row again"
    )


# What metrics convert with


def update_day_rates() -> int:
    """Recompute the day rates from the exchange rates; return how many changed."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            acquire_lock(cursor, AdvisoryLock.DAY_RATES)
        company = Company.get()
        used = _currencies_in_use(company) if company.is_converting_amounts else []
        changed, _ = DayRate.objects.exclude(into=company.currency, currency__in=used).delete()
        if not company.is_converting_amounts:
            return changed
        rates, today = load_rates(), timezone.now().astimezone(company.zone).date()
        return changed + sum(_update_currency(currency, company.currency, rates, today) for currency in used)


def _currencies_in_use(company: Company) -> list[str]:
    """Return the currencies that money is in here, but for the company's own."""
    tables = (kind.table for kind in kinds_by_name().values() if kind.money)
    each = " UNION ".join(f"SELECT currency FROM {table}" for table in tables)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT currency FROM ({each}) used WHERE currency <> '' AND currency <> %s", [company.currency]
        )
        return sorted(row[0] for row in cursor.fetchall())


def _update_currency(currency: str, into: str, rates: Rates, today: date) -> int:
    wanted = dict(_factors_by_day(currency, into, rates, today))
    here = {row.day: row for row in DayRate.objects.filter(currency=currency, into=into)}
    gone = [row.pk for day, row in here.items() if day not in wanted]
    moved = [row for day, row in here.items() if day in wanted and (row.up, row.down) != wanted[day]]
    for row in moved:
        row.up, row.down = wanted[row.day]
    new = [
        DayRate(currency=currency, into=into, day=day, up=up, down=down)
        for day, (up, down) in wanted.items()
        if day not in here
    ]
    DayRate.objects.filter(pk__in=gone).delete()
    DayRate.objects.bulk_update(moved, ["up", "down"], batch_size=2000)
    DayRate.objects.bulk_create(new, batch_size=5000)
    return len(gone) + len(moved) + len(new)


def _factors_by_day(currency: str, into: str, rates: Rates, today: date) -> Iterator[tuple[date, Factor]]:
    span = rates.span()
    if not span:
        return
    day, last = span[0], min(span[1], today + AHEAD)
    while day <= last:
        factor = rates.of(currency, into, day)
        if factor:
            yield day, factor
        day += timedelta(days=1)


# What people and imports do


def use_imported_rates(import_id: int) -> None:
    """Follow an import of rates: the first rates ever recorded switch the conversion on."""
    # A company without a currency has the corporate one of the CRM whose rates it brought.
    company = Company.get()
    home = ExchangeRate.objects.filter(is_corporate=True).order_by("pk").values_list("currency", flat=True).first()
    if home and not company.currency:
        company.currency = home
        company.save(update_fields=["currency"])
    if ExchangeRate.objects.exists() and not ExchangeRate.objects.exclude(last_import_id=import_id).exists():
        _start_converting()


def _start_converting() -> None:
    Company.objects.filter(pk=1).update(foreign_amounts=Company.ForeignAmounts.CONVERT)


def enter_rate(*, by: User, **fields: Any) -> ExchangeRate:
    """Save a rate that a person looked up; it goes before all others of its day.

    Raises:
        PermissionDenied: the role imports nothing.
    """
    ENTER_RATE.require(by)
    with transaction.atomic():
        is_first = not ExchangeRate.objects.exists()
        key = f"{fields['currency']}|{fields['base']}|{fields['valued_on']}"
        rate, _ = ExchangeRate.objects.update_or_create(source=MANUAL_SOURCE, external_id=key, defaults=fields)
        if is_first:
            _start_converting()
        update_day_rates()
    return rate
