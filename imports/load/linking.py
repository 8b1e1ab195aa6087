"""After the last file: resolve waiting links, and copy fields along links.

Each task is set-based, touches at most `BATCH` rows a time, and finds nothing to do the second time.
"""

from collections.abc import Callable
from functools import partial

from django.apps import apps
from django.db import connection, models

from core.database import update_statistics
from crm.models import Record
from crm.record_ids import LONG, SHORT, is_of_salesforce
from imports.load import duplicates, lookups, removals, reopenings
from imports.load.sql import quote_name, run_statement, table_of
from imports.load.stage_outcomes import update_ended_stages
from imports.load.stored_ids import EXTERNAL_ID, misfit_sql
from imports.mapping.catalogue import list_sources
from imports.mapping.schema import BackLink, ObjectMapping, column_of, model_of
from imports.models import CustomField, ImportFile, ImportJob
from imports.parsing.headers import fold

BATCH = 20_000
STAGED = {"opportunity", "stage_change"}
Task = Callable[[], int]  # rows it changed


def finishing_tasks(run: ImportJob) -> list[Task]:
    """Return what is to be done for the sources of an import and the kinds of records that it made, in order."""
    files = list(run.files.filter(state=ImportFile.State.DONE))
    made = {kind for file in files for kind, counts in file.counts.items() if counts["created"]}
    tasks: list[Task] = [_update_large_statistics, partial(removals.apply_removals, run)]
    known_sources, waiting = list_sources(), _waiting_links()
    for source in sorted({file.source for file in files} & known_sources.keys()):
        tasks.append(partial(removals.wait_for_masters, source))
        tasks += [partial(_resolve_links, source, *link) for link in waiting if link[2] != lookups.ANY]
        if is_of_salesforce(source):
            others = [(model, link) for model, link, by in waiting if by == EXTERNAL_ID]
            tasks += [partial(_resolve_links_by_first_characters, source, *link) for link in others]
        mappings = known_sources[source].mappings
        tasks += [partial(_set_back_links, source, m.object, link) for m in mappings for link in m.back_links]
        tasks += [partial(_copy_field, source, m, *copy) for m in mappings for copy in m.copies]
        tasks += [partial(RULES[rule], source) for m in mappings for rule in m.rules]
    tasks += lookups.link_tasks(waiting)
    if made_or_changed(files, STAGED):
        tasks.append(partial(reopenings.record_reopenings, run))
        tasks += [
            partial(update_ended_stages, source, BATCH) for source in sorted({file.source for file in files} - {""})
        ]
    return [*tasks, _link_owners_to_users, partial(duplicates.list_kept_duplicates, run, made)]


def made_or_changed(files: list[ImportFile], kinds: set[str]) -> bool:
    """Tell whether any of the files made or changed records of these kinds."""
    counts = [file.counts[kind] for file in files for kind in kinds & file.counts.keys()]
    return any(numbers["created"] or numbers["updated"] for numbers in counts)


def record_models() -> tuple[type[Record], ...]:
    return tuple(model for model in apps.get_app_config("crm").get_models() if issubclass(model, Record))


def related_model(model: type[models.Model], link: str) -> type[models.Model]:
    model_behind = model._meta.get_field(link).related_model
    assert isinstance(model_behind, type)
    return model_behind


def _waiting_links() -> list[tuple[type[Record], str, str]]:
    """Return (model, link, key) for every kind of pending link there is just now."""
    links: list[tuple[type[Record], str, str]] = []
    for model in record_models():
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT DISTINCT link.key, by.key FROM {table_of(model)} t, jsonb_each(t.pending) link, "
                "jsonb_each(link.value) by WHERE NOT (t.pending = '{}'::jsonb)"
            )
            waiting = sorted(cursor.fetchall())
        links += [(model, name, by) for name, by in waiting]
    return links


def _update_large_statistics() -> int:
    """Have the planner look at the tables that are not small."""
    tables = {model._meta.db_table: model for model in record_models()}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relname = ANY(%s) AND pg_relation_size(oid) > 65536",
            [list(tables)],
        )
        # small tables are planned well enough without; 65536 bytes are eight pages
        large = [table for (table,) in cursor.fetchall()]
    for table in large:
        update_statistics(tables[table])
    return 0


def _resolve_links(source: str, model: type[Record], link: str, by: str) -> int:
    """Set a link of rows that named a record before it came."""
    table, target = table_of(model), quote_name(related_model(model, link)._meta.db_table)
    return run_statement(
        f"WITH found AS (SELECT DISTINCT ON (t.id) t.id, o.id AS other FROM {table} t JOIN {target} o "
        f"ON o.source = t.source AND o.{by} = t.pending #>> %s "
        "WHERE t.source = %s AND NOT (t.pending = '{}'::jsonb) ORDER BY t.id, o.id LIMIT %s) "
        f"UPDATE {table} t SET {quote_name(column_of(model, link))} = found.other, pending = t.pending - %s FROM found "
        "WHERE t.id = found.id",
        [[link, by], source, BATCH, link],
    )


