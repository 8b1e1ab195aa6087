from crm.models import ContentAsset
from crm.record_kind import NAME, SOURCE, Column, Cut, RecordKind

KIND = RecordKind(
    ContentAsset,
    rank=60,
    fields=("name", "kind", "stage", "persona", "url"),
    ordering=("name",),
    exact=("kind", "stage", "persona"),
    search=("name",),
    link_names=("asset",),
    columns=(
        NAME,
        Column("Kind", "kind"),
        Column("Persona", "persona"),
        Column("Created", "created_at", "moment"),
        SOURCE,
    ),
    cuts=Cut.texts("kind", "persona", "source_system"),
)
