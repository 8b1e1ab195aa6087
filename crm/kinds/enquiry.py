from crm.models import Enquiry
from crm.record_kind import ACCOUNT, NAME, OWNER, SOURCE, Column, Count, Cut, RecordKind

KIND = RecordKind(
    Enquiry,
    rank=150,
    fields=(
        "name", "description", "kind", "status", "priority", "channel", "pipeline", "owner", "account", "contact",
        "opened_at", "answered_at", "closed_at",
    ),
    ordering=("name", "opened_at", "answered_at", "closed_at"),
    exact=("owner", "account", "contact", "kind", "status", "priority", "channel", "pipeline"),
    ranges=("opened_at", "answered_at", "closed_at"),
    search=("name",),
    not_in_facts=("description",),
    id_prefixes=("500",),
    columns=(
        NAME, ACCOUNT, OWNER, Column("Status", "status"), Column("Priority", "priority"),
        Column("Opened", "opened_at", "moment"), Column("Closed", "closed_at", "moment"), SOURCE,
    ),
    cuts={
        "owner": Cut.owner("owner_id"),
        "manager": Cut.owner("owner.manager_id"),
        "account": Cut.by_id("account_id", "contact.account_id"),
        "country": Cut.text("account.country", "contact.country"),
        **Cut.texts("kind", "status", "priority", "channel", "pipeline", "source_system"),
    },
    count=Count(
        "Questions that customers asked, by the day they were opened.",
        ("opened_at",), cut="status", position=50, better=""
    ),
)  # fmt: skip
