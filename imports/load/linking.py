"""When all files are in: tie the links that waited, copy what follows from a link.

Each task is set-based, touches at most `BATCH` rows a time, and finds nothing to do the second time.
"""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from django.apps import apps
from django.db import connection, models

from core.database import update_statistics
from crm.models import Record
from crm.record_ids import LONG, SHORT, is_of_salesforce
from imports.load import duplicates, lookups, removals, reopenings
from imports.load.stage_outcomes import settle_ended_stages
from imports.load.stored_ids import EXTERNAL_ID, misfit
from imports.load.upsert import quoted
from imports.mapping.catalogue import sources
from imports.mapping.schema import BackLink, ObjectMapping, column_of, model_of
from imports.models import CustomField, ImportFile, ImportJob
from imports.parsing.headers import fold

BATCH = 20_000
STAGED = {"opportunity", "stage_change"}
Task = Callable[[], int]  # rows it changed


def tasks(run: ImportJob) -> list[Task]:
    """Return what is to be done for the sources of an import and the kinds of records that it made, in order."""
    files = list(run.files.filter(state=ImportFile.State.DONE))
    made = {kind for file in files for kind, counts in file.counts.items() if counts["created"]}
    found: list[Task] = [_measure, partial(removals.settle, run)]
    known, waiting = sources(), _links_that_wait()
    for source in sorted({file.source for file in files} & known.keys()):
        found.append(partial(removals.name_masters, source))
        found += [partial(_tie, source, *link) for link in waiting if link[2] != lookups.ANY]
        if is_of_salesforce(source):
            others = [(model, link) for model, link, by in waiting if by == EXTERNAL_ID]
            found += [partial(_tie_by_first_characters, source, *link) for link in others]
        mappings = known[source].mappings
        found += [partial(_link_back, source, m.object, link) for m in mappings for link in m.back_links]
        found += [partial(_copy, source, m, *copy) for m in mappings for copy in m.copies]
        found += [partial(RULES[rule], source) for m in mappings for rule in m.rules]
    found += lookups.ties(waiting)
    if made_or_changed(files, STAGED):
        found.append(partial(reopenings.note, run))
        found += [
            partial(settle_ended_stages, source, BATCH) for source in sorted({file.source for file in files} - {""})
        ]
    return [*found, _know_users, partial(duplicates.note, run, made)]


def made_or_changed(files: list[ImportFile], kinds: set[str]) -> bool:
    """Tell whether any of the files made or changed records of these kinds."""
    counts = [file.counts[kind] for file in files for kind in kinds & file.counts.keys()]
    return any(one["created"] or one["updated"] for one in counts)


@cache
def records() -> tuple[type[Record], ...]:
    return tuple(model for model in apps.get_app_config("crm").get_models() if issubclass(model, Record))


def related(model: type[models.Model], link: str) -> type[models.Model]:
    found = model._meta.get_field(link).related_model
    assert isinstance(found, type)
    return found


def _links_that_wait() -> list[tuple[type[Record], str, str]]:
    """Return (model, link, key) for every kind of pending link there is just now."""
    found: list[tuple[type[Record], str, str]] = []
    for model in records():
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT DISTINCT link.key, by.key FROM {quoted(model._meta.db_table)} t, jsonb_each(t.pending) link, "
                "jsonb_each(link.value) by WHERE NOT (t.pending = '{}'::jsonb)"
            )
            waiting = sorted(cursor.fetchall())
        found += [(model, name, by) for name, by in waiting]
    return found


def _measure() -> int:
    """Have the planner look at the tables that are not small."""
    tables = {model._meta.db_table: model for model in records()}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relname = ANY(%s) AND pg_relation_size(oid) > 65536",
            [list(tables)],
        )
        large = [table for (table,) in cursor.fetchall()]
    for table in large:
        update_statistics(tables[table])
    return 0


def _tie(source: str, model: type[Record], link: str, by: str) -> int:
    """Set a link of rows that named a record before it came."""
    table, target = quoted(model._meta.db_table), quoted(related(model, link)._meta.db_table)
    return _execute(
        f"WITH found AS (SELECT DISTINCT ON (t.id) t.id, o.id AS other FROM {table} t JOIN {target} o "
        f"ON o.source = t.source AND o.{by} = t.pending #>> %s "
        "WHERE t.source = %s AND NOT (t.pending = '{}'::jsonb) ORDER BY t.id, o.id LIMIT %s) "
        f"UPDATE {table} t SET {quoted(column_of(model, link))} = found.other, pending = t.pending - %s FROM found "
        "WHERE t.id = found.id",
        [[link, by], source, BATCH, link],
    )


