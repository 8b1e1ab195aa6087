"""What each kind of record shows: named one by one, so that nothing new is shown by accident.

References are ids of the kind they name; money is a decimal string beside its currency; times are in UTC.
"""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from crm import models as crm
from team.models import Territory

ORIGIN = ("id", "source", "external_id", "created_at", "modified_at")
CUSTOM = ("custom",)


@extend_schema_field({"type": "object", "additionalProperties": True})
class Custom(serializers.JSONField):
    """The columns of the source that Accord has no field for."""


class RecordSerializer(serializers.ModelSerializer[Any]):
    custom = Custom(read_only=True)


class AccountSerializer(RecordSerializer):
    class Meta:
        model = crm.Account
        fields = (
            *ORIGIN, "name", "domain", "website", "phone", "kind", "parent", "owner", "territory", "vertical", "country",
            "region", "city", "employees", "annual_revenue", "currency", "founded_year", *CUSTOM,
        )  # fmt: skip


class ActivitySerializer(RecordSerializer):
    class Meta:
        model = crm.Activity
        fields = (
            *ORIGIN, "kind", "direction", "is_undelivered", "subject", "notes", "status", "outcome", "owner", "logged_by", "lead", "contact", "account",
            "opportunity", "happened_at", "due_on", "seconds", *CUSTOM,
        )  # fmt: skip


class BuyingRoleSerializer(RecordSerializer):
    class Meta:
        model = crm.BuyingRole
        fields = (*ORIGIN, "opportunity", "contact", "role", "is_primary", *CUSTOM)


class CampaignSerializer(RecordSerializer):
    class Meta:
        model = crm.Campaign
        fields = (
            *ORIGIN, "name", "parent", "owner", "kind", "status", "starts_on", "ends_on", "budget", "cost", "currency",
            *CUSTOM,
        )  # fmt: skip


class ContactSerializer(RecordSerializer):
    class Meta:
        model = crm.Contact
        fields = (
            *ORIGIN, "name", "first_name", "last_name", "email", "phone", "title", "department", "persona", "account",
            "owner", "lead_source", "lifecycle_stage", "status", "country", *CUSTOM,
        )  # fmt: skip


class ContentAssetSerializer(RecordSerializer):
    class Meta:
        model = crm.ContentAsset
        fields = (*ORIGIN, "name", "kind", "stage", "persona", "url", *CUSTOM)


class ContentUseSerializer(RecordSerializer):
    class Meta:
        model = crm.ContentUse
        fields = (
            *ORIGIN, "asset", "owner", "lead", "opportunity", "requested_at", "used_at", "opened_at", "reason_unused",
            *CUSTOM,
        )  # fmt: skip


class EnquirySerializer(RecordSerializer):
    class Meta:
        model = crm.Enquiry
        fields = (
            *ORIGIN, "name", "description", "kind", "status", "priority", "channel", "pipeline", "owner", "account",
            "contact", "opened_at", "answered_at", "closed_at", *CUSTOM,
        )  # fmt: skip


class EnquiryHandoverSerializer(RecordSerializer):
    class Meta:
        model = crm.EnquiryHandover
        fields = (*ORIGIN, "enquiry", "from_owner", "to_owner", "handed_at", *CUSTOM)


class ExchangeRateSerializer(RecordSerializer):
    class Meta:
        model = crm.ExchangeRate
        fields = (*ORIGIN, "currency", "base", "valued_on", "valid_until", "rate", "is_corporate", *CUSTOM)


class InvoiceSerializer(RecordSerializer):
    class Meta:
        model = crm.Invoice
        fields = (
            *ORIGIN, "number", "kind", "account", "opportunity", "product", "issued_on", "due_on", "amount", "cost",
            "currency", "is_new_business", *CUSTOM,
        )  # fmt: skip


