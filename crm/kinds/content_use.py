from crm.models import ContentUse
from crm.record_kind import OWNER, SOURCE, Column, Cut, RecordKind, Timeline

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
    columns=(
        Column("Content", "asset.name"), OWNER, Column("Lead", "lead.name"), Column("Opportunity", "opportunity.name"),
        Column("Requested", "requested_at", "moment"), Column("Used", "used_at", "moment"),
        Column("Opened", "opened_at", "moment"), Column("Reason not used", "reason_unused"), SOURCE,
    ),
    cuts={
        "owner": Cut.owner("owner_id"),
        "manager": Cut.owner("owner.manager_id"),
        "content": Cut.by_id("asset_id"),
        "kind": Cut.text("asset.kind"),
        "journey_stage": Cut.text("asset.stage"),
        "persona": Cut.text("asset.persona"),
        "vertical": Cut.text("asset.vertical.name"),
        **Cut.texts("reason_unused", "source_system"),
    },
    timeline=Timeline("Content", (TIMELINE,), position=140, key="content"),
)  # fmt: skip
