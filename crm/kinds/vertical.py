from crm.models import Vertical
from crm.record_kind import RecordKind

KIND = RecordKind(
    Vertical,
    rank=30,
    fields=("name",),
    ordering=("name",),
    search=("name",),
    is_made_by_name=True,
)