class LeadSerializer(RecordSerializer):
    class Meta:
        model = crm.Lead
        fields = (
            *ORIGIN, "name", "first_name", "last_name", "email", "phone", "title", "company_name", "persona", "account",
            "contact", "owner", "campaign", "product", "territory", "vertical", "lead_source", "status", "lifecycle_stage",
            "rating", "country", "region", "city", "employees", "annual_revenue", "currency", "first_contact_on",
            "is_converted", "converted_on", *CUSTOM,
        )  # fmt: skip


class LineItemSerializer(RecordSerializer):
    class Meta:
        model = crm.LineItem
        fields = (
            *ORIGIN, "name", "opportunity", "invoice", "account", "product", "sold_on", "quantity", "unit_price", "discount",
            "amount", "currency", *CUSTOM,
        )  # fmt: skip


class OpportunitySerializer(RecordSerializer):
    class Meta:
        model = crm.Opportunity
        fields = (
            *ORIGIN, "name", "account", "contact", "lead", "owner", "product", "product_as_written", "campaign", "territory",
            "lead_source", "pipeline", "stage", "kind", "outcome", "outcome_basis", "amount", "currency", "cost", "probability",
            "is_new_business", "first_contact_on", "opened_on", "expected_close_on", "closed_on", "closed_at", "next_step",
            "lost_reason", *CUSTOM,
        )  # fmt: skip


class OwnerSerializer(RecordSerializer):
    class Meta:
        model = crm.Owner
        fields = (
            *ORIGIN, "name", "first_name", "last_name", "email", "manager", "territory", "user", "is_active", *CUSTOM,
        )  # fmt: skip


class PaymentSerializer(RecordSerializer):
    class Meta:
        model = crm.Payment
        fields = (*ORIGIN, "invoice", "paid_on", "amount", "currency", *CUSTOM)


class ProductSerializer(RecordSerializer):
    class Meta:
        model = crm.Product
        fields = (*ORIGIN, "name", "family", "list_price", "currency", *CUSTOM)


class QuotaSerializer(RecordSerializer):
    class Meta:
        model = crm.Quota
        fields = (
            *ORIGIN, "owner", "category", "version", "starts_on", "ends_on", "amount", "potential", "currency", *CUSTOM,
        )  # fmt: skip


class SpendSerializer(RecordSerializer):
    class Meta:
        model = crm.Spend
        fields = (
            *ORIGIN, "spent_on", "side", "category", "amount", "currency", "campaign", "territory", "product", "vertical",
            "description", *CUSTOM,
        )  # fmt: skip


class StageChangeSerializer(RecordSerializer):
    class Meta:
        model = crm.StageChange
        fields = (
            *ORIGIN, "opportunity", "lead", "track", "pipeline", "stage", "ended_as", "entered_at", "amount", "currency", "probability",
            "expected_close_on", "told_by", *CUSTOM,
        )  # fmt: skip


class SubscriptionSerializer(RecordSerializer):
    class Meta:
        model = crm.Subscription
        fields = (
            *ORIGIN, "name", "account", "opportunity", "product", "plan", "status", "starts_on", "ends_on", "period", "amount",
            "currency", *CUSTOM,
        )  # fmt: skip


class TouchSerializer(RecordSerializer):
    class Meta:
        model = crm.Touch
        fields = (
            *ORIGIN, "campaign", "lead", "contact", "asset", "kind", "status", "has_responded", "happened_at", "value", "currency",
            *CUSTOM,
        )  # fmt: skip


class UsageEventSerializer(RecordSerializer):
    class Meta:
        model = crm.UsageEvent
        fields = (*ORIGIN, "name", "quantity", "lead", "contact", "account", "product", "happened_at", *CUSTOM)


class VerticalSerializer(RecordSerializer):
    class Meta:
        model = crm.Vertical
        fields = (*ORIGIN, "name", *CUSTOM)


class TerritorySerializer(serializers.ModelSerializer[Territory]):
    class Meta:
        model = Territory
        fields = ("id", "name", "parent")
