from crm.models import ContentUse
from crm.record_kind import RecordKind, Timeline

TIMELINE = """
SELECT 'content', coalesce(c.used_at, c.requested_at, c.created_at), c.id, false,
       concat(CASE WHEN c.reason_unused <> '' THEN 'Not used: ' ELSE 'Used: ' END, a.name), c.reason_unused, coalesce(o.name, ''), NULL, '', NULL
  FROM crm_contentuse c JOIN crm_contentasset a ON a.id = c.asset_id LEFT JOIN crm_owner o ON o.id = c.owner_id
 WHERE c.lead_id = ANY(%(leads)s)"""
KIND = RecordKind(
    ContentUse,
    rank=220,
    fields=("asset", "owner", "lead", "opportunity", "requested_at", "used_at", "opened_at", "reason_unused"),
    ordering=("requested_at", "used_at", "opened_at"),
    exact=("asset", "owner", "lead", "opportunity"),
    ranges=("requested_at", "used_at", "opened_at"),
    is_event=True,
    timeline=Timeline("Content", (TIMELINE,), position=140, key="content"),
)
