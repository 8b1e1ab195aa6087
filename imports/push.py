"""Records that another system sends over HTTP: all of a request or nothing, each under the id it has there.

What one person's tokens push of one source in a day is one import: it is listed among them, the rows it changed keep
their old image, and it can be undone whole. A row that says what is known already is not written.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from core.date_formatting import format_day
from core.work import State
from crm.models import Contact, Lead, Owner, Record
from crm.record_ids import SHORTENED_REASON, is_of_salesforce, is_shortened, stored_form, ways_to_write
from crm.record_kind import kind_of
from imports.load.journal import mark_transaction
from imports.models import ImportFile, ImportJob
from imports.models.jobs import ROW_COUNTS
from imports.permissions import PUSH_RECORDS
from team.models import Company, User

LONGEST_NAME = 255
MAX_ROWS = 1_000  # rows of a request
PUSHED = "pushed:"  # prefix of the key of an import that collects a day's pushes
PEOPLE = (Contact, Lead, Owner)  # who have a first and a last name, and a whole one
COUNTED = ROW_COUNTS


class Refused(Exception):
    """Some rows cannot be taken, so none was; `lines` says of each what is wrong, by field."""

    def __init__(self, lines: Mapping[int, Mapping[str, str]]) -> None:
        super().__init__("Nothing was written.")
        self.lines = lines


@dataclass
class Pushed:
    """What became of the rows: the record of each, by its place, and how many were made or changed."""

    run_ids: list[int] = field(default_factory=list)  # the imports that collect it
    by_place: dict[int, Record] = field(default_factory=dict)
    created: int = 0
    updated: int = 0
    unchanged: int = 0

    @property
    def is_news(self) -> bool:
        return bool(self.created or self.updated)

    @property
    def records(self) -> list[Record]:
        return [self.by_place[line] for line in sorted(self.by_place)]


@transaction.atomic
def push_records(*, by: User, model: type[Record], rows: Sequence[Mapping[str, Any]]) -> Pushed:
    """Write the rows: new ones whole, of those that are there the fields that are given.

    References are ids of Accord, or texts: the id that the record has in the row's source.

    Raises:
        PermissionDenied: the role brings no records in.
        Refused: a row comes twice, or points to what is not there.
    """
    PUSH_RECORDS.require(by)
    resolved_rows = _with_stored_ids(model, rows)
    _refuse_shortened(model, resolved_rows)
    _refuse_repeated(resolved_rows)
    _resolve_references(model, resolved_rows)
    pushed = Pushed()
    for source in sorted({row["source"] for row in resolved_rows}):
        run = _todays_import(by, source)
        mark_transaction(run.pk)
        mine = {line: row for line, row in enumerate(resolved_rows) if row["source"] == source}
        _add_counts(run, model, _write_rows(model, source, mine, pushed))
        pushed.run_ids.append(run.pk)
    return pushed


def _with_stored_ids(model: type[Record], rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows with their ids, and those by which they name others, as records are kept under them."""
    new_rows = [dict(row) for row in rows]
    related = {name: model._meta.get_field(name).related_model for name in reference_names(model)}
    for name, target in {"external_id": model, **related}.items():
        if not (isinstance(target, type) and issubclass(target, Record)):
            continue
        given = {(row["source"], row[name]) for row in new_rows if isinstance(row.get(name), str)}
        kind = kind_of(target)
        rewritten = {(by, key) for by, key in given if is_of_salesforce(by) or stored_form(by, kind, key) != key}
        stored_ids = _stored_ids(target, rewritten)
        for row in new_rows:
            if isinstance(row.get(name), str):
                row[name] = stored_ids.get((row["source"], row[name]), row[name])
    return new_rows


