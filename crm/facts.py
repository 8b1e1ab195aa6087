"""The fact tables of the records: every field of every kind, but for what follows.

Left out are the house-keeping of an import, who logged what here, and long free text, which no metric asks for.
"""

from crm import models as crm
from facts.registry import FactTable, columns_of, register_table

LEFT_OUT = frozenset({"changed_xid", "pending", "first_import_id", "last_import_id", "told"})
FREE_TEXT = {"activities": frozenset({"notes", "logged_by"}), "enquiries": frozenset({"description"})}
RENAMED = {"source": "source_system"}

KINDS: dict[str, type[crm.Record]] = {
    "accounts": crm.Account,
    "activities": crm.Activity,
    "buying_roles": crm.BuyingRole,
    "campaigns": crm.Campaign,
    "contacts": crm.Contact,
    "content_assets": crm.ContentAsset,
    "content_uses": crm.ContentUse,
    "enquiries": crm.Enquiry,
    "enquiry_handovers": crm.EnquiryHandover,
    "exchange_rates": crm.ExchangeRate,
    "invoices": crm.Invoice,
    "leads": crm.Lead,
    "line_items": crm.LineItem,
    "opportunities": crm.Opportunity,
    "owners": crm.Owner,
    "payments": crm.Payment,
    "products": crm.Product,
    "quotas": crm.Quota,
    "spend": crm.Spend,
    "stage_changes": crm.StageChange,
    "subscriptions": crm.Subscription,
    "touches": crm.Touch,
    "usage_events": crm.UsageEvent,
    "verticals": crm.Vertical,
}
for name, model in KINDS.items():
    left_out = LEFT_OUT | FREE_TEXT.get(name, frozenset())
    register_table(FactTable(name, model, columns_of(model, leave_out=left_out, rename=RENAMED)))
register_table(FactTable("day_rates", crm.DayRate, columns_of(crm.DayRate, leave_out=LEFT_OUT)))
