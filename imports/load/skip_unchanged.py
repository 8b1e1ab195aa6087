"""A file that came before and whose rows still stand as it brought them need not be read again.

That is proved, never guessed. The fingerprint holds the bytes of the file and all that they were read by: mapping,
answers, currency, zone, what stages mean, rates, how duplicates are treated, and the code of the import itself. And
every table that its rows went to or point to must be as it was when the file was in:

- no row of it was written since (`changed_xid`), but by that import itself,
- as many rows as then are in it: as none came, none went.

Whatever cannot be proved takes the long way; so do files whose columns are also filled from elsewhere when an import
ends, for they change and change back, and files that share a table with another file of their import.
"""

import dataclasses
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.db import connection

from core.work import State
from crm.models import ExchangeRate
from facts.models import Snapshot
from imports.load.duplicates import left_out_by
from imports.load.lookups import ANY
from imports.load.plan_builder import plans_of
from imports.mapping.catalogue import sources
from imports.mapping.conversion import DAYS
from imports.mapping.plan import Plan
from imports.mapping.schema import MappingError, ObjectMapping
from imports.models import Duplicate, ImportFile, ImportJob, RowError
from imports.models.duplicates import Treatment

DERIVED = {"model", "fields", "references", "conversion"}  # of a plan: what follows from the rest of it
READ_BY = (
    "encoding",
    "delimiter",
    "header",
    "start",
    "first_line",
    "bytes",
    "sha256",
    "source",
    "kind",
    "answers",
    "detected",
)
RULES_WRITE = {"link_only_won_opportunity": ("invoice", "opportunity"), "tell_each_change_once": ("stage_change", "")}
ROOT = Path(__file__).resolve().parents[2]
CODE = (  # folders and files of code and data that decide values
    "imports/load",
    "imports/parsing",
    "imports/files",
    "imports/mapping",
    "imports/mappings",
    "imports/inference",
    "crm/models",
    "crm/rates",
    "crm/kinds.py",
    "crm/record_ids.py",
    "core/currencies.py",
    "core/currency_table.py",
    "core/currency_table.json",
    "core/dates.py",
)
TERRITORIES = "team_territory"
quoted = connection.ops.quote_name
Table = tuple[str, str]  # name, and the source whose rows count; "" for all


def settle(run: ImportJob, file: ImportFile) -> bool:
    """Take over what an earlier file brought, if all of it still stands; else note how things are, and return False.

    Call it before the first row is read, in the transaction that says that the file is done.
    """
    plans = plans_of(file, run.currency)
    file.fingerprint = fingerprint(run, file, plans)
    origin = _origin(file, plans, run)
    if origin is None:
        file.stood = {"since": _horizon(), "snapshot": _snapshot()}
        file.save(update_fields=["fingerprint", "stood"])
        return False
    _take_over(file, origin)
    return True


def check(run: ImportJob, file: ImportFile) -> None:
    """When the last row is in: forget the fingerprint if what the file was read by changed on the way."""
    if file.fingerprint and fingerprint(run, file, plans_of(file, run.currency)) != file.fingerprint:
        file.fingerprint = ""
        file.save(update_fields=["fingerprint"])


def remember(run: ImportJob) -> None:
    """When all is in: note of each file how its tables stand, as far as a proof can be built on it."""
    planned = _planned(run)
    for place, (file, plans) in enumerate(planned):
        begun, file.stood = file.stood, {}
        others = [found for number, (_, found) in enumerate(planned) if number != place]
        later = [found for _, found in planned[place:]] if _wrote(planned[place:]) else []
        if (
            file.fingerprint
            and begun
            and not (_shared(plans, others) or _moved(plans, later) or any(map(_flaps, plans)))
        ):
            tables = _watched(run, plans)
            if not _disturbed(run, begun, tables):
                file.stood = _standing(tables)
        file.save(update_fields=["stood"])


Planned = list[tuple[ImportFile, list[Plan]]]


def _planned(run: ImportJob) -> Planned:
    """Return the files that were read, in the order in which they were, with their plans."""
    found = []
    for file in run.files.filter(state=ImportFile.State.DONE).order_by("rank", "pk"):
        try:
            found.append((file, plans_of(file, run.currency)))
        except MappingError:  # the mapping was changed meanwhile
            continue
    return found


def _wrote(files: Planned) -> bool:
    """Tell whether any of the files changed anything."""
    changes = ("created", "updated", "removed", "merged")
    return any(counts.get(name) for file, _ in files for counts in file.counts.values() for name in changes)


