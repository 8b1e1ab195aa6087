from crm.models import Spend
from crm.record_kind import AMOUNT, CAMPAIGN, SOURCE, Column, Count, Cut, Money, RecordKind

KIND = RecordKind(
    Spend,
    rank=210,
    fields=(
        "spent_on", "side", "category", "amount", "currency", "campaign", "territory", "product", "vertical",
        "description",
    ),
    ordering=("spent_on", "amount"),
    exact=("side", "category", "campaign", "territory", "product", "vertical", "currency"),
    ranges=("spent_on", "amount"),
    search=("description",),
    money=Money(("amount",), days=("spent_on",)),
    alike_by=("spend",),
    is_event=True,
    proposed=70,
    headers={
        "amount": ["spend", "ad spend", "cost", "amount spent", "total spent", "media cost", "kosten", "ausgaben", "ausgegebener betrag", "dépenses", "gasto"],
        "spent_on": ["date", "day", "reporting starts", "start date", "datum", "tag", "jour", "fecha", "week", "month"],
        "campaign": ["campaign", "campaign name", "utm campaign", "kampagne", "campagne", "campaña"],
        "description": ["ad set name", "ad set", "ad group", "ad group name", "ad name", "creative name", "anzeigengruppe"],
        "currency": ["currency", "currency code", "account currency", "währung"],
    },
    columns=(
        Column("Description", "description"), Column("Side", "get_side_display"),
        Column("Category", "get_category_display"), CAMPAIGN, AMOUNT, Column("Spent", "spent_on", "day"), SOURCE,
    ),
    cuts={
        "campaign": Cut.by_id("campaign_id"),
        "territory": Cut.text("territory.name"),
        "product": Cut.text("product.name"),
        "vertical": Cut.text("vertical.name"),
        "currency": Cut.currency(),
        **Cut.texts("side", "category", "source_system"),
    },
    count=Count(
        "Dated lines of sales and marketing spend.",
        ("spent_on",), cut="category", position=110, key="spend_lines", name="Lines of spend", better=""
    ),
)  # fmt: skip
