"""Invoices by new and existing business, and customers by what they were invoiced in two spans of 12 months."""

from typing import Any

import ibis

from crm.rates.conversion import CENTS, in_company_currency
from kpis.rows import Scope

GIVEN, DERIVED, UNKNOWN = "given", "derived", "unknown"


def classified_invoices(scope: Scope) -> Any:
    """Return all invoices and credit notes with `is_new_business` filled in where it can be, and the basis of it.

    Where the source does not say it, the first 12 months from the first invoice of the account are new business. Without
    an account or a date it is not known.
    """
    rows = scope.table("invoices")
    dated = rows.filter((rows.kind != "credit") & rows.account_id.notnull() & rows.issued_on.notnull())
    first = dated.group_by(first_account="account_id").aggregate(first_on=dated.issued_on.min())
    both = rows.left_join(first, rows.account_id == first.first_account).drop("first_account")
    derived = both.issued_on < (both.first_on + ibis.interval(months=12))
    basis = ibis.cases(
        (both.is_new_business.notnull(), GIVEN), (derived.notnull(), DERIVED), else_=UNKNOWN
    )  # fmt: skip
    return both.mutate(is_new_business=ibis.coalesce(both.is_new_business, derived), mix_basis=basis).drop("first_on")


def retained_customers(scope: Scope) -> Any:
    """Return the customers of each evening: those invoiced in the 12 months up to a year before it, net of credit notes above 0.

    `base` is what they were invoiced in those 12 months, `kept` in the 12 months up to the evening; in the company's
    currency, each invoice at the rate of its day. An invoice in a currency without a rate is left out.
    """
    evenings = sorted({min(day, scope.today) for day in scope.evenings})
    invoices = scope.table("invoices").filter(lambda rows: rows.account_id.notnull() & rows.issued_on.notnull())
    invoices = in_company_currency(scope, "invoices", invoices) if scope.converts else invoices
    is_home = invoices.currency.fill_null("").isin(["", scope.currency])
    amount = invoices.amount.fill_null(0)
    invoices = invoices.filter(is_home).mutate(net=(invoices.kind == "credit").ifelse(-amount, amount))
    each = invoices.mutate(counted_on=ibis.array([ibis.literal(day) for day in evenings]).unnest())
    year_before = each.counted_on - ibis.interval(months=12)
    two_before = each.counted_on - ibis.interval(months=24)
    is_base = (each.issued_on > two_before) & (each.issued_on <= year_before)
    is_kept = (each.issued_on > year_before) & (each.issued_on <= each.counted_on)
    sums = each.group_by("account_id", "counted_on").aggregate(
        base=is_base.ifelse(each.net, 0).sum().cast(CENTS), kept=is_kept.ifelse(each.net, 0).sum().cast(CENTS)
    )
    sums = sums.filter(sums.base > 0).rename(customer_id="account_id")
    accounts = scope.table("accounts")
    return accounts.inner_join(sums, accounts.id == sums.customer_id).drop("customer_id")
