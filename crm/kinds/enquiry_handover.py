from crm.models import EnquiryHandover
from crm.record_kind import RecordKind

KIND = RecordKind(
    EnquiryHandover,
    rank=160,
    fields=("enquiry", "from_owner", "to_owner", "handed_at"),
    ordering=("handed_at",),
    exact=("enquiry", "from_owner", "to_owner"),
    ranges=("handed_at",),
    part_of=("enquiry",),
)
