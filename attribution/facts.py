"""The fact table of attribution: which touch earned which share of which lead or deal, under every model."""

from facts.registry import Column, DerivedTable, register_derived_table
from team.models import Company

WEIGHT = "decimal(11,10)"
AMOUNT = "decimal(25,10)"  # of the scale of a weight, as Ibis wants it; large enough for any amount
SHARE = "decimal(38,12)"  # an amount in cents times a weight, without losing a digit
CONTENT = "1"  # change it when the same records give other credits
CREDITS = DerivedTable(
    "credits",
    (
        Column("id", "int64"),
        Column("lead_id", "int64"),  # the lead that was brought …
        Column("opportunity_id", "int64"),  # … or the deal that was won or is open
        Column("touch_id", "int64"),
        Column("activity_id", "int64"),
        Column("campaign_id", "int64"),
        Column("asset_id", "int64"),
        Column("channel", "string"),
        Column("lead_source", "string"),
        Column("persona", "string"),
        Column("happened_at", "timestamp"),
        *(Column(f"{key}_weight", WEIGHT) for key in Company.AttributionModel.values),
    ),
    CONTENT,
)
register_derived_table(CREDITS)
