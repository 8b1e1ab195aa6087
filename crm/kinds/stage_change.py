from crm.models import StageChange
from crm.record_kind import AMOUNT, SOURCE, Column, Count, Cut, Money, RecordKind

KIND = RecordKind(
    StageChange,
    rank=110,
    fields=(
        "opportunity", "lead", "track", "pipeline", "stage", "ended_as", "entered_at", "amount", "currency",
        "probability", "expected_close_on", "told_by",
    ),
    ordering=("entered_at", "amount"),
    exact=("opportunity", "lead", "track", "stage"),
    ranges=("entered_at", "expected_close_on", "amount"),
    money=Money(("amount",)),
    part_of=("opportunity", "lead"),
    has_natural_key=True,
    columns=(
        Column("Opportunity", "opportunity.name"), Column("Stage", "stage"), AMOUNT,
        Column("Entered", "entered_at", "moment"), SOURCE,
    ),
    cuts={
        "owner": Cut.owner("opportunity.owner_id"),
        "pipeline": Cut.text("pipeline", "opportunity.pipeline"),
        "stage": Cut.stage("pipeline", "opportunity.pipeline"),
        **Cut.texts("source_system"),
    },
    count=Count(
        "Entries of the stage histories of deals.",
        ("entered_at",), cut="stage", position=70, side="sales", better="", only=("track", "deal")
    ),
)  # fmt: skip
