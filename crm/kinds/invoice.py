from crm.models import Invoice
from crm.record_kind import ACCOUNT, AMOUNT, SOURCE, Column, Count, Cut, Money, RecordKind, Timeline

TIMELINE = """
SELECT 'invoice', coalesce(i.issued_on::timestamp AT TIME ZONE %(zone)s, i.created_at), i.id, true,
       concat(CASE i.kind WHEN 'credit' THEN 'Credit note ' ELSE 'Invoice ' END, i.number), '', '', i.amount, i.currency, NULL
  FROM crm_invoice i WHERE i.account_id = ANY(%(accounts)s)"""
KIND = RecordKind(
    Invoice,
    rank=170,
    fields=(
        "number", "kind", "account", "opportunity", "product", "issued_on", "due_on", "amount", "cost", "currency",
        "is_new_business",
    ),
    ordering=("number", "issued_on", "due_on", "amount"),
    exact=("account", "opportunity", "product", "kind", "number", "is_new_business", "currency"),
    ranges=("issued_on", "due_on", "amount"),
    search=("number",),
    money=Money(("amount", "cost"), days=("issued_on",)),
    id_prefixes=("3tt",),
    proposed=80,
    columns=(
        Column("Number", "number"), ACCOUNT, Column("Kind", "get_kind_display"), AMOUNT,
        Column("Cost", "cost", "money"), Column("Issued", "issued_on", "day"), SOURCE,
    ),
    cuts={
        "owner": Cut.owner("opportunity.owner_id", "account.owner_id"),
        "manager": Cut.owner("opportunity.owner.manager_id", "account.owner.manager_id"),
        "lead_owner": Cut.owner("opportunity.lead.owner_id"),
        "campaign": Cut.by_id("opportunity.campaign_id", "opportunity.lead.campaign_id", "opportunity.lead.first_touch.campaign_id"),
        "account": Cut.by_id("account_id", "opportunity.account_id"),
        "territory": Cut.text("opportunity.territory.name", "opportunity.owner.territory.name", "account.territory.name"),
        "product": Cut.text("product.name", "opportunity.product.name", "opportunity.product_as_written"),
        "vertical": Cut.text("account.vertical.name", "opportunity.account.vertical.name", "opportunity.lead.vertical.name"),
        "lead_source": Cut.text("opportunity.lead_source", "opportunity.lead.lead_source"),
        "country": Cut.text("account.country", "opportunity.account.country"),
        "region": Cut.text("account.region", "opportunity.account.region"),
        "is_new_business": Cut.flag("is_new_business"),
        "currency": Cut.currency(),
        **Cut.texts("kind", "source_system"),
    },
    count=Count("Invoices and credit notes, by the day they were issued.", ("issued_on",), cut="kind", position=80),
    timeline=Timeline("Invoices", (TIMELINE,), position=100),
)  # fmt: skip