def _stored_ids(model: type[Record], given: set[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return ids of Salesforce with 18 characters, or as they are stored already."""
    if not given:
        return {}
    ways = {(source, key): ways_to_write(source, kind_of(model), key) for source, key in given}
    records = model._default_manager.filter(
        source__in={source for source, _ in given}, external_id__in=set().union(*ways.values())
    )
    existing = set(records.values_list("source", "external_id"))
    stored = {}
    for (source, key), forms in ways.items():
        normal_form = stored_form(source, kind_of(model), key)
        existing_forms = [form for form in (normal_form, *sorted(forms)) if (source, form) in existing]
        stored[source, key] = next(iter(existing_forms), normal_form)
    return stored


def _refuse_shortened(model: type[Record], rows: Sequence[Mapping[str, Any]]) -> None:
    lines: dict[int, dict[str, str]] = {}
    for line, row in enumerate(rows, 1):
        for name in ("external_id", *reference_names(model)):
            if isinstance(row.get(name), str) and is_shortened(row[name]):
                lines.setdefault(line, {})[name] = f"“{row[name]}” {SHORTENED_REASON}."
    if lines:
        raise Refused(lines)


def _refuse_repeated(rows: Sequence[Mapping[str, Any]]) -> None:
    seen: set[tuple[str, str]] = set()
    lines = {}
    for line, row in enumerate(rows, 1):
        key = row["source"], row["external_id"]
        if key in seen:
            lines[line] = {"external_id": f"“{key[1]}” of {key[0]} occurs twice. Send each record once per request."}
        seen.add(key)
    if lines:
        raise Refused(lines)


def _resolve_references(model: type[Record], rows: Sequence[dict[str, Any]]) -> None:
    """Put the records that references name in their place.

    Raises:
        Refused: some do not exist.
    """
    lines: dict[int, dict[str, str]] = {}
    for link in reference_names(model):
        target = model._meta.get_field(link).related_model
        assert isinstance(target, type)
        given = {line: (row["source"], row[link]) for line, row in enumerate(rows, 1) if row.get(link) is not None}
        targets = _find_targets(target, set(given.values()))
        for line, reference in given.items():
            if reference in targets:
                rows[line - 1][link] = targets[reference]
            else:
                kind, (source, value) = target._meta.verbose_name, reference
                is_own_id = isinstance(value, int)
                reason = (
                    f"The {kind} {value} does not exist."
                    if is_own_id
                    else f"{source} has no {kind} “{value}” in Accord yet."
                )
                lines.setdefault(line, {})[link] = reason
    if lines:
        raise Refused(dict(sorted(lines.items())))


def reference_names(model: type[models.Model]) -> list[str]:
    """Return the names of the references that a row may give."""
    return [field.name for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey)]


def _find_targets(
    target: type[models.Model], references: set[tuple[str, int | str]]
) -> dict[tuple[str, int | str], models.Model]:
    ours = {value for _, value in references if isinstance(value, int)}
    by_id = target._default_manager.in_bulk(ours)
    records: dict[tuple[str, int | str], models.Model] = {
        (source, value): by_id[value] for source, value in references if isinstance(value, int) and value in by_id
    }
    theirs = {value for _, value in references if isinstance(value, str)}
    if theirs and issubclass(target, Record):
        rows = target.objects.filter(external_id__in=theirs, source__in={source for source, _ in references})
        records |= {(row.source, row.external_id): row for row in rows}
    return records


def _todays_import(by: User, source: str) -> ImportJob:
    """Return the import that collects what is pushed today; one that was undone is not written to again."""
    today = timezone.localdate(timezone=Company.get().zone)
    first = f"{PUSHED}{hashlib.sha256(source.encode()).hexdigest()[:12]}:{by.pk}:{today}"
    count = ImportJob.objects.filter(key__startswith=first, undo__isnull=False).count()
    now = timezone.now()
    run, _ = ImportJob.objects.get_or_create(
        key=f"{first}:{count + 1}",
        defaults={
            "source": source, "name": f"Pushed from {source} on {format_day(today)}", "folder": "", "started_by": by,
            "state": State.DONE, "started_at": now, "finished_at": now,
        },
    )  # fmt: skip
    # two pushes at a time would overwrite each other's counts
    return ImportJob.objects.select_for_update().get(pk=run.pk)


def _write_rows(model: type[Record], source: str, rows: Mapping[int, dict[str, Any]], pushed: Pushed) -> dict[str, int]:
    ids = [row["external_id"] for row in rows.values()]
    # locked, so that no other writer changes the rows between reading and writing
    stored_rows = model.objects.select_for_update().filter(source=source, external_id__in=ids)
    existing = {row.external_id: row for row in stored_rows}
    new = {line: _build_record(model, row) for line, row in rows.items() if row["external_id"] not in existing}
    old = {line: existing[row["external_id"]] for line, row in rows.items() if row["external_id"] in existing}
    model.objects.bulk_create(new.values())
    updated = sum(_update_record(record, rows[line]) for line, record in old.items())
    pushed.by_place |= new | old
    pushed.created += len(new)
    pushed.updated += updated
    pushed.unchanged += len(old) - updated
    counts = {"created": len(new), "updated": updated, "unchanged": len(old) - updated}
    return {name: counts.get(name, 0) for name in COUNTED}


def _build_record(model: type[Record], row: Mapping[str, Any]) -> Record:
    record = model(**{"created_at": timezone.now(), **row})
    if isinstance(record, PEOPLE) and not record.name:
        record.name = whole_name(record)
        if isinstance(record, Lead):
            record.name = record.name or record.email or record.external_id
    return record


def whole_name(person: Contact | Lead | Owner) -> str:
    """Return the name that the first and the last name of a person make."""
    return " ".join(filter(None, [person.first_name, person.last_name]))[:LONGEST_NAME]


def _update_record(record: Record, row: Mapping[str, Any]) -> bool:
    """Write the fields that say something else than before; whether there were some."""
    given = {**row, "custom": {**record.custom, **row["custom"]}} if "custom" in row else dict(row)
    if isinstance(record, PEOPLE) and "name" not in row and record.name in {"", whole_name(record)}:
        first, last = row.get("first_name", record.first_name), row.get("last_name", record.last_name)
        given["name"] = whole_name(type(record)(first_name=first, last_name=last)) or record.name
    changed = []
    for name, value in given.items():
        stored = getattr(record, record._meta.get_field(name).attname)  # type: ignore[union-attr]
        if stored != (value.pk if isinstance(value, models.Model) else value):
            setattr(record, name, value)
            changed.append(name)
    if changed:
        record.save(update_fields=changed)
    return bool(changed)


def _add_counts(run: ImportJob, model: type[Record], counts: Mapping[str, int]) -> None:
    """Add up what was pushed, and mark the import as changed, so that what depends on it runs."""
    kind, rows = model._meta.model_name or "", sum(counts.values())
    file, _ = ImportFile.objects.get_or_create(
        run=run, name=f"{model._meta.verbose_name_plural}", defaults={"stored": "", "state": ImportFile.State.DONE},
    )  # fmt: skip
    before = file.counts.get(kind, {})
    file.counts = {**file.counts, kind: {name: before.get(name, 0) + counts[name] for name in counts}}
    file.rows, file.source, file.kind = file.rows + rows, run.source, kind
    file.save(update_fields=["counts", "rows", "source", "kind"])
    if counts["created"] or counts["updated"]:
        ImportJob.objects.filter(pk=run.pk).update(finished_at=timezone.now())


def leads_of(records: Sequence[Record]) -> Iterator[int]:
    """Yield the ids of the leads whom the records concern."""
    for record in records:
        yield from filter(None, [record.pk if isinstance(record, Lead) else getattr(record, "lead_id", None)])
