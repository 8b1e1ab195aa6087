from crm.models import UsageEvent
from crm.record_kind import RecordKind, Timeline

TIMELINE = """
SELECT 'usage', coalesce(u.happened_at, u.created_at), u.id, false, u.name, coalesce(u.quantity::float::text, ''), '', NULL, '', NULL
  FROM crm_usageevent u WHERE u.lead_id = ANY(%(leads)s) OR u.contact_id = ANY(%(contacts)s) OR u.account_id = ANY(%(accounts)s)"""
KIND = RecordKind(
    UsageEvent,
    rank=230,
    fields=("name", "quantity", "lead", "contact", "account", "product", "happened_at"),
    ordering=("happened_at",),
    exact=("name", "lead", "contact", "account", "product"),
    ranges=("happened_at",),
    is_pushed=True,
    is_event=True,
    timeline=Timeline("Product use", (TIMELINE,), position=130, key="usage"),
)
