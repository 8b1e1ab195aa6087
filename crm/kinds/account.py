from crm.models import Account
from crm.record_kind import NAME, OWNER, SOURCE, Column, Count, Cut, RecordKind

KIND = RecordKind(
    Account,
    rank=70,
    fields=(
        "name", "domain", "website", "phone", "kind", "parent", "owner", "territory", "vertical", "country", "region",
        "city", "employees", "annual_revenue", "currency", "founded_year",
    ),
    ordering=("name", "employees", "annual_revenue"),
    exact=("owner", "territory", "vertical", "parent", "kind", "country", "region", "domain"),
    ranges=("annual_revenue",),
    search=("name", "domain"),
    alike_by=("domain", "name"),
    id_prefixes=("001",),
    proposed=30,
    columns=(
        NAME, OWNER, Column("Vertical", "vertical.name"), Column("Country", "country"),
        Column("Employees", "employees", "count"), SOURCE,
    ),
    cuts={
        "owner": Cut.owner("owner_id"),
        "manager": Cut.owner("owner.manager_id"),
        "territory": Cut.text("territory.name", "owner.territory.name"),
        "vertical": Cut.text("vertical.name"),
        "icp": Cut.text("account_icp.place"),
        **Cut.texts("kind", "country", "region", "city", "source_system"),
    },
    count=Count(
        "Companies that buy or may buy, by the day their record was made.",
        ("created_at",), cut="vertical", position=10
    ),
)  # fmt: skip
