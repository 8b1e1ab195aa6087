"""What a currency is worth on which day: the imported rates, and those computed from them."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from crm.models.base import Record
from facts.models import Recorded
from team.models import currency_code

PLACES: dict[str, Any] = {"max_digits": 20, "decimal_places": 10}


def code(**options: object) -> models.CharField:
    return models.CharField(max_length=3, validators=[currency_code], **options)  # type: ignore[arg-type]


class ExchangeRate(Record):
    """So many units of a currency were worth one unit of the base from a day on.

    Without `valid_until` it is taken for the days after it too, up to `crm.rates.exchange_rates.MAX_RATE_AGE`. An empty base is the
    corporate currency of its source, and of a source that names none the company's.
    """

    currency = code()
    base = code(blank=True, default="", db_default="")
    valued_on = models.DateField()
    valid_until = models.DateField(
        null=True, blank=True, help_text="The last day on which it is valid, if the source names one."
    )
    rate = models.DecimalField(**PLACES, help_text="Units of the currency for one unit of the base.")
    is_corporate = models.BooleanField(default=False, db_default=False, help_text="The currency of the source.")

    class Meta(Record.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            *Record.Meta.constraints,
            models.CheckConstraint(condition=Q(rate__gt=0), name="exchangerate_is_positive"),
        ]
        indexes: ClassVar[list[models.Index]] = [*Record.Meta.indexes, models.Index(fields=["currency", "valued_on"])]

    def __str__(self) -> str:
        return f"{self.currency} on {self.valued_on}"


class DayRate(Recorded):
    """What metrics convert with: amount × `up` ÷ `down` is the amount in `into`, exactly, on the day.

    Computed from the exchange rates by `crm.rates.exchange_rates`; two numbers, because their quotient need not end.
    """

    currency = code()
    into = code()
    day = models.DateField()
    up = models.DecimalField(**PLACES)
    down = models.DecimalField(**PLACES)

    class Meta(Recorded.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["into", "currency", "day"], name="one_rate_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.currency} in {self.into} on {self.day}"
