"""The page of the exchange rates: how fresh each currency is, a file of rates, one rate by hand."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from core.date_formatting import format_day
from crm.models import ExchangeRate
from crm.rates.exchange_rates import MAX_RATE_AGE, enter_rate
from crm.rates.forms import RateForm
from team.access import require_right
from team.models import Company, User

CURRENCIES_PER_PAGE = 50
NEWEST = """
SELECT DISTINCT ON (currency, base) currency, base, valued_on, valid_until, rate, source,
    count(*) OVER (PARTITION BY currency, base) AS days, min(valued_on) OVER (PARTITION BY currency, base) AS since
FROM crm_exchangerate ORDER BY currency, base, valued_on DESC, id DESC
"""


@dataclass(frozen=True)
class NewestRate:
    """The newest rate of a currency in a base, and how many days have one."""

    currency: str
    base: str
    valued_on: date
    valid_until: date | None
    rate: Decimal
    source: str
    days: int
    since: date
    today: date

    @property
    def age(self) -> int:
        """Days since the newest rate; 0 while it says itself that it still holds."""
        if self.valid_until and self.valid_until >= self.today:
            return 0
        return max(0, (self.today - self.valued_on).days)

    @property
    def is_stale(self) -> bool:
        return self.age > MAX_RATE_AGE

    @property
    def shown(self) -> str:
        return f"{self.rate.normalize():f}"


@require_right("import")
@require_http_methods(["GET", "HEAD", "POST"])
def exchange_rates(request: HttpRequest) -> HttpResponse:
    """List the currencies with their newest rates, and save one that a person looked up."""
    form = RateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        rate = enter_rate(by=cast(User, request.user), **form.cleaned_data)
        messages.success(
            request,
            f"The rate of {rate.currency} for {format_day(rate.valued_on)} is saved. The next run updates the numbers.",
        )
        return redirect("exchange_rates")
    page = Paginator(_newest_rates(), CURRENCIES_PER_PAGE).get_page(request.GET.get("page"))
    context = {"form": form, "page": page, "company": Company.get(), "oldest": MAX_RATE_AGE}
    return render(request, "crm/rates.html", context)


def _newest_rates() -> list[NewestRate]:
    if not ExchangeRate.objects.exists():
        return []
    today = timezone.now().astimezone(Company.get().zone).date()
    with connection.cursor() as cursor:
        cursor.execute(NEWEST)
        return [NewestRate(*row, today) for row in cursor.fetchall()]  # type: ignore[call-arg]
