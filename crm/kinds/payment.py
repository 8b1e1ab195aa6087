from crm.models import Payment
from crm.record_kind import AMOUNT, SOURCE, Column, Cut, Money, RecordKind

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
)
