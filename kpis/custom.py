"""The columns that only one company has: what names there are to cut by."""

from typing import Any

import ibis
import ibis.expr.datatypes as dt
from django.conf import settings

from facts.engine import Facts


@ibis.udf.scalar.builtin(name="json_keys", signature=((dt.string,), dt.Array(dt.string)))
def _json_keys(document: Any) -> Any: ...


@ibis.udf.scalar.builtin(name="json_object_keys", signature=((dt.string,), dt.Array(dt.string)))
def _json_object_keys(document: Any) -> Any: ...


def custom_names(facts: Facts, table: str) -> list[str]:
    """Return the names of the custom columns that the rows of the table carry, in order; what no source brings has none."""
    rows = facts.table(table)
    if "custom" not in rows.columns:
        return []
    keys = _json_object_keys if settings.FACTS_ENGINE == "spark" else _json_keys
    names = rows.select(name=keys(rows.custom).unnest()).distinct()
    return sorted(str(name) for name in facts.execute(names)["name"].dropna())