def _resolve_links_by_first_characters(source: str, model: type[Record], link: str) -> int:
    """Set links that name a Salesforce record by another way of writing its id than the one it came with."""
    table, target = table_of(model), quote_name(related_model(model, link)._meta.db_table)
    return run_statement(
        f"WITH found AS (SELECT DISTINCT ON (t.id) t.id, o.id AS other FROM {table} t "
        "CROSS JOIN LATERAL (SELECT t.pending #>> %s AS id) named "
        f"JOIN {target} o ON o.source = t.source AND length(o.external_id) IN ({SHORT}, {LONG}) "
        f"AND left(o.external_id, {SHORT}) = left(named.id, {SHORT}) "
        f"WHERE t.source = %s AND NOT (t.pending = '{{}}'::jsonb) AND length(named.id) IN ({SHORT}, {LONG}) "
        f"AND NOT ({misfit_sql('o.external_id')} AND {misfit_sql('named.id')}) "
        "ORDER BY t.id, o.id LIMIT %s) "
        f"UPDATE {table} t SET {quote_name(column_of(model, link))} = found.other, pending = t.pending - %s FROM found "
        "WHERE t.id = found.id",
        [[link, EXTERNAL_ID], source, BATCH, link],
    )


def _set_back_links(source: str, kind: str, link: BackLink) -> int:
    """Set a link that the other record's file carried in a column of its own."""
    names = {fold(name) for name in link.columns}
    keys = [key for key in CustomField.objects.filter(kind=kind).values_list("key", flat=True) if fold(key) in names]
    return sum(_set_back_links_by(source, kind, link, key) for key in sorted(keys))


def _set_back_links_by(source: str, kind: str, link: BackLink, key: str) -> int:
    table, other = quote_name(model_of(link.model)._meta.db_table), quote_name(model_of(kind)._meta.db_table)
    column = quote_name(column_of(model_of(link.model), link.name))
    named_id, same, values = "o.custom ->> %s", "t.external_id = w.word", [key, source, key, source]
    if link.by == "name":
        same = f"t.name = w.word AND NOT EXISTS (SELECT 1 FROM {table} x WHERE x.source = %s AND x.name = t.name AND x.id <> t.id)"
        values += [source]
    elif is_of_salesforce(source):
        written_otherwise = f"left(t.external_id, {SHORT}) = left(w.word, {SHORT})"
        same = f"{written_otherwise} AND (t.external_id = w.word OR NOT ({misfit_sql('t.external_id')} AND {misfit_sql('w.word')}))"
    return run_statement(
        f"UPDATE {table} t SET {column} = w.id FROM (SELECT DISTINCT ON (2) o.id, {named_id} AS word FROM {other} o "
        f"WHERE o.source = %s AND o.custom ? %s ORDER BY 2, o.id) w "
        f"WHERE t.source = %s AND {same} AND t.{column} IS NULL",
        values,
    )


def _copy_field(source: str, mapping: ObjectMapping, name: str, link: str, origin: str) -> int:
    """Give a record what the record behind its link says."""
    model = model_of(mapping.object)
    other = related_model(model, link)
    column, value = quote_name(column_of(model, name)), f"o.{quote_name(column_of(other, origin))}"
    table, target = table_of(model), quote_name(other._meta.db_table)
    return run_statement(
        f"WITH found AS (SELECT t.id, {value} AS value FROM {table} t JOIN {target} o ON o.id = t.{quote_name(column_of(model, link))} "
        f"WHERE t.source = %s AND t.{column} IS DISTINCT FROM {value} LIMIT %s) "
        f"UPDATE {table} t SET {column} = found.value FROM found WHERE t.id = found.id",
        [source, BATCH],
    )


def _link_only_won_opportunity(source: str) -> int:
    """Tie an invoice to the opportunity of its account, where the account has exactly one that was won."""
    return run_statement(
        "UPDATE crm_invoice t SET opportunity_id = won.id FROM ("
        "SELECT account_id, min(id) AS id FROM crm_opportunity WHERE source = %s AND outcome = 'won' "
        "AND account_id IS NOT NULL GROUP BY account_id HAVING count(*) = 1) won "
        "WHERE t.source = %s AND t.account_id = won.account_id AND t.opportunity_id IS NULL",
        [source, source],
    )


def _delete_repeated_changes(source: str) -> int:
    """Delete a stage change that another table implied where the source's own history has the same one."""
    return run_statement(
        "DELETE FROM crm_stagechange d USING crm_stagechange o WHERE d.source = %s AND d.told_by <> '' "
        "AND o.source = d.source AND o.told_by = '' AND o.opportunity_id = d.opportunity_id "
        "AND lower(o.stage) = lower(d.stage) AND o.entered_at >= d.entered_at - interval '1 minute' "
        "AND o.entered_at <= d.entered_at + interval '1 minute'",
        [source],
    )


RULES = {"link_only_won_opportunity": _link_only_won_opportunity, "tell_each_change_once": _delete_repeated_changes}


def _link_owners_to_users() -> int:
    """Tie owners to the users of Accord who have the same e-mail address."""
    return run_statement(
        "UPDATE crm_owner t SET user_id = u.id FROM team_user u "
        "WHERE t.user_id IS NULL AND t.email <> '' AND lower(t.email) = lower(u.email)",
        [],
    )
