from crm.models import Touch
from crm.record_kind import CAMPAIGN, SOURCE, Column, Count, Cut, Money, RecordKind, Timeline

TIMELINE = """
SELECT 'touch', coalesce(t.happened_at, t.created_at), t.id, false, t.kind, coalesce(c.name, ''), t.status, t.value, t.currency, NULL::timestamptz
  FROM crm_touch t LEFT JOIN crm_campaign c ON c.id = t.campaign_id
 WHERE t.lead_id = ANY(%(leads)s) OR t.contact_id = ANY(%(contacts)s)"""
KIND = RecordKind(
    Touch,
    rank=130,
    fields=(
        "campaign", "lead", "contact", "asset", "channel", "kind", "status", "has_responded", "happened_at", "value",
        "currency",
    ),
    ordering=("happened_at", "value"),
    exact=("campaign", "lead", "contact", "asset", "channel", "kind", "status", "has_responded", "currency"),
    ranges=("happened_at", "value"),
    is_pushed=True,
    money=Money(("value",), days=("happened_at",)),
    is_event=True,
    id_prefixes=("00v",),
    proposed=90,
    headers={
        "happened_at": ["touched at", "clicked at", "timestamp", "time", "event time", "date", "interaction date", "zeitpunkt"],
        "kind": ["kind", "interaction", "interaction type", "event", "event type", "touch type"],
        "channel": ["channel", "marketing channel", "channel grouping", "utm medium", "medium", "kanal", "canal"],
        "value": ["value", "conversion value", "conv value", "revenue", "purchase value", "conversionswert"],
        "lead": ["lead", "email", "lead email", "e-mail"],
    },
    columns=(
        CAMPAIGN, Column("Lead", "lead.name"), Column("Contact", "contact.name"), Column("Channel", "channel"),
        Column("Kind", "kind"),
        Column("Status", "status"), Column("When", "happened_at", "moment"), Column("Value", "value", "money"),
        SOURCE,
    ),
    cuts={
        "campaign": Cut.by_id("campaign_id"),
        "owner": Cut.owner("lead.owner_id", "contact.owner_id"),
        "account": Cut.by_id("contact.account_id", "lead.account_id"),
        "lead_source": Cut.text("lead.lead_source", "contact.lead_source"),
        "channel": Cut.text("channel", "campaign.kind", "kind"),
        "person": Cut.person(),
        "currency": Cut.currency(),
        **Cut.texts("kind", "status", "source_system"),
    },
    count=Count(
        "Marketing contacts with leads and contacts.",
        ("happened_at",), cut="campaign", position=30, side="marketing"
    ),
    timeline=Timeline("Touches", (TIMELINE,), position=10),
)  # fmt: skip
