from crm.models import Activity
from crm.record_kind import OWNER, SOURCE, Column, Count, Cut, RecordKind

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
)  # fmt: skip