def _shared(plans: list[Plan], others: list[list[Plan]]) -> bool:
    """Tell whether another file of the import wrote to the same table: which one came last would count."""
    own = {(plan.table, plan.source.name) for plan in plans}
    return any((plan.table, plan.source.name) in own for found in others for plan in found)


def _moved(plans: list[Plan], later: list[list[Plan]]) -> bool:
    """Tell whether names that the rows point by were written after them: they might point elsewhere now."""
    written = {plan.table for found in later for plan in found}
    named = (one for plan in plans for one in plan.references if one.rule.by != "external_id")
    return any(one.model._meta.db_table in written for one in named)


# what a file was read by


def fingerprint(run: ImportJob, file: ImportFile, plans: Iterable[Plan]) -> str:
    """Return the hash of the file's bytes and all that its rows are read by."""
    said = {name: getattr(file, name) for name in READ_BY}
    told = [said, run.duplicates, _code_hash(), [_told(plan) for plan in plans]]
    return hashlib.sha256(json.dumps(_plain(told), sort_keys=True).encode()).hexdigest()


def _told(plan: Plan) -> dict[str, Any]:
    names = [found.name for found in dataclasses.fields(plan) if found.name not in DERIVED]
    told = {name: getattr(plan, name) for name in names}
    return {**told, "source": dataclasses.replace(plan.source, mappings=()), "rates": _rates(plan)}


def _rates(plan: Plan) -> list[str]:
    """Return what decides which amounts are refused: the rates there are, and the day on which open deals are valued."""
    if plan.conversion is None or plan.mapping.object not in DAYS:
        return []
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*), max(changed_xid) FROM {quoted(ExchangeRate._meta.db_table)}")
        return [plan.conversion.into, str(plan.conversion.today), *map(str, cursor.fetchone())]


@cache
def _code_hash() -> str:
    """Return the hash of all code and mapping sheets that decide values: after an upgrade every file is read again."""
    contents = (f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes() for path in _code_files())
    return hashlib.sha256(b"\0".join(contents)).hexdigest()


def _code_files() -> list[Path]:
    """Return the files that decide which values a row gets, in a fixed order."""
    files = {path for name in CODE for path in [ROOT / name, *(ROOT / name).rglob("*")]}
    return sorted(path for path in files if path.suffix in (".py", ".toml", ".json"))


def _plain(value: Any) -> Any:
    """Return a value as JSON has it, the same in every process."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {found.name: _plain(getattr(value, found.name)) for found in dataclasses.fields(value)}
    if isinstance(value, re.Pattern):
        return [value.pattern, value.flags]
    if isinstance(value, Mapping):
        return sorted([_key(key), _plain(found)] for key, found in value.items())
    if isinstance(value, set | frozenset):
        return sorted(map(str, value))
    if isinstance(value, list | tuple):
        return [_plain(found) for found in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _key(key: Any) -> str:
    return json.dumps(_plain(key))


# how the tables stand


def _origin(file: ImportFile, plans: list[Plan], run: ImportJob) -> ImportFile | None:
    """Return an earlier file with the same fingerprint whose rows provably still stand as it brought them."""
    files = ImportFile.objects.filter(fingerprint=file.fingerprint, state=ImportFile.State.DONE, run__state=State.DONE)
    origin = files.filter(run__undone_at=None).exclude(stood={}).select_related("run").order_by("-pk").first()
    if origin is None or "tables" not in origin.stood or _is_writing(origin.run):
        return None
    tables = _watched(run, plans)
    if _written_since(origin.run, origin.stood["horizon"], tables):
        return None
    return origin if _counted(tables)[1] == origin.stood["tables"] else None


def _is_writing(run: ImportJob) -> bool:
    """Tell whether this very transaction is one of the import's: then what was written since bears the same stamp."""
    return _exists(
        "SELECT EXISTS (SELECT 1 FROM imports_importtransaction WHERE run_id = %s AND xid = pg_current_xact_id_if_assigned())",
        [run.pk],
    )


def _watched(run: ImportJob, plans: Iterable[Plan]) -> list[Table]:
    """Return the tables that the rows of a file go to or point to, each with the source whose rows matter."""
    found: set[Table] = set()
    for plan in plans:
        found.add((plan.table, "" if left_out_by(plan, run.duplicates) else plan.source.name))
        for reference in plan.references:
            any_source = reference.rule.by == ANY or reference.rule.to == "territory"
            found.add((reference.model._meta.db_table, "" if any_source else plan.source.name))
    return sorted(found)


