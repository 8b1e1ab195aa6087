"""One view per kind of record, under the kind's name in the plural."""

from typing import Any

from django.db.models import QuerySet

from core.api.views import ReadOnly
from crm import models as crm
from crm.api import serializers as shown
from crm.api.filters import filters_for
from crm.api.paging import RecordPagination
from team.models import Territory

TIMES = ("created_at", "modified_at")


class RecordView(ReadOnly):
    pagination_class = RecordPagination

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().visible_to(self.request.user)  # type: ignore[attr-defined]


class AccountView(RecordView):
    queryset = crm.Account.objects.all()
    serializer_class = shown.AccountSerializer
    ordering_fields = (*TIMES, "name", "employees", "annual_revenue")
    filterset_class = filters_for(
        crm.Account,
        exact=("owner", "territory", "vertical", "parent", "kind", "country", "region", "domain"),
        ranges=("annual_revenue",),
        search=("name", "domain"),
    )


class ActivityView(RecordView):
    queryset = crm.Activity.objects.all()
    serializer_class = shown.ActivitySerializer
    ordering_fields = (*TIMES, "happened_at", "due_on")
    filterset_class = filters_for(
        crm.Activity,
        exact=("owner", "lead", "contact", "account", "opportunity", "kind", "status", "outcome"),
        ranges=("happened_at", "due_on"),
        search=("subject",),
    )


class BuyingRoleView(RecordView):
    queryset = crm.BuyingRole.objects.all()
    serializer_class = shown.BuyingRoleSerializer
    ordering_fields = TIMES
    filterset_class = filters_for(
        crm.BuyingRole,
        exact=("opportunity", "contact", "role", "is_primary"),
        ranges=(),
        search=(),
    )


class CampaignView(RecordView):
    queryset = crm.Campaign.objects.all()
    serializer_class = shown.CampaignSerializer
    ordering_fields = (*TIMES, "name", "starts_on", "ends_on", "budget", "cost")
    filterset_class = filters_for(
        crm.Campaign,
        exact=("owner", "parent", "kind", "status"),
        ranges=("starts_on", "ends_on"),
        search=("name",),
    )


class ContactView(RecordView):
    queryset = crm.Contact.objects.all()
    serializer_class = shown.ContactSerializer
    ordering_fields = (*TIMES, "name")
    filterset_class = filters_for(
        crm.Contact,
        exact=("owner", "account", "email", "persona", "lead_source", "lifecycle_stage", "status", "country"),
        ranges=(),
        search=("name", "email"),
    )


class ContentAssetView(RecordView):
    queryset = crm.ContentAsset.objects.all()
    serializer_class = shown.ContentAssetSerializer
    ordering_fields = (*TIMES, "name")
    filterset_class = filters_for(
        crm.ContentAsset,
        exact=("kind", "stage", "persona"),
        ranges=(),
        search=("name",),
    )


class ContentUseView(RecordView):
    queryset = crm.ContentUse.objects.all()
    serializer_class = shown.ContentUseSerializer
    ordering_fields = (*TIMES, "requested_at", "used_at", "opened_at")
    filterset_class = filters_for(
        crm.ContentUse,
        exact=("asset", "owner", "lead", "opportunity"),
        ranges=("requested_at", "used_at", "opened_at"),
        search=(),
    )


class EnquiryView(RecordView):
    queryset = crm.Enquiry.objects.all()
    serializer_class = shown.EnquirySerializer
    ordering_fields = (*TIMES, "name", "opened_at", "answered_at", "closed_at")
    filterset_class = filters_for(
        crm.Enquiry,
        exact=("owner", "account", "contact", "kind", "status", "priority", "channel", "pipeline"),
        ranges=("opened_at", "answered_at", "closed_at"),
        search=("name",),
    )


