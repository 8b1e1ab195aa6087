from crm.models import ExchangeRate
from crm.record_kind import RecordKind

KIND = RecordKind(
    ExchangeRate,
    rank=10,
    fields=("currency", "base", "valued_on", "valid_until", "rate", "is_corporate"),
    ordering=("valued_on",),
    exact=("currency", "base"),
    ranges=("valued_on",),
    has_natural_key=True,
)