def _flaps(plan: Plan) -> bool:
    """Tell whether the end of an import writes to what the file fills, so that each import changes it and changes it back."""
    mappings = sources()[plan.source.name].mappings if plan.source.name in sources() else ()
    own = {planned.rule.name for planned in plan.fields} | {reference.rule.name for reference in plan.references} | {""}
    return plan.mapping.object == "exchange_rate" or any(
        kind == plan.mapping.object and name in own for mapping in mappings for kind, name in _ends_up_in(mapping)
    )


def _ends_up_in(mapping: ObjectMapping) -> list[tuple[str, str]]:
    """Return (kind, field) of all that is written for a mapping when the rows are in; no field means whole rows."""
    return [
        *((link.model, link.name) for link in mapping.back_links),
        *((mapping.object, name) for name, _, _ in mapping.copies),
        *(RULES_WRITE[rule] for rule in mapping.rules),
    ]


def _standing(tables: list[Table]) -> dict[str, Any]:
    horizon, counts = _counted(tables)
    return {"horizon": horizon, "tables": counts}


def _counted(tables: list[Table]) -> tuple[str, dict[str, str]]:
    """Return (first transaction that may still write, rows by table), all at one moment."""
    parts, values = [], []
    for table, source in tables:
        if table == TERRITORIES:  # few, and without a stamp: by what they say
            parts.append(
                f"(SELECT md5(coalesce(string_agg(id || ':' || name, '|' ORDER BY id), '')) FROM {quoted(table)})"
            )
        else:
            parts.append(f"(SELECT count(*)::text FROM {quoted(table)}{' WHERE source = %s' if source else ''})")
            values += [source] if source else []
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(['pg_snapshot_xmin(pg_current_snapshot())::text', *parts])}", values)
        horizon, *counts = cursor.fetchone()
    return horizon, {f"{table} {source}": count for (table, source), count in zip(tables, counts, strict=True)}


def _written_since(run: ImportJob, horizon: str, tables: list[Table]) -> bool:
    """Tell whether any transaction but the import's own wrote rows that still are there, from the horizon on."""
    return any(
        _exists(
            f"SELECT EXISTS (SELECT 1 FROM {quoted(table)} t WHERE t.changed_xid >= %s::xid8 {'AND t.source = %s' if source else ''} "
            "AND NOT EXISTS (SELECT 1 FROM imports_importtransaction x WHERE x.run_id = %s AND x.xid = t.changed_xid))",
            [horizon, *([source] if source else []), run.pk],
        )
        for table, source in tables
        if table != TERRITORIES
    )


def _disturbed(run: ImportJob, begun: dict[str, Any], tables: list[Table]) -> bool:
    """Tell whether anybody else wrote to the tables or took rows out of them while the import ran, or may have."""
    gone = 'SELECT EXISTS (SELECT 1 FROM facts_deletion WHERE "table" = ANY(%s) AND changed_xid >= %s::xid8)'
    return (
        _snapshot() != begun["snapshot"]  # deletions may have been forgotten
        or _written_since(run, begun["since"], tables)
        or _exists(gone, [[table for table, _ in tables], begun["since"]])
    )


def _exists(statement: str, values: list[Any]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return bool(cursor.fetchone()[0])


def _horizon() -> str:
    return _counted([])[0]


def _snapshot() -> int | None:
    newest: int | None = Snapshot.objects.order_by("-pk").values_list("pk", flat=True).first()
    return newest


# the same once more


def _take_over(file: ImportFile, origin: ImportFile) -> None:
    """Count what the file holds: all of it unchanged, and the same rows refused and left out."""
    file.rows, file.rejected, file.dropped, file.notes = origin.rows, origin.rejected, origin.dropped, origin.notes
    file.counts = {kind: _unchanged(counts) for kind, counts in origin.counts.items()}
    file.same_as, file.state = origin, ImportFile.State.DONE
    file.save()
    errors = RowError.objects.filter(file=origin).iterator(2000)
    RowError.objects.bulk_create(
        (RowError(file=file, line=e.line, column=e.column, reason=e.reason, row=e.row) for e in errors), batch_size=2000
    )
    for pair in (pairs := list(Duplicate.objects.filter(file=origin, done=Treatment.SKIP))):
        pair.pk, pair.run, pair.file = None, file.run, file
    Duplicate.objects.bulk_create(pairs, batch_size=2000)


def _unchanged(counts: dict[str, int]) -> dict[str, int]:
    standing = sum(counts.get(name, 0) for name in ("created", "updated", "unchanged"))
    return {**counts, "created": 0, "updated": 0, "removed": 0, "merged": 0, "unchanged": standing}
