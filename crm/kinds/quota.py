from crm.models import Quota
from crm.record_kind import AMOUNT, OWNER, SOURCE, Column, Cut, RecordKind

KIND = RecordKind(
    Quota,
    rank=240,
    fields=("owner", "category", "version", "starts_on", "ends_on", "amount", "potential", "currency"),
    ordering=("starts_on", "ends_on", "amount"),
    exact=("owner", "category", "version"),
    ranges=("starts_on", "ends_on"),
    columns=(
        OWNER, Column("Category", "category"), Column("Begins", "starts_on", "day"), Column("Ends", "ends_on", "day"), AMOUNT,
        Column("Potential", "potential", "money"), SOURCE,
    ),
    cuts={
        "owner": Cut.owner("owner_id"),
        "manager": Cut.owner("owner.manager_id"),
        "territory": Cut.text("owner.territory.name"),
        "category": Cut.text("category"),
        "source_system": Cut.text("source_system"),
    },
)  # fmt: skip
