"""From the signature to the payment and beyond: what was won against what was invoiced, paid and brought live."""

from collections.abc import Callable
from typing import Any

from kpis.cash.billing import billed_deals, followed_deals, overdue_invoices, unmatched_invoices
from kpis.deals import deal_amount
from kpis.metrics.follow_up import OF_TODAY_DAYS
from kpis.registry import Check, Measure, Metric, register_metric
from kpis.rows import EXACT, Build, Row, Scope

COHORT = "A deal belongs to the day it was won; its invoices count up to today, in the rate of that day."
LINKED = "Invoices belong to the deal that they name, less its credit notes."


Source = Callable[[Scope], Any]


def won_day(row: Row) -> Any:
    return row["won_on"]


def is_compared(row: Row) -> Any:
    return row["is_compared"]


def issued_day(row: Row) -> Any:
    return row["issued_on"]


LEFT_OUT = (
    Check(lambda row: row["amount"].isnull(), "Won deals without an amount: {n}. They are left out.", is_left_out=True),
    Check(
        lambda row: row["amount"].notnull() & row["won_on"].isnull(),
        "Won deals without a close date: {n}. They are left out.",
        is_left_out=True,
    ),
    Check(
        lambda row: row["amount"].notnull() & row["won_on"].notnull(),
        "Won deals with a close date ahead, or with invoices in a currency without a rate or that you have no permission "
        "to see: {n}. They are left out.",
        is_left_out=True,
    ),
)


def _deals(numerator: Build, keep: Build = is_compared, source: Source = billed_deals) -> tuple[Measure]:
    return (
        Measure(
            "opportunities", day=won_day, keep=keep, numerator=numerator, is_money=True, source=source,
            checks=LEFT_OUT if keep is is_compared else (),
        ),
    )  # fmt: skip


def _money_of(name: str) -> Build:
    return lambda row: row.money(name)


def _where_not_nothing(name: str) -> Build:
    return lambda row: row["is_compared"] & (row[name] != 0)


def _register(
    key: str, name: str, definition: str, formula: str, measures: tuple[Measure], *, better: str = "down",
    side: str = "joint", unit: str = "money", cut: str = "account",
) -> None:  # fmt: skip
    register_metric(
        Metric(
            key=key, name=name, definition=definition, formula=formula, unit=unit, measures=measures,  # type: ignore[arg-type]
            better=better, owner_side=side, default_cut=cut, section="Market to cash",  # type: ignore[arg-type]
            matures_days=0 if key == "won_compared" else OF_TODAY_DAYS,
        )
    )  # fmt: skip


_register(
    "won_compared", "Won, compared with invoices",
    f"The amount of the won deals that can be compared with their invoices. It is invoiced + not yet due + not invoiced + "
    f"short − over, to the cent. {COHORT}",
    "Σ amount of won deals with an amount and a close date", _deals(deal_amount), better="up", side="sales", cut="owner",
)  # fmt: skip
_register(
    "won_and_invoiced", "Invoiced of won deals", f"What was invoiced for the won deals until now. {LINKED} {COHORT}",
    "Σ invoices − Σ credit notes of won deals", _deals(_money_of("invoiced")), better="up",
)  # fmt: skip
_register(
    "won_not_yet_due", "Won, invoice not yet due",
    "The rest of won deals that may still wait for its invoice: the days since the win, or since the last invoice of the deal, are "
    "within the days that the company has set, plus one period of a subscription that runs for the deal. "
    f"{COHORT}",
    "Σ (won − invoiced) of deals within the days to invoice", _deals(_money_of("not_yet_due"), _where_not_nothing("not_yet_due")), better="",
)  # fmt: skip
_register(
    "won_not_invoiced", "Won but not invoiced",
    f"The amount of won deals without any invoice, longer ago than the days to invoice that the company has set. {COHORT}",
    "Σ amount of won deals without an invoice after the days to invoice", _deals(_money_of("stalled"), _where_not_nothing("stalled")),
)  # fmt: skip
_register(
    "invoiced_short", "Invoiced too little",
    "What is missing to the amount of won deals that have invoices, after the days to invoice have passed since the last of "
    f"them. A credit note makes a deal short. {COHORT}",
    "Σ (won − invoiced) where invoices fall short", _deals(_money_of("short"), _where_not_nothing("short")),
)  # fmt: skip
_register(
    "invoiced_over", "Invoiced too much", f"What was invoiced beyond the amount of won deals. {LINKED} {COHORT}",
    "Σ (invoiced − won) where invoices exceed", _deals(_money_of("over"), _where_not_nothing("over")),
)  # fmt: skip
_register(
    "paid_not_live", "Paid but not live",
    "The amount of won deals whose invoices are all paid while their buyer never entered the stage Live, longer after the last "
    f"payment than the days that the company has set. {COHORT}",
    "Σ amount of paid deals whose buyer is not live",
    _deals(lambda row: row["amount"].fill_null(0).cast(EXACT), lambda row: row["is_paid_not_live"], followed_deals), side="sales",
)  # fmt: skip
_register(
    "billed_without_deal", "Billed without a won deal",
    "Invoices less credit notes that name no deal, or one that was not won, by the day they were issued.",
    "Σ invoices − Σ credit notes without a won deal",
    (Measure("invoices", day=issued_day, keep=lambda row: row["is_unmatched"], numerator=deal_amount, is_money=True, source=unmatched_invoices),),
)  # fmt: skip
_register(
    "overdue_invoices", "Invoices not paid after terms",
    "What is owed of invoices after their due date; without one, after the company's payment terms. Payments and credit notes "
    "of the same deal or, without a deal, of the same account are taken off. By the day the invoice was issued.",
    "Σ (invoice − payments − credit notes) past due",
    (
        Measure(
            "invoices", day=issued_day, keep=lambda row: row["is_overdue"], numerator=deal_amount, is_money=True, source=overdue_invoices,
            checks=(
                Check(
                    lambda row: (row["kind"] != "credit") & ~row["is_judged"],
                    "Invoices without an amount, without any date, or paid in another currency: {n}. They are left out.", is_left_out=True,
                ),
            ),
        ),
    ),
)  # fmt: skip


def _days_between(start: str, end: str) -> Build:
    """Return whole days where the end does not lie before the start, else none."""

    def build(row: Row) -> Any:
        days = row[end].delta(row[start], unit="day")
        return (days >= 0).ifelse(days, None)

    return build


def _register_days(key: str, name: str, definition: str, start: str, end: str) -> None:
    _register(
        key, name, f"{definition} By the day the deal was won.", "median of days",
        (Measure("opportunities", day=won_day, spread=_days_between(start, end), source=followed_deals),), unit="days", cut="owner",
    )  # fmt: skip


_register_days(
    "days_to_invoice",
    "Days from win to invoice",
    "Calendar days from the win to the first invoice of a deal.",
    "won_on",
    "first_invoiced_on",
)
_register_days(
    "days_to_payment",
    "Days from invoice to payment",
    "Calendar days from the first invoice of a deal to the payment that settled all its invoices.",
    "first_invoiced_on",
    "paid_on",
)
_register_days(
    "days_to_live",
    "Days from payment to live",
    "Calendar days from the payment that settled a deal to the day its buyer went live; buyers that were live before are left out.",
    "paid_on",
    "live_on",
)
