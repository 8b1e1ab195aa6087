from crm.models import LineItem
from crm.record_kind import AMOUNT, SOURCE, Column, Count, Cut, Money, RecordKind

KIND = RecordKind(
    LineItem,
    rank=180,
    fields=(
        "name", "opportunity", "invoice", "account", "product", "sold_on", "quantity", "unit_price", "discount",
        "amount", "currency",
    ),
    ordering=("name", "sold_on", "amount", "quantity"),
    exact=("opportunity", "invoice", "account", "product", "currency"),
    ranges=("sold_on", "amount"),
    search=("name",),
    is_pushed=True,
    money=Money(("amount", "discount"), days=("sold_on", "invoice.issued_on", "opportunity.closed_on")),
    part_of=("opportunity",),
    is_event=True,
    id_prefixes=("00k", "802"),
    columns=(
        Column("Line", "__str__"), Column("Product", "product.name"), Column("Opportunity", "opportunity.name"),
        Column("Invoice", "invoice.number"), Column("Quantity", "quantity", "count"),
        Column("Discount", "discount", "money"), AMOUNT, Column("Sold", "sold_on", "day"), SOURCE,
    ),
    cuts={
        "product": Cut.text("product.name", "name"),
        "owner": Cut.owner("opportunity.owner_id", "account.owner_id", "invoice.account.owner_id"),
        "manager": Cut.owner("opportunity.owner.manager_id", "account.owner.manager_id"),
        "account": Cut.by_id("account_id", "opportunity.account_id", "invoice.account_id"),
        "campaign": Cut.by_id("opportunity.campaign_id", "opportunity.lead.campaign_id"),
        "outcome": Cut.text("opportunity.outcome"),
        "territory": Cut.text("opportunity.territory.name", "opportunity.owner.territory.name", "account.territory.name"),
        "vertical": Cut.text("account.vertical.name", "opportunity.account.vertical.name", "invoice.account.vertical.name"),
        "country": Cut.text("account.country", "opportunity.account.country", "invoice.account.country"),
        "currency": Cut.currency(),
        **Cut.texts("source_system"),
    },
    count=Count(
        "Products on opportunities, orders and invoices, by the day of the line, else of its invoice, else of its deal.",
        ("sold_on", "invoice.issued_on", "opportunity.closed_on"), cut="product", position=90
    ),
)  # fmt: skip
