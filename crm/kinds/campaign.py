from crm.models import Campaign
from crm.record_kind import NAME, SOURCE, Column, Count, Cut, Money, RecordKind

KIND = RecordKind(
    Campaign,
    rank=50,
    fields=("name", "parent", "owner", "kind", "status", "starts_on", "ends_on", "budget", "cost", "currency"),
    ordering=("name", "starts_on", "ends_on", "budget", "cost"),
    exact=("owner", "parent", "kind", "status"),
    ranges=("starts_on", "ends_on"),
    search=("name",),
    money=Money(("cost", "budget")),
    is_made_by_name=True,
    id_prefixes=("701",),
    proposed=50,
    columns=(
        NAME, Column("Kind", "kind"), Column("Status", "status"), Column("Starts", "starts_on", "day"),
        Column("Ends", "ends_on", "day"), Column("Cost", "cost", "money"), SOURCE,
    ),
    cuts={
        "owner": Cut.owner("owner_id"),
        "currency": Cut.currency(),
        **Cut.texts("kind", "status", "source_system"),
    },
    count=Count(
        "Campaigns, by the day they started.",
        ("starts_on",), cut="kind", position=60, side="marketing", better=""
    ),
)  # fmt: skip
