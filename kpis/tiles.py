"""The tiles of the dashboard that the metrics here bring along."""

from kpis import sentences
from kpis.dashboard import LEAD_METRICS
from kpis.tile_registry import Tile, register_tile

register_tile(
    Tile(
        "weighted_pipeline",
        position=10,
        sentence=lambda readings: sentences.coverage_note(
            readings.get("open_pipeline"), readings.get("opportunities_open")
        ),
        reads=("open_pipeline", "opportunities_open"),
        chart="trend",
        needs="opportunities",
    )
)
register_tile(
    Tile(
        "sales_cycle_time",
        position=20,
        sentence=lambda readings: sentences.cycle_note(readings["sales_cycle_time"].now),
        chart="quartiles",
        needs="opportunities",
    )
)
register_tile(
    Tile(
        "average_revenue_per_transaction",
        position=30,
        label="Revenue per deal",
        sentence=lambda readings: sentences.deals_note(readings["average_revenue_per_transaction"].now),
        chart="trend",
        needs="opportunities",
    )
)
register_tile(Tile("sm_share_of_revenue", position=40, label="S&M share", shows_benchmark=True))
for position, key in enumerate(LEAD_METRICS, 50):
    register_tile(Tile(key, position=position, needs="leads", instead_of="opportunities"))