class EnquiryHandoverView(RecordView):
    queryset = crm.EnquiryHandover.objects.all()
    serializer_class = shown.EnquiryHandoverSerializer
    ordering_fields = (*TIMES, "handed_at")
    filterset_class = filters_for(
        crm.EnquiryHandover,
        exact=("enquiry", "from_owner", "to_owner"),
        ranges=("handed_at",),
        search=(),
    )


class ExchangeRateView(RecordView):
    queryset = crm.ExchangeRate.objects.all()
    serializer_class = shown.ExchangeRateSerializer
    ordering_fields = (*TIMES, "valued_on")
    filterset_class = filters_for(
        crm.ExchangeRate,
        exact=("currency", "base"),
        ranges=("valued_on",),
        search=(),
    )


class InvoiceView(RecordView):
    queryset = crm.Invoice.objects.all()
    serializer_class = shown.InvoiceSerializer
    ordering_fields = (*TIMES, "number", "issued_on", "due_on", "amount")
    filterset_class = filters_for(
        crm.Invoice,
        exact=("account", "opportunity", "product", "kind", "number", "is_new_business", "currency"),
        ranges=("issued_on", "due_on", "amount"),
        search=("number",),
    )


class LeadView(RecordView):
    queryset = crm.Lead.objects.all()
    serializer_class = shown.LeadSerializer
    ordering_fields = (*TIMES, "name", "first_contact_on", "converted_on")
    filterset_class = filters_for(
        crm.Lead,
        exact=(
            "owner",
            "account",
            "contact",
            "campaign",
            "product",
            "territory",
            "vertical",
            "lead_source",
            "status",
            "lifecycle_stage",
            "rating",
            "persona",
            "email",
            "country",
            "region",
            "is_converted",
        ),
        ranges=("first_contact_on", "converted_on"),
        search=("name", "email", "company_name"),
    )


class LineItemView(RecordView):
    queryset = crm.LineItem.objects.all()
    serializer_class = shown.LineItemSerializer
    ordering_fields = (*TIMES, "name", "sold_on", "amount", "quantity")
    filterset_class = filters_for(
        crm.LineItem,
        exact=("opportunity", "invoice", "account", "product", "currency"),
        ranges=("sold_on", "amount"),
        search=("name",),
    )


class OpportunityView(RecordView):
    queryset = crm.Opportunity.objects.all()
    serializer_class = shown.OpportunitySerializer
    ordering_fields = (*TIMES, "name", "amount", "opened_on", "expected_close_on", "closed_on")
    filterset_class = filters_for(
        crm.Opportunity,
        exact=(
            "owner",
            "account",
            "contact",
            "lead",
            "campaign",
            "product",
            "territory",
            "outcome",
            "stage",
            "pipeline",
            "kind",
            "lead_source",
            "is_new_business",
            "currency",
        ),
        ranges=("first_contact_on", "opened_on", "expected_close_on", "closed_on", "closed_at", "amount"),
        search=("name",),
    )


class OwnerView(RecordView):
    queryset = crm.Owner.objects.all()
    serializer_class = shown.OwnerSerializer
    ordering_fields = (*TIMES, "name")
    filterset_class = filters_for(
        crm.Owner,
        exact=("manager", "territory", "user", "email", "is_active"),
        ranges=(),
        search=("name", "email"),
    )


class PaymentView(RecordView):
    queryset = crm.Payment.objects.all()
    serializer_class = shown.PaymentSerializer
    ordering_fields = (*TIMES, "paid_on", "amount")
    filterset_class = filters_for(
        crm.Payment,
        exact=("invoice", "currency"),
        ranges=("paid_on", "amount"),
        search=(),
    )


class ProductView(RecordView):
    queryset = crm.Product.objects.all()
    serializer_class = shown.ProductSerializer
    ordering_fields = (*TIMES, "name", "list_price")
    filterset_class = filters_for(
        crm.Product,
        exact=("family",),
        ranges=(),
        search=("name", "family"),
    )


