from crm.models import Payment
from crm.record_kind import AMOUNT, SOURCE, Column, Cut, Money, RecordKind, Timeline

TIMELINE = """
SELECT 'payment', coalesce(p.paid_on::timestamp AT TIME ZONE %(zone)s, p.created_at), p.id, true, concat('Paid: invoice ', i.number), '', '', p.amount, p.currency, NULL
  FROM crm_payment p JOIN crm_invoice i ON i.id = p.invoice_id WHERE i.account_id = ANY(%(accounts)s)"""
KIND = RecordKind(
    Payment,
    rank=190,
    fields=("invoice", "paid_on", "amount", "currency"),
    ordering=("paid_on", "amount"),
    exact=("invoice", "currency"),
    ranges=("paid_on", "amount"),
    money=Money(("amount",), days=("paid_on",)),
    columns=(Column("Invoice", "invoice.number"), AMOUNT, Column("Paid", "paid_on", "day"), SOURCE),
    cuts={
        "account": Cut.by_id("invoice.account_id"),
        "owner": Cut.owner("invoice.account.owner_id"),
        "currency": Cut.currency(),
        **Cut.texts("source_system"),
    },
    timeline=Timeline("Payments", (TIMELINE,), position=110),
)
