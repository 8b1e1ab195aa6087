from crm.models import BuyingRole
from crm.record_kind import RecordKind

KIND = RecordKind(
    BuyingRole,
    rank=120,
    fields=("opportunity", "contact", "role", "is_primary"),
    exact=("opportunity", "contact", "role", "is_primary"),
    part_of=("opportunity",),
    id_prefixes=("00K",),
)
