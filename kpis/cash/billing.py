"""What became of each won deal: invoiced, paid, live, adopted; and what each invoice still waits for.

A deal's invoices are those that name it. Σ won = invoiced + not yet due + stalled + short − over holds for each deal to the
cent: the amount and the sum of its invoices are converted once each, at the rate of the day the deal closed, and the other
four are what is left of the one without the other. Exactly one of the four is not 0.
"""

from typing import Any

import ibis

from crm.rates.conversion import CENTS, in_company_currency
from kpis.rows import Scope

LIVE, ADOPTED = "live", "adopted"  # the keys of the stages of the funnel after Won
PERIOD_DAYS = {"week": 7, "month": 31, "quarter": 92, "half_year": 184, "year": 366}
DEAL_MONEY = ("invoiced", "not_yet_due", "stalled", "short", "over")
UNKNOWN_DAY = ibis.null("date")


def billed_deals(scope: Scope) -> Any:
    """Return the won deals with their amount and what became of it, in one currency each.

    `is_compared` is false where that cannot be said: no amount, no close date or one ahead, an invoice in a currency
    without a rate, or an invoice that the reader may not read.
    """
    deals = scope.table("opportunities")
    deals = deals.filter(deals.outcome == "won")
    deals = in_company_currency(scope, "opportunities", deals) if scope.converts else deals
    deals = deals.mutate(
        won_on=ibis.coalesce(deals.closed_on, deals.closed_at.date()), currency=_currency(scope, deals)
    )
    sums = _sums_of_invoices(scope, deals)
    rows = deals.left_join(sums, deals.id == sums.billed_id).drop("billed_id")
    return _with_terms(scope, _with_waiting_days(scope, rows))


def followed_deals(scope: Scope) -> Any:
    """Return the won deals with what became of their amount, and with the days of their path from first touch to adoption."""
    return _with_later_days(scope, _with_earlier_days(scope, billed_deals(scope)))


def _currency(scope: Scope, rows: Any) -> Any:
    return ibis.coalesce(rows.currency.nullif(""), ibis.literal(scope.currency))


def _issued(scope: Scope) -> Any:
    """Return the invoices and credit notes that were issued up to today, a credit note below 0."""
    rows = scope.table("invoices")
    rows = rows.filter(rows.issued_on.isnull() | (rows.issued_on <= ibis.literal(scope.today)))
    amount = rows.amount.fill_null(0)
    net = (rows.kind == "credit").ifelse(-amount, amount)
    return rows.mutate(net=net, currency=_currency(scope, rows))


def _sums_of_invoices(scope: Scope, deals: Any) -> Any:
    """Return for each deal the sum of its invoices, converted on the day the deal closed, and the first and last of them."""
    won = deals.select(won_id="id", won_on="won_on", won_in="currency")
    issued = _issued(scope)
    rows = issued.inner_join(won, issued.opportunity_id == won.won_id)
    days = {"first_invoiced_on": rows.issued_on.min(), "last_invoiced_on": rows.issued_on.max()}
    by_currency = rows.group_by("won_id", "won_on", "won_in", "currency").aggregate(
        amount=rows.net.sum().cast(CENTS), invoices=rows.count(), **days
    )
    by_currency = by_currency.mutate(counted_on="won_on", cost=ibis.null(CENTS))
    converted = in_company_currency(scope, "invoices", by_currency) if scope.converts else by_currency
    sums = converted.group_by(billed_id="won_id").aggregate(
        invoiced=converted.amount.sum().cast(CENTS),
        invoices=converted.invoices.sum(),
        is_one_currency=(converted.currency == converted.won_in).all(),
        first_invoiced_on=converted.first_invoiced_on.min(),
        last_invoiced_on=converted.last_invoiced_on.max(),
    )
    hidden = _deals_with_hidden_invoices(scope, issued)
    if hidden is None:
        return sums
    both = sums.left_join(hidden, sums.billed_id == hidden.hidden_id)
    return both.mutate(is_one_currency=both.is_one_currency & both.hidden_id.isnull()).drop("hidden_id")


def _deals_with_hidden_invoices(scope: Scope, issued: Any) -> Any | None:
    """Return the deals that have an invoice which the reader may not read; None where all may be read."""
    if scope.within is None or scope.within.is_whole("invoices"):
        return None
    readable = scope.within.only("invoices", issued).select(readable_invoice="id")
    hidden = issued.anti_join(readable, issued.id == readable.readable_invoice)
    return hidden.filter(hidden.opportunity_id.notnull()).select(hidden_id="opportunity_id").distinct()


