"""Numbers and records as rows of a sheet."""

from collections.abc import Iterable, Iterator
from typing import Any

from kpis.dimensions import YES_NO
from kpis.dimensions import get_dimension as dimension
from kpis.drill import Drill
from kpis.metric_page import Page
from kpis.result import Part

BOOLEANS = {stored for stored, _ in YES_NO}
FIGURES = ("value", "numerator", "denominator", "n", "currency", "low", "high")


def part_rows(page: Page) -> Iterator[list[Any]]:
    """Yield the cut as rows, else the trend."""
    by, shown_parts = (page.cut.name, page.cut.result.parts) if page.cut else (page.grain, page.trend.parts)
    marks = None if page.cut else page.mark_texts
    spread_head = ["q1", "median", "q3", "p90", "mean"] if page.metric.is_spread else []
    model = page.now.model
    yield [by, "key", *FIGURES, *spread_head, *(["model"] if model else []), *([] if marks is None else ["marks"])]
    for part in shown_parts:
        # What a filter takes to mean this part; a boolean by its word, which a filter takes too.
        yield [
            part.label,
            dimension(by).label_of(part.key) if part.key in BOOLEANS else part.key,
            *(getattr(part, name) for name in FIGURES),
            *_quartile_cells(page, part),
            *([model] if model else []),
            *([] if marks is None else [marks.get(part.key, "")]),
        ]


def _quartile_cells(page: Page, part: Part) -> list[Any]:
    if not page.metric.is_spread:
        return []
    spread = part.quartiles
    return [spread.q1, spread.median, spread.q3, spread.p90, spread.mean] if spread else [None] * 5


def record_rows(drill: Drill, pages: Iterable[list[Any]]) -> Iterator[list[Any]]:
    """Yield the records with the columns of their kind, and the ids they have here and in their source."""
    yield [*(column.label for column in drill.all_columns), "Currency", "Source", "External id", "Id"]
    for page in pages:
        for record in page:
            cells = [cell.text for cell in drill.cells_of(record)]
            origin = [getattr(record, name, "") for name in ("currency", "source", "external_id")]
            yield [*cells, *origin, record.pk]
