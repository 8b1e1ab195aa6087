from crm.models import UsageEvent
from crm.record_kind import RecordKind

KIND = RecordKind(
    UsageEvent,
    rank=230,
    fields=("name", "quantity", "lead", "contact", "account", "product", "happened_at"),
    ordering=("happened_at",),
    exact=("name", "lead", "contact", "account", "product"),
    ranges=("happened_at",),
    is_pushed=True,
    is_event=True,
)
