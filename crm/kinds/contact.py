from crm.models import Contact
from crm.record_kind import ACCOUNT, OWNER, SOURCE, Column, Count, Cut, RecordKind

KIND = RecordKind(
    Contact,
    rank=80,
    fields=(
        "name", "first_name", "last_name", "email", "phone", "title", "department", "persona", "account", "owner",
        "lead_source", "lifecycle_stage", "status", "country",
    ),
    ordering=("name",),
    exact=("owner", "account", "email", "persona", "lead_source", "lifecycle_stage", "status", "country"),
    search=("name", "email"),
    alike_by=("email",),
    id_prefixes=("003",),
    proposed=20,
    columns=(
        Column("Name", "__str__"), ACCOUNT, OWNER, Column("Lifecycle stage", "lifecycle_stage"),
        Column("Lead source", "lead_source"), Column("Created", "created_at", "moment"), SOURCE,
    ),
    cuts={
        "owner": Cut.owner("owner_id"),
        "manager": Cut.owner("owner.manager_id"),
        "account": Cut.by_id("account_id"),
        "territory": Cut.text("owner.territory.name", "account.territory.name"),
        "vertical": Cut.text("account.vertical.name"),
        "country": Cut.text("country", "account.country"),
        **Cut.texts("lead_source", "lifecycle_stage", "status", "persona", "source_system"),
    },
    count=Count(
        "People at accounts, by the day their record was made.",
        ("created_at",), cut="lifecycle_stage", position=20
    ),
)  # fmt: skip
