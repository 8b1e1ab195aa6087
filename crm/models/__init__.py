"""The records: one model per kind, each with the id it has in its source."""

from crm.models.base import Record, RecordQuerySet
from crm.models.connectors import Connector, Pull
from crm.models.deals import BuyingRole, Opportunity, Outcome, OutcomeBasis, Quota, StageChange, StageTrack
from crm.models.duplicates import Duplicate, Likeness, Treatment
from crm.models.imports import FileState, Import, ImportFile, RowError
from crm.models.marketing import Campaign, ContentAsset, ContentUse, Spend, Touch
from crm.models.money import Invoice, LineItem, Payment, Subscription
from crm.models.people import Account, Contact, Lead, Owner, Product, Vertical
from crm.models.rates import DayRate, ExchangeRate
from crm.models.review import CustomField, CustomType, Preview, RememberedMapping, SeenKey, SourceZone
from crm.models.service import Activity, Enquiry, EnquiryHandover, UsageEvent
from crm.models.stages import StageDecision, StageMapping
from crm.models.undo import Before, ImportTransaction, Removal, Restored, Undo

__all__ = [
    "Account", "Activity", "Before", "BuyingRole", "Campaign", "Connector", "Contact", "ContentAsset", "ContentUse", "CustomField", "CustomType", "DayRate", "Duplicate", "Enquiry", "EnquiryHandover", "ExchangeRate",
    "FileState", "Import", "ImportFile", "ImportTransaction", "Invoice", "Lead", "Likeness", "LineItem", "Opportunity", "Outcome", "OutcomeBasis", "Owner", "Payment", "Preview", "Product", "Pull", "Quota", "Record", "RecordQuerySet", "RememberedMapping", "Removal", "Restored", "RowError", "SeenKey", "SourceZone", "Spend",
    "StageChange", "StageDecision", "StageMapping", "StageTrack", "Subscription", "Touch", "Treatment", "Undo", "UsageEvent", "Vertical",
]  # fmt: skip
