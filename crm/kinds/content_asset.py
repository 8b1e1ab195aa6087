from crm.models import ContentAsset
from crm.record_kind import RecordKind

KIND = RecordKind(
    ContentAsset,
    rank=60,
    fields=("name", "kind", "stage", "persona", "url"),
    ordering=("name",),
    exact=("kind", "stage", "persona"),
    search=("name",),
    link_names=("asset",),
)
