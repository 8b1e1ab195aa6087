from crm.models import EnquiryHandover
from crm.record_kind import SOURCE, Column, Cut, RecordKind

KIND = RecordKind(
    EnquiryHandover,
    rank=160,
    fields=("enquiry", "from_owner", "to_owner", "handed_at"),
    ordering=("handed_at",),
    exact=("enquiry", "from_owner", "to_owner"),
    ranges=("handed_at",),
    part_of=("enquiry",),
    columns=(
        Column("Enquiry", "enquiry.name"), Column("From", "from_owner.name"), Column("To", "to_owner.name"),
        Column("Handed over", "handed_at", "moment"), Column("Answered", "enquiry.answered_at", "moment"), SOURCE,
    ),
    cuts={
        "owner": Cut.owner("to_owner_id"),
        "manager": Cut.owner("to_owner.manager_id"),
        "kind": Cut.text("enquiry.kind"),
        "priority": Cut.text("enquiry.priority"),
        "channel": Cut.text("enquiry.channel"),
        **Cut.texts("source_system"),
    },
)  # fmt: skip
