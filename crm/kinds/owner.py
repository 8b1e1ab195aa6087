from crm.models import Owner
from crm.record_kind import RecordKind

KIND = RecordKind(
    Owner,
    rank=20,
    fields=("name", "first_name", "last_name", "email", "manager", "territory", "user", "is_active"),
    ordering=("name",),
    exact=("manager", "territory", "user", "email", "is_active"),
    search=("name", "email"),
    link_names=("manager", "to_owner", "from_owner"),
    is_made_by_name=True,
    id_prefixes=("005", "00G"),
    proposed=110,
)