def _with_waiting_days(scope: Scope, rows: Any) -> Any:
    """Add until when the rest of a deal may wait: some days after the win or its last invoice, and a period of a subscription."""
    subscriptions = scope.table("subscriptions")
    runs = subscriptions.opportunity_id.notnull() & (
        subscriptions.ends_on.isnull() | (subscriptions.ends_on >= ibis.literal(scope.today))
    )
    subscriptions = subscriptions.filter(runs)
    cases = [(subscriptions.period == name, days) for name, days in PERIOD_DAYS.items()]
    days = subscriptions.mutate(days=ibis.cases(*cases, else_=0))
    longest = days.group_by(paid_by="opportunity_id").aggregate(period_days=days.days.max())
    both = rows.left_join(longest, rows.id == longest.paid_by).drop("paid_by")
    since = ibis.coalesce(ibis.greatest(both.won_on, both.last_invoiced_on), both.won_on)
    waited = ibis.literal(scope.today).delta(since, unit="day")
    allowed = scope.cash.invoice_days + both.period_days.fill_null(0)
    is_billed = both.invoices.fill_null(0) > 0
    return both.mutate(days_waited=waited, may_wait=waited <= allowed, is_billed=is_billed)


def _with_terms(scope: Scope, rows: Any) -> Any:
    today = ibis.literal(scope.today)
    compared = (
        rows.amount.notnull() & rows.won_on.notnull() & (rows.won_on <= today) & rows.is_one_currency.fill_null(True)
    ).fill_null(False)
    invoiced = rows.invoiced.fill_null(0).cast(CENTS)
    rest, nothing = (rows.amount.cast(CENTS) - invoiced).cast(CENTS), ibis.literal(0).cast(CENTS)
    is_over = rows.is_billed & (rest < 0)
    waits, is_late = rows.may_wait.fill_null(False) & ~is_over, ~rows.may_wait.fill_null(False) & ~is_over
    return rows.mutate(
        is_compared=compared,
        invoiced=invoiced,
        not_yet_due=waits.ifelse(rest, nothing),
        stalled=(is_late & ~rows.is_billed).ifelse(rest, nothing),
        short=(is_late & rows.is_billed).ifelse(rest, nothing),
        over=is_over.ifelse(-rest, nothing),
    )


def _with_earlier_days(scope: Scope, rows: Any) -> Any:
    """Add the first touch and the day its lead came in; each only where the records know it."""
    touches, leads = scope.table("touches"), scope.table("leads")
    touches = touches.filter(touches.happened_at.notnull())
    of_leads = touches.group_by(touched_lead="lead_id").aggregate(lead_touched=touches.happened_at.min().date())
    of_contacts = touches.group_by(touched_contact="contact_id").aggregate(
        contact_touched=touches.happened_at.min().date()
    )
    known = leads.select(deal_lead="id", lead_on=leads.created_at.date(), lead_contact_on="first_contact_on")
    rows = rows.left_join(known, rows.lead_id == known.deal_lead)
    rows = rows.left_join(of_leads, rows.lead_id == of_leads.touched_lead)
    rows = rows.left_join(of_contacts, rows.contact_id == of_contacts.touched_contact)
    first = ibis.least(rows.lead_touched, rows.contact_touched, rows.first_contact_on, rows.lead_contact_on)
    dropped = ("deal_lead", "touched_lead", "touched_contact", "lead_touched", "contact_touched", "lead_contact_on")
    return rows.mutate(first_touch_on=first).drop(*dropped)


def _with_later_days(scope: Scope, rows: Any) -> Any:
    """Add whether and when a deal was paid, and its buyer live and adopted.

    A deal is paid when it has an invoice and nothing of its invoices is owed any more. Live and Adopted are stages of the
    buyer: of the lead of the deal or of its account, the first entry into each.
    """
    invoices = invoices_with_payments(scope)
    invoices = invoices.filter(invoices.opportunity_id.notnull() & (invoices.kind == "invoice"))
    paid = invoices.group_by(paying="opportunity_id").aggregate(
        owed=(invoices.owed != 0).any() | ~invoices.is_judged.all(), last_paid_on=invoices.last_paid_on.max()
    )
    rows = rows.left_join(paid, rows.id == paid.paying).drop("paying")
    is_paid = (rows.is_billed & (rows.invoiced > 0) & ~rows.owed).fill_null(False)
    rows = rows.mutate(is_paid=is_paid, paid_on=is_paid.ifelse(rows.last_paid_on, UNKNOWN_DAY)).drop(
        "owed", "last_paid_on"
    )
    moves = scope.table("moves")
    for stage in (LIVE, ADOPTED):
        entries = moves.filter(moves.stage == stage)
        day = entries.is_dated.ifelse(entries.entered_at.date(), UNKNOWN_DAY)
        entries = entries.mutate(day=day)
        for key in ("lead_id", "account_id"):
            own = entries.filter(entries[key].notnull())
            first = own.group_by(**{f"{stage}_{key}": own[key]}).aggregate(**{f"{stage}_day_{key}": own.day.min()})
            rows = rows.left_join(first, rows[key] == first[f"{stage}_{key}"])
        reached = rows[f"{stage}_lead_id"].notnull() | rows[f"{stage}_account_id"].notnull()
        day = ibis.least(rows[f"{stage}_day_lead_id"], rows[f"{stage}_day_account_id"])
        rows = rows.mutate(**{f"is_{stage}": reached, f"{stage}_on": day}).drop(
            *(f"{stage}_{part}{key}" for part in ("", "day_") for key in ("lead_id", "account_id"))
        )
    has_live_stage = (moves.stage == LIVE).any().fill_null(False).as_scalar()
    rows = rows.mutate(days_since_paid=ibis.literal(scope.today).delta(rows.paid_on, unit="day"))
    waits_too_long = ibis.coalesce(rows.days_since_paid, rows.days_waited) > scope.cash.live_days
    return rows.mutate(
        is_paid_not_live=(rows.is_paid & ~rows.is_live & waits_too_long).fill_null(False) & has_live_stage
    )


