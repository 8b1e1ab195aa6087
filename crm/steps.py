"""What the records' room adds to the chain of the night."""

from crm.rates import exchange_rates
from facts.refresh import Progress
from facts.steps import Step, register_step


def settle_rates(progress: Progress) -> int:
    """Compute what a currency is worth on each day, before the facts are copied that metrics convert with."""
    return exchange_rates.update_day_rates()


register_step(Step("rates", "Compute the exchange rate of each day", settle_rates, comes_first=True))