def _tie_by_first_characters(source: str, model: type[Record], link: str) -> int:
    """Set links that name a Salesforce record by another way of writing its id than the one it came with."""
    table, target = quoted(model._meta.db_table), quoted(related(model, link)._meta.db_table)
    return _execute(
        f"WITH found AS (SELECT DISTINCT ON (t.id) t.id, o.id AS other FROM {table} t "
        "CROSS JOIN LATERAL (SELECT t.pending #>> %s AS id) named "
        f"JOIN {target} o ON o.source = t.source AND length(o.external_id) IN ({SHORT}, {LONG}) "
        f"AND left(o.external_id, {SHORT}) = left(named.id, {SHORT}) "
        f"WHERE t.source = %s AND NOT (t.pending = '{{}}'::jsonb) AND length(named.id) IN ({SHORT}, {LONG}) "
        f"AND NOT ({misfit('o.external_id')} AND {misfit('named.id')}) "
        "ORDER BY t.id, o.id LIMIT %s) "
        f"UPDATE {table} t SET {quoted(column_of(model, link))} = found.other, pending = t.pending - %s FROM found "
        "WHERE t.id = found.id",
        [[link, EXTERNAL_ID], source, BATCH, link],
    )


def _link_back(source: str, kind: str, link: BackLink) -> int:
    """Set a link that the other record's file carried in a column of its own."""
    names = {fold(name) for name in link.columns}
    keys = [key for key in CustomField.objects.filter(kind=kind).values_list("key", flat=True) if fold(key) in names]
    return sum(_link_back_by(source, kind, link, key) for key in sorted(keys))


def _link_back_by(source: str, kind: str, link: BackLink, key: str) -> int:
    table, other = quoted(model_of(link.model)._meta.db_table), quoted(model_of(kind)._meta.db_table)
    column = quoted(column_of(model_of(link.model), link.name))
    named, same, values = "o.custom ->> %s", "t.external_id = w.word", [key, source, key, source]
    if link.by == "name":
        same = f"t.name = w.word AND NOT EXISTS (SELECT 1 FROM {table} x WHERE x.source = %s AND x.name = t.name AND x.id <> t.id)"
        values += [source]
    elif is_of_salesforce(source):
        written_otherwise = f"left(t.external_id, {SHORT}) = left(w.word, {SHORT})"
        same = f"{written_otherwise} AND (t.external_id = w.word OR NOT ({misfit('t.external_id')} AND {misfit('w.word')}))"
    return _execute(
        f"UPDATE {table} t SET {column} = w.id FROM (SELECT DISTINCT ON (2) o.id, {named} AS word FROM {other} o "
        f"WHERE o.source = %s AND o.custom ? %s ORDER BY 2, o.id) w "
        f"WHERE t.source = %s AND {same} AND t.{column} IS NULL",
        values,
    )


def _copy(source: str, mapping: ObjectMapping, name: str, link: str, origin: str) -> int:
    """Give a record what the record behind its link says."""
    model = model_of(mapping.object)
    other = related(model, link)
    column, value = quoted(column_of(model, name)), f"o.{quoted(column_of(other, origin))}"
    table, target = quoted(model._meta.db_table), quoted(other._meta.db_table)
    return _execute(
        f"WITH found AS (SELECT t.id, {value} AS value FROM {table} t JOIN {target} o ON o.id = t.{quoted(column_of(model, link))} "
        f"WHERE t.source = %s AND t.{column} IS DISTINCT FROM {value} LIMIT %s) "
        f"UPDATE {table} t SET {column} = found.value FROM found WHERE t.id = found.id",
        [source, BATCH],
    )


def _link_only_won_opportunity(source: str) -> int:
    """Tie an invoice to the opportunity of its account, where the account has exactly one that was won."""
    return _execute(
        "UPDATE crm_invoice t SET opportunity_id = won.id FROM ("
        "SELECT account_id, min(id) AS id FROM crm_opportunity WHERE source = %s AND outcome = 'won' "
        "AND account_id IS NOT NULL GROUP BY account_id HAVING count(*) = 1) won "
        "WHERE t.source = %s AND t.account_id = won.account_id AND t.opportunity_id IS NULL",
        [source, source],
    )


def _tell_each_change_once(source: str) -> int:
    """Take out a stage change told by another table where the source's own history tells the same."""
    return _execute(
        "DELETE FROM crm_stagechange d USING crm_stagechange o WHERE d.source = %s AND d.told_by <> '' "
        "AND o.source = d.source AND o.told_by = '' AND o.opportunity_id = d.opportunity_id "
        "AND lower(o.stage) = lower(d.stage) AND o.entered_at >= d.entered_at - interval '1 minute' "
        "AND o.entered_at <= d.entered_at + interval '1 minute'",
        [source],
    )


RULES = {"link_only_won_opportunity": _link_only_won_opportunity, "tell_each_change_once": _tell_each_change_once}


def _know_users() -> int:
    """Tie owners to the users of Accord who have the same e-mail address."""
    return _execute(
        "UPDATE crm_owner t SET user_id = u.id FROM team_user u "
        "WHERE t.user_id IS NULL AND t.email <> '' AND lower(t.email) = lower(u.email)",
        [],
    )


def _execute(statement: str, values: list[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)