def invoices_with_payments(scope: Scope) -> Any:
    """Return all invoices and credit notes with what is owed of each, in its own currency, and since when it is overdue.

    Owed is the amount without its payments, and without the credit notes of the same deal (where an invoice names none: of
    the same account) in the same currency, which pay the oldest debts first. `is_judged` is false where an invoice has no
    amount, was paid in another currency, or has neither a due date nor a date.
    """
    rows, today = scope.table("invoices"), scope.today
    rows = rows.mutate(
        own_currency=_currency(scope, rows), is_ahead=(rows.issued_on > ibis.literal(today)).fill_null(False)
    )
    payments = _sums_of_payments(scope)
    rows = rows.left_join(payments, rows.id == payments.paid_invoice).drop("paid_invoice")
    is_invoice = (rows.kind != "credit") & ~rows.is_ahead
    same = rows.paid_in_first.isnull() | (
        (rows.paid_in_first == rows.own_currency) & (rows.paid_in_last == rows.own_currency)
    )
    open_amount = (rows.amount.fill_null(0) - rows.paid.fill_null(0)).cast(CENTS)
    nothing = ibis.literal(0).cast(CENTS)
    party = ibis.coalesce("d" + rows.opportunity_id.cast("string"), "a" + rows.account_id.cast("string"))
    rows = rows.mutate(
        before_credit=(is_invoice & (open_amount > 0)).ifelse(open_amount, nothing),
        credit=((rows.kind == "credit") & ~rows.is_ahead).ifelse(rows.amount.fill_null(0), 0).cast(CENTS),
        party=party, is_paid_alike=same,
    )  # fmt: skip
    whole = ibis.window(group_by=["party", "own_currency"])
    oldest_first = ibis.window(
        group_by=["party", "own_currency"],
        order_by=[rows.issued_on.asc(nulls_first=False), rows.id],
        preceding=None,
        following=0,
    )
    credit = rows.party.notnull().ifelse(rows.credit.sum().over(whole), 0)
    until = rows.before_credit.sum().over(oldest_first)
    left = ibis.greatest(credit - (until - rows.before_credit), 0)
    applied = rows.party.notnull().ifelse(ibis.least(rows.before_credit, left), 0)
    owed = (rows.before_credit - applied).cast(CENTS)
    due = ibis.coalesce(rows.due_on, _add_days(rows.issued_on, scope.cash.payment_days))
    rows = rows.mutate(owed=owed, due=due)
    days = ibis.literal(today).delta(rows.due, unit="day")
    is_judged = rows.amount.notnull() & rows.is_paid_alike.fill_null(True) & rows.due.notnull()
    is_overdue = is_judged & (rows.kind != "credit") & (rows.owed > 0) & (days > 0)
    return rows.mutate(is_judged=is_judged, days_overdue=days, is_overdue=is_overdue.fill_null(False)).drop(
        "before_credit", "credit", "party", "is_paid_alike", "paid_in_first", "paid_in_last", "is_ahead"
    )


def _add_days(day: Any, days: int) -> Any:
    return day + ibis.interval(days=days)


def _sums_of_payments(scope: Scope) -> Any:
    payments = scope.table("payments")
    payments = payments.filter(
        payments.invoice_id.notnull() & (payments.paid_on.isnull() | (payments.paid_on <= ibis.literal(scope.today)))
    )
    payments = payments.mutate(paid_in=_currency(scope, payments))
    return payments.group_by(paid_invoice="invoice_id").aggregate(
        paid=payments.amount.fill_null(0).sum().cast(CENTS),
        paid_in_first=payments.paid_in.min(),
        paid_in_last=payments.paid_in.max(),
        last_paid_on=payments.paid_on.max(),
    )


def overdue_invoices(scope: Scope) -> Any:
    """Return the invoices with what is owed of them in the place of their amount."""
    rows = invoices_with_payments(scope)
    return rows.mutate(amount=rows.owed, cost=rows.cost.nullif(rows.cost))


def unmatched_invoices(scope: Scope) -> Any:
    """Return the invoices and credit notes with whether they name a deal that was won."""
    rows, deals = _issued(scope), scope.table("opportunities")
    won = deals.filter(deals.outcome == "won").select(won_id="id")
    both = rows.left_join(won, rows.opportunity_id == won.won_id)
    return both.mutate(is_unmatched=both.won_id.isnull(), amount=both.net.cast(CENTS)).drop("won_id", "net")
