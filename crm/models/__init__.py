"""The records: one model per kind, each with the id it has in its source."""

from crm.models.base import Record, RecordQuerySet
from crm.models.deal_changes import DealChange
from crm.models.deals import BuyingRole, Opportunity, Outcome, OutcomeBasis, Quota, StageChange, StageTrack
from crm.models.marketing import Campaign, ContentAsset, ContentUse, Spend, Touch
from crm.models.money import Invoice, LineItem, Payment, Subscription
from crm.models.people import Account, Contact, Lead, Owner, Product, Vertical
from crm.models.rates import DayRate, ExchangeRate
from crm.models.service import Activity, Enquiry, EnquiryHandover, UsageEvent
from crm.models.stages import StageDecision, StageMapping

__all__ = [
    "Account", "Activity", "BuyingRole", "Campaign", "Contact", "ContentAsset", "ContentUse", "DayRate", "DealChange", "Enquiry",
    "EnquiryHandover", "ExchangeRate", "Invoice", "Lead", "LineItem", "Opportunity", "Outcome", "OutcomeBasis", "Owner",
    "Payment", "Product", "Quota", "Record", "RecordQuerySet", "Spend", "StageChange", "StageDecision", "StageMapping",
    "StageTrack", "Subscription", "Touch", "UsageEvent", "Vertical",
]  # fmt: skip
