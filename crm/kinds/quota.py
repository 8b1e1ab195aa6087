from crm.models import Quota
from crm.record_kind import RecordKind

KIND = RecordKind(
    Quota,
    rank=240,
    fields=("owner", "category", "version", "starts_on", "ends_on", "amount", "potential", "currency"),
    ordering=("starts_on", "ends_on", "amount"),
    exact=("owner", "category", "version"),
    ranges=("starts_on", "ends_on"),
)
