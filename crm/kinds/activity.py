from crm.models import Activity
from crm.record_kind import OWNER, SOURCE, Column, Count, Cut, RecordKind, Timeline

TIMELINE = """
SELECT 'activity', coalesce(a.happened_at, a.due_on::timestamp AT TIME ZONE %(zone)s, a.created_at), a.id, a.happened_at IS NULL,
       concat_ws(': ', nullif(a.kind, ''), nullif(a.subject, '')), concat_ws('. ', nullif(a.outcome, ''), nullif(left(a.notes, 300), '')),
       coalesce(u.name, u.email, o.name, ''), NULL, '', NULL
  FROM crm_activity a LEFT JOIN crm_owner o ON o.id = a.owner_id LEFT JOIN team_user u ON u.id = a.logged_by_id
 WHERE a.lead_id = ANY(%(leads)s) OR a.contact_id = ANY(%(contacts)s) OR a.account_id = ANY(%(accounts)s)"""
KIND = RecordKind(
    Activity,
    rank=140,
    fields=(
        "kind", "direction", "is_undelivered", "subject", "notes", "status", "outcome", "owner", "logged_by", "lead",
        "contact", "account", "opportunity", "happened_at", "due_on", "seconds",
    ),
    ordering=("happened_at", "due_on"),
    exact=("owner", "lead", "contact", "account", "opportunity", "kind", "status", "outcome"),
    ranges=("happened_at", "due_on"),
    search=("subject",),
    not_in_facts=("notes", "logged_by"),
    is_event=True,
    id_prefixes=("00T", "00U", "02s"),
    proposed=60,
    columns=(
        Column("Subject", "subject"), Column("Kind", "kind"), OWNER, Column("Contact", "contact.name"),
        Column("Lead", "lead.name"), Column("When", "happened_at", "moment"), SOURCE,
    ),
    cuts={
        "owner": Cut.owner("owner_id"),
        "manager": Cut.owner("owner.manager_id"),
        "account": Cut.by_id("account_id", "contact.account_id", "lead.account_id", "opportunity.account_id"),
        "territory": Cut.text("owner.territory.name"),
        "person": Cut.person(),
        **Cut.texts("kind", "status", "outcome", "source_system"),
    },
    count=Count(
        "What people did: calls, mails, visits, demos.",
        ("happened_at",), cut="kind", position=40, side="sales"
    ),
    timeline=Timeline("Activities", (TIMELINE,), position=20),
)  # fmt: skip
