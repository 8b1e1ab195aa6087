"""Leads as they were, each at its own moment, restored from the old images of the rows that imports changed.

Before an import changes a row it keeps the old image (`imports_rowversion`). At a moment a row was what the first import that
began later found; where none changed it since, what it is today. So a value that the source wrote after a lead was won
is not seen at its hand-off. What changed before the first import, or by hand, left no image and keeps today's value.
"""

from collections.abc import Collection
from functools import cached_property
from typing import Any

import ibis
import pyarrow as pa
from django.db import connection

from crm.rule_fields import LINKS
from facts import registry
from facts.compiling import HasTables
from facts.copying import query_to_table
from facts.registry import FactTable
from imports.models import ImportJob, RowVersion

MOMENT = "asked_at"
IMAGE = (("image_of", pa.int64()), ("image_id", pa.int64()), ("until", pa.timestamp("us", "UTC")))


class RecordHistory:
    """The facts in which leads, and the records they point to, are what they were when each lead is asked about.

    `moments` holds of_lead and asked_at, one row a lead; `columns` of leads are those that a person will look at.
    """

    def __init__(self, facts: HasTables, moments: Any, columns: Collection[str]) -> None:
        self._facts = facts
        self._columns = [name for name in columns if name not in {"id", MOMENT}]
        self._moments = moments
        self._known: dict[str, Any] = {}

    def table(self, name: str) -> Any:
        """Return a table; images of records that leads point to have ids below zero."""
        if name not in self._known:
            table, images = self._facts.table(name), self._pointer_images.get(name)
            if images is not None:
                past_rows = images.mutate(id=-images.image_id).select(*table.columns).cast(dict(table.schema().items()))
                table = ibis.union(table, past_rows)
            self._known[name] = table
        return self._known[name]

    @cached_property
    def leads(self) -> Any:
        """Return id, asked_at and the columns of each lead asked about."""
        leads = self._facts.table("leads").select("id", *self._columns)
        rows = leads.join(self._moments, leads.id == self._moments.of_lead).drop("of_lead")
        images = _images_of(registry.get_table("leads"), self._columns)
        if images is not None:
            rows = _overlay_images(rows, images, self._columns)
        for pointer, name in self._pointer_tables.items():
            if name in self._pointer_images:
                rows = _point_to_images(rows, f"{pointer}_id", self._pointer_images[name])
        return rows

    @cached_property
    def _pointer_tables(self) -> dict[str, str]:
        return {pointer: name for pointer, name in LINKS.items() if f"{pointer}_id" in self._columns}

    @cached_property
    def _pointer_images(self) -> dict[str, Any]:
        """Return the images of the tables that leads point to, as far as there are some."""
        images_by_table = {}
        for name in set(self._pointer_tables.values()):
            table = registry.get_table(name)
            images = _images_of(table, [column.name for column in table.columns if column.name != "id"])
            if images is not None:
                images_by_table[name] = images
        return images_by_table


def _images_of(table: FactTable, columns: Collection[str]) -> Any | None:
    """Return image_of, image_id, until and the columns of the rows that imports changed; None where none did."""
    wanted = [column for column in table.columns if column.name in columns]
    if not wanted or not RowVersion.objects.filter(table=table.source, image__isnull=False).exists():
        return None
    types = {str(field.column): field.db_type(connection) for field in table.model._meta.concrete_fields}
    typed_columns = ", ".join(f'"{column.from_column}" {types[column.from_column]}' for column in wanted)
    values = ", ".join(f'was."{column.from_column}"' for column in wanted)
    schema = pa.schema([*IMAGE, *((column.name, column.arrow_type) for column in wanted)])
    with connection.cursor() as cursor:
        rows = query_to_table(
            cursor,
            f"SELECT b.row_id, b.id, coalesce(r.started_at, r.queued_at), {values} FROM {RowVersion._meta.db_table} b "
            f"JOIN {ImportJob._meta.db_table} r ON r.id = b.run_id, jsonb_to_record(b.image) AS was({typed_columns}) "
            'WHERE b."table" = %s AND b.image IS NOT NULL',
            [table.source],
            schema,
        )
    return ibis.memtable(rows)


def _overlay_images(rows: Any, images: Any, columns: list[str]) -> Any:
    """Put what was in the place of what is."""
    was = _first_image_after(rows.select("id", MOMENT, points_to="id"), images)
    was = was.select(was_of="id", **{f"was_{name}": name for name in columns})
    both = rows.left_join(was, rows.id == was.was_of)
    has_image = both.was_of.notnull()
    values = {name: has_image.ifelse(both[f"was_{name}"].cast(rows[name].type()), both[name]) for name in columns}
    return both.mutate(**values).select(*rows.columns)


def _point_to_images(rows: Any, pointer: str, images: Any) -> Any:
    """Let leads point to the image of a record that was changed after their moment."""
    was = _first_image_after(rows.select("id", MOMENT, points_to=pointer), images)
    was = was.select(was_of="id", image=-was.image_id)
    both = rows.left_join(was, rows.id == was.was_of)
    return both.mutate(**{pointer: ibis.coalesce(both.image, both[pointer])}).select(*rows.columns)


def _first_image_after(moments: Any, images: Any) -> Any:
    """Return of each lead the image that the first import after its moment took of the row it points to, if any."""
    later = moments.join(images, (moments.points_to == images.image_of) & (images.until > moments[MOMENT]))
    turn = ibis.row_number().over(group_by=later.id, order_by=[later.until, later.image_id])
    ranked = later.mutate(turn=turn)
    return ranked.filter(ranked.turn == 0)
