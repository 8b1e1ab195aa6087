from crm.models import Product
from crm.record_kind import Money, RecordKind

KIND = RecordKind(
    Product,
    rank=40,
    fields=("name", "family", "list_price", "currency"),
    ordering=("name", "list_price"),
    exact=("family",),
    search=("name", "family"),
    money=Money(("list_price",)),
    is_made_by_name=True,
    id_prefixes=("01t",),
    proposed=100,
)
