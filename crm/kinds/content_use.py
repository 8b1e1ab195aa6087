from crm.models import ContentUse
from crm.record_kind import RecordKind

KIND = RecordKind(
    ContentUse,
    rank=220,
    fields=("asset", "owner", "lead", "opportunity", "requested_at", "used_at", "opened_at", "reason_unused"),
    ordering=("requested_at", "used_at", "opened_at"),
    exact=("asset", "owner", "lead", "opportunity"),
    ranges=("requested_at", "used_at", "opened_at"),
    is_event=True,
)