class QuotaView(RecordView):
    queryset = crm.Quota.objects.all()
    serializer_class = shown.QuotaSerializer
    ordering_fields = (*TIMES, "starts_on", "ends_on", "amount")
    filterset_class = filters_for(
        crm.Quota,
        exact=("owner", "category", "version"),
        ranges=("starts_on", "ends_on"),
        search=(),
    )


class SpendView(RecordView):
    queryset = crm.Spend.objects.all()
    serializer_class = shown.SpendSerializer
    ordering_fields = (*TIMES, "spent_on", "amount")
    filterset_class = filters_for(
        crm.Spend,
        exact=("side", "category", "campaign", "territory", "product", "vertical", "currency"),
        ranges=("spent_on", "amount"),
        search=("description",),
    )


class StageChangeView(RecordView):
    queryset = crm.StageChange.objects.all()
    serializer_class = shown.StageChangeSerializer
    ordering_fields = (*TIMES, "entered_at", "amount")
    filterset_class = filters_for(
        crm.StageChange,
        exact=("opportunity", "lead", "track", "stage"),
        ranges=("entered_at", "expected_close_on", "amount"),
        search=(),
    )


class SubscriptionView(RecordView):
    queryset = crm.Subscription.objects.all()
    serializer_class = shown.SubscriptionSerializer
    ordering_fields = (*TIMES, "name", "starts_on", "ends_on", "amount")
    filterset_class = filters_for(
        crm.Subscription,
        exact=("account", "opportunity", "product", "plan", "status", "period", "currency"),
        ranges=("starts_on", "ends_on", "amount"),
        search=("name", "plan"),
    )


class TouchView(RecordView):
    queryset = crm.Touch.objects.all()
    serializer_class = shown.TouchSerializer
    ordering_fields = (*TIMES, "happened_at", "value")
    filterset_class = filters_for(
        crm.Touch,
        exact=("campaign", "lead", "contact", "asset", "kind", "status", "has_responded", "currency"),
        ranges=("happened_at", "value"),
        search=(),
    )


class UsageEventView(RecordView):
    queryset = crm.UsageEvent.objects.all()
    serializer_class = shown.UsageEventSerializer
    ordering_fields = (*TIMES, "happened_at")
    filterset_class = filters_for(
        crm.UsageEvent,
        exact=("name", "lead", "contact", "account", "product"),
        ranges=("happened_at",),
        search=(),
    )


class VerticalView(RecordView):
    queryset = crm.Vertical.objects.all()
    serializer_class = shown.VerticalSerializer
    ordering_fields = (*TIMES, "name")
    filterset_class = filters_for(
        crm.Vertical,
        exact=(),
        ranges=(),
        search=("name",),
    )


class TerritoryView(ReadOnly):
    """Territories nest; everybody signed in may know them."""

    queryset = Territory.objects.all()
    serializer_class = shown.TerritorySerializer
    ordering_fields = ("name",)


RECORD_VIEWS: dict[str, type[ReadOnly]] = {
    "accounts": AccountView,
    "activities": ActivityView,
    "buying_roles": BuyingRoleView,
    "campaigns": CampaignView,
    "contacts": ContactView,
    "content_assets": ContentAssetView,
    "content_uses": ContentUseView,
    "enquiries": EnquiryView,
    "enquiry_handovers": EnquiryHandoverView,
    "exchange_rates": ExchangeRateView,
    "invoices": InvoiceView,
    "leads": LeadView,
    "line_items": LineItemView,
    "opportunities": OpportunityView,
    "owners": OwnerView,
    "payments": PaymentView,
    "products": ProductView,
    "quotas": QuotaView,
    "spend": SpendView,
    "stage_changes": StageChangeView,
    "subscriptions": SubscriptionView,
    "territories": TerritoryView,
    "touches": TouchView,
    "usage_events": UsageEventView,
    "verticals": VerticalView,
}
