from crm.models import ContentAsset
from crm.record_kind import NAME, SOURCE, Column, Cut, RecordKind

KIND = RecordKind(
    ContentAsset,
    rank=60,
    fields=("name", "kind", "stage", "persona", "vertical", "url"),
    ordering=("name",),
    exact=("kind", "stage", "persona", "vertical"),
    search=("name",),
    link_names=("asset",),
    columns=(
        NAME,
        Column("Kind", "kind"),
        Column("Stage", "stage"),
        Column("Persona", "persona"),
        Column("Industry", "vertical.name"),
        Column("Created", "created_at", "moment"),
        SOURCE,
    ),
    headers={"vertical": ["industry", "vertical", "sector", "branche", "secteur"]},
    cuts={
        "journey_stage": Cut.text("stage"),
        "vertical": Cut.text("vertical.name"),
        **Cut.texts("kind", "persona", "source_system"),
    },
)
