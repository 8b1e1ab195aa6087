"""The lists of what is stuck between the signature and adoption: which rows each holds, its money, and its days."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import ibis

from kpis.cash.billing import followed_deals, overdue_invoices, unmatched_invoices
from kpis.metrics.cash import issued_day, won_day
from kpis.registry import Measure
from kpis.rows import Scope

Table = Literal["opportunities", "invoices"]


@dataclass(frozen=True)
class StuckList:
    """Deals or invoices that wait or do not match; `keep`, `money` and `days` are asked of the selected rows."""

    key: str
    label: str
    definition: str
    table: Table
    source: Callable[[Scope], Any]
    keep: Callable[[Any], Any]
    money: Callable[[Any], Any]
    days: Callable[[Any, Any], Any]  # rows and today
    days_label: str
    metric: str = ""
    is_mismatch: bool = False

    @property
    def measure(self) -> Measure:
        day = won_day if self.table == "opportunities" else issued_day
        return Measure(self.table, day=day, is_money=True, source=self.source)

    @property
    def noun(self) -> str:
        return "deal" if self.table == "opportunities" else "invoice"


def _rest(rows: Any) -> Any:
    return rows.not_yet_due + rows.stalled + rows.short


def _amount(rows: Any) -> Any:
    return rows.amount.fill_null(0)


def _since(name: str) -> Callable[[Any, Any], Any]:
    return lambda rows, today: today.delta(rows[name], unit="day")


COLUMNS: dict[Callable[[Scope], Any], tuple[str, ...]] = {
    followed_deals: (
        "amount", "account_id", "won_on", "is_compared", "is_billed", "invoiced", "not_yet_due", "stalled", "short", "over",
        "days_waited", "is_paid", "paid_on", "is_live", "live_on", "is_adopted", "adopted_on", "is_paid_not_live",
        "first_touch_on", "lead_on", "opened_on", "first_invoiced_on",
    ),
    overdue_invoices: ("amount", "issued_on", "due", "days_overdue", "is_judged", "is_overdue"),
    unmatched_invoices: ("amount", "issued_on", "is_unmatched"),
}  # fmt: skip

LISTS = {
    each.key: each
    for each in (
        StuckList(
            "to_invoice", "Waiting for an invoice", "Won deals whose amount is not invoiced in full, due or not.",
            "opportunities", followed_deals, lambda rows: rows.is_compared & (_rest(rows) != 0), _rest,
            lambda rows, today: rows.days_waited, "Days since the win or the last invoice",
        ),
        StuckList(
            "unpaid", "Waiting for payment", "Invoices of which something is owed, due or not.",
            "invoices", overdue_invoices, lambda rows: rows.is_judged & (rows.amount > 0), _amount,
            _since("issued_on"), "Days since the invoice",
        ),
        StuckList(
            "not_live", "Waiting to go live", "Paid deals whose buyer never entered the stage Live.",
            "opportunities", followed_deals, lambda rows: rows.is_paid & ~rows.is_live, _amount,
            _since("paid_on"), "Days since the payment",
        ),
        StuckList(
            "not_adopted", "Waiting for adoption", "Won deals whose buyer is live and never entered the stage Adopted.",
            "opportunities", followed_deals, lambda rows: rows.is_live & ~rows.is_adopted, _amount,
            _since("live_on"), "Days since live",
        ),
        StuckList(
            "not_invoiced", "Won but not invoiced", "Won deals without any invoice after the days to invoice.",
            "opportunities", followed_deals, lambda rows: rows.is_compared & (rows.stalled != 0), lambda rows: rows.stalled,
            _since("won_on"), "Days since the win", "won_not_invoiced", is_mismatch=True,
        ),
        StuckList(
            "off_amount", "Invoiced another amount than won",
            "Won deals whose invoices less credit notes exceed the amount, or fall short of it after the days to invoice.",
            "opportunities", followed_deals, lambda rows: rows.is_compared & ((rows.short != 0) | (rows.over != 0)),
            lambda rows: rows.short + rows.over, lambda rows, today: rows.days_waited,
            "Days since the last invoice", "invoiced_short", is_mismatch=True,
        ),
        StuckList(
            "without_deal", "Billed without a won deal", "Invoices and credit notes that name no deal, or one that was not won.",
            "invoices", unmatched_invoices, lambda rows: rows.is_unmatched, _amount, _since("issued_on"),
            "Days since the invoice", "billed_without_deal", is_mismatch=True,
        ),
        StuckList(
            "overdue", "Not paid after terms", "Invoices of which something is owed after their due date.",
            "invoices", overdue_invoices, lambda rows: rows.is_overdue, _amount, lambda rows, today: rows.days_overdue,
            "Days overdue", "overdue_invoices", is_mismatch=True,
        ),
        StuckList(
            "paid_not_live", "Paid but not live", "Paid deals whose buyer is not live, longer after the payment than expected.",
            "opportunities", followed_deals, lambda rows: rows.is_paid_not_live, _amount,
            lambda rows, today: ibis.coalesce(today.delta(rows.paid_on, unit="day"), rows.days_waited),
            "Days since the payment", "paid_not_live", is_mismatch=True,
        ),
    )
}  # fmt: skip
MISMATCHES = tuple(each for each in LISTS.values() if each.is_mismatch)
