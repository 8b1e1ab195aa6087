"""New rows that seem to be there already: the same e-mail, the same domain, a near-same company name.

A row is new while no record has its source and id. `staged_pairs` looks at a block that is staged, before anything of it
is written; `list_kept_duplicates` looks at what an import made, when all of it is in. Both work set by set in the database; only
names of companies that begin alike are compared in Python (`imports.load.company_names`).

`ImportJob.duplicates` holds the choice for each kind of likeness. “keep” imports both and lists the pair; “skip”
leaves the new row out, counts it and lists it with its line. A row left out stays out as often as its file comes,
as long as the record it repeats is there.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection

from crm.registry import find_kind
from imports.load.company_names import ORDERS, Name, Order, first_letters, similar_names
from imports.load.restated_spend import may_restate, restated_lines
from imports.load.sql import quote_name
from imports.mapping.plan import Plan
from imports.mapping.schema import model_of
from imports.models import Duplicate, ImportFile, ImportJob, Likeness, Treatment

if TYPE_CHECKING:
    from imports.load.checks import Staged

BY_COLUMN = (Likeness.EMAIL, Likeness.DOMAIN)
# People who share such a domain need not be of one company.
PUBLIC_MAIL_DOMAINS = ("gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com", "icloud.com", "gmx.de",
            "gmx.net", "web.de", "t-online.de", "aol.com", "mail.ru", "yandex.ru", "qq.com", "163.com")  # fmt: skip
CERTAINTY = {Likeness.EMAIL: 95, Likeness.DOMAIN: 95}  # 100 where the names agree too
RESTATES = 50  # how sure, in percent: it may as well be a further cost of the day
EARLIER_ROW = "a row further up"  # of which a preview knows no more
EXAMPLES = 20
PAIRS = 2000  # written at a time


@dataclass(frozen=True)
class Pair:
    """A new row, the record (or the row before it) that it seems to repeat, why, and how sure that is, in percent."""

    why: str
    sure: int
    external_id: str
    name: str
    other_source: str
    other_external_id: str
    other_name: str


@dataclass(frozen=True)
class DuplicateMatches:
    """How many new rows repeat others, by why, and the first of them."""

    counts: dict[str, int]
    examples: list[Pair]

    @classmethod
    def from_pairs(cls, pairs: Iterable[Pair]) -> "DuplicateMatches":
        all_pairs = list(pairs)
        counts = {why: sum(pair.why == why for pair in all_pairs) for why in Likeness.values}
        return cls({why: number for why, number in counts.items() if number}, all_pairs[:EXAMPLES])


def complete_treatments(chosen: Mapping[str, str]) -> dict[str, str]:
    """Return what to do by kind of likeness; without a choice, new rows are kept."""
    return {why: Treatment(chosen.get(why, Treatment.KEEP)).value for why in Likeness.values}


def comparable_by(plan: Plan) -> list[str]:
    """Return by what the rows of this plan can be compared with others."""
    columns = {planned.column for planned in plan.fields} | ({Likeness.SPEND.value} if may_restate(plan) else set())
    return [why for why in find_kind(plan.mapping.object).alike_by if why in columns]


def left_out_by(plan: Plan, chosen: Mapping[str, str]) -> list[str]:
    """Return by which kinds of likeness new rows of this plan are left out."""
    chosen_by_why = complete_treatments(chosen)
    return [why for why in comparable_by(plan) if chosen_by_why[why] == Treatment.SKIP]


def find_duplicates(cursor: Any, plan: Plan, stage: str, preview_id: int | None = None) -> DuplicateMatches:
    """Say for a preview how many new rows of a staging table repeat others; no record is written.

    A preview has what it saw in blocks before compared too: e-mails and domains, by what `note_seen_words` keeps of them.
    """
    return DuplicateMatches.from_pairs(staged_pairs(cursor, plan, stage, comparable_by(plan), preview_id))


def note_seen_words(cursor: Any, plan: Plan, stage: str, preview_id: int) -> None:
    """Keep for the blocks to come which e-mails and domains a preview has seen."""
    for column in comparable_by(plan):
        if column in BY_COLUMN:
            cursor.execute(
                "INSERT INTO imports_seenkey (preview_id, kind, key, content) SELECT DISTINCT ON (2, 3) %s::bigint, %s, "
                f"hashtextextended(s.{column}, 0), hashtextextended(s.external_id, 0) FROM {stage} s "
                f"WHERE s.{column} <> '' AND s.{column} <> ALL(%s) ON CONFLICT DO NOTHING",
                [preview_id, _seen_kind(plan, column), list(PUBLIC_MAIL_DOMAINS)],
            )


def _seen_kind(plan: Plan, column: str) -> str:
    return f"{plan.mapping.object}/{column}"


def staged_pairs(
    cursor: Any, plan: Plan, stage: str, whys: Iterable[str], preview_id: int | None = None, run_id: int | None = None
) -> list[Pair]:
    """Return one pair for each new row of a staging table that repeats a record, or an earlier row of the file."""
    pairs_by_id: dict[str, Pair] = {}
    for why in whys:
        match why:
            case Likeness.NAME:
                pairs = _staged_pairs_by_name(cursor, plan, stage, set(pairs_by_id))
            case Likeness.SPEND:
                pairs = staged_spend_pairs(cursor, plan, stage, run_id)
            case _:
                pairs = _staged_pairs_by_column(cursor, plan, stage, why, preview_id)
        for pair in pairs:
            pairs_by_id.setdefault(pair.external_id, pair)
    return list(pairs_by_id.values())


def staged_spend_pairs(cursor: Any, plan: Plan, stage: str, run_id: int | None) -> Iterator[Pair]:
    """Yield a pair for each new line of spend whose day and campaign an earlier import already wrote."""
    if may_restate(plan):
        for external_id, name, other_id, other in restated_lines(cursor, plan, stage, run_id):
            yield Pair(Likeness.SPEND.value, RESTATES, external_id, name, plan.source.name, other_id, other)


def remove_left_out(
    cursor: Any,
    plan: Plan,
    stage: str,
    chosen: Mapping[str, str],
    preview_id: int | None = None,
    run_id: int | None = None,
) -> list[Pair]:
    """Delete from a staging table the new rows that shall be left out, and return them."""
    whys = left_out_by(plan, chosen)
    pairs = staged_pairs(cursor, plan, stage, whys, preview_id, run_id) if whys else []
    if pairs:
        cursor.execute(f"DELETE FROM {stage} WHERE external_id = ANY(%s)", [[pair.external_id for pair in pairs]])
    return pairs


def _staged_pairs_by_column(cursor: Any, plan: Plan, stage: str, column: str, preview_id: int | None) -> Iterator[Pair]:
    """Compare a column: the first that has the word, there or in the file, stays; rows behind it are its repeats."""
    table, source = quote_name(plan.table), plan.source.name
    names = "coalesce(s.name, '')" if any(planned.column == "name" for planned in plan.fields) else "''"
    cursor.execute(
        f"WITH fresh AS (SELECT s.ctid AS place, s.external_id, s.{column} AS word, {names} AS name FROM {stage} s "
        f"LEFT JOIN {table} t ON t.source = %s AND t.external_id = s.external_id "
        f"WHERE t.id IS NULL AND s.{column} <> '' AND s.{column} <> ALL(%s)), "
        f"there AS (SELECT DISTINCT ON (x.{column}) x.{column} AS word, x.source, x.external_id, x.name FROM {table} x "
        f"WHERE x.{column} IN (SELECT word FROM fresh) ORDER BY x.{column}, x.id), "
        f"before AS (SELECT DISTINCT ON (s.{column}) s.{column} AS word, s.ctid AS place, s.external_id, {names} AS name "
        f"FROM {stage} s WHERE s.{column} <> '' ORDER BY s.{column}, s.ctid) "
        "SELECT f.external_id, f.name, coalesce(t.source, %s), coalesce(t.external_id, b.external_id, ''), "
        "CASE WHEN t.word IS NOT NULL THEN t.name WHEN b.word IS NOT NULL THEN b.name ELSE %s END "
        "FROM fresh f LEFT JOIN there t ON t.word = f.word LEFT JOIN before b ON b.word = f.word AND b.place < f.place "
        "LEFT JOIN imports_seenkey k ON k.preview_id = %s AND k.kind = %s AND k.key = hashtextextended(f.word, 0) "
        "AND k.content <> hashtextextended(f.external_id, 0) "
        "WHERE t.word IS NOT NULL OR b.word IS NOT NULL OR k.key IS NOT NULL ORDER BY f.place",
        [source, list(PUBLIC_MAIL_DOMAINS), source, EARLIER_ROW, preview_id, _seen_kind(plan, column)],
    )
    for external_id, name, other_source, other_id, other in cursor.fetchall():
        sure = 100 if name.casefold() == other.casefold() else CERTAINTY[Likeness(column)]
        yield Pair(column, sure, external_id, name, other_source, other_id, other)


def _staged_pairs_by_name(cursor: Any, plan: Plan, stage: str, left_out: set[str]) -> Iterator[Pair]:
    """Compare names, in the order of the file: a row that is left out itself is no reason to leave out another."""
    left_out_before = _left_out_before(cursor, plan, stage)
    best = _nearest_names(
        pair_with_certainty
        for order in ORDERS
        for pair_with_certainty in similar_names(_staged_names(cursor, plan, stage, order), order)
    )
    for external_id in sorted(left_out_before.keys() - best.keys()):
        yield left_out_before[external_id]
    for name, others in sorted(best.values(), key=lambda item: item[0].position):
        other = next(
            (
                pair_with_certainty
                for pair_with_certainty in others
                if not (pair_with_certainty[0].is_new and pair_with_certainty[0].external_id in left_out)
            ),
            None,
        )
        if other:
            left_out.add(name.external_id)
            yield _name_pair(name, *other)


def _staged_names(cursor: Any, plan: Plan, stage: str, order: Order) -> list[Name]:
    """Return the new names of a block in an order, and those that are there and begin alike in it."""
    table, source = quote_name(plan.table), plan.source.name
    cursor.execute(
        f"SELECT {first_letters('s.name', order)}, true, row_number() OVER (ORDER BY s.ctid), %s, s.external_id, s.name "
        f"FROM {stage} s LEFT JOIN {table} t ON t.source = %s AND t.external_id = s.external_id "
        "WHERE t.id IS NULL AND s.name <> ''",
        [source, source],
    )
    fresh = [Name(*row) for row in cursor.fetchall()]
    if fresh:
        cursor.execute(_beginning_alike(table, order, "false"), [sorted({name.key for name in fresh})])
        fresh += [Name(*row) for row in cursor.fetchall()]
    return sorted(fresh, key=lambda name: name.key)


def _beginning_alike(table: str, order: Order, is_fresh: str) -> str:
    """Return SQL for the names of a table that begin in one of several ways, in an order."""
    return (
        f"SELECT k.* FROM (SELECT {first_letters('x.name', order)} AS key, {is_fresh}, x.id, x.source, x.external_id, x.name "
        f"FROM {table} x WHERE x.name <> '' OFFSET 0) k WHERE k.key = ANY(%s) ORDER BY 1"
    )


def _nearest_names(pairs_found: Iterable[tuple[Name, Name, int]]) -> dict[str, tuple[Name, list[tuple[Name, int]]]]:
    """Return for each new name those before it that it is near to, the nearest first."""
    pairs: dict[str, tuple[Name, list[tuple[Name, int]]]] = {}
    for name, other, sure in pairs_found:
        pairs.setdefault(name.external_id, (name, []))[1].append((other, sure))
    for _, others in pairs.values():
        others.sort(key=lambda item: (-item[1], item[0].is_new, item[0].position))
    return pairs


def _name_pair(name: Name, other: Name, sure: int) -> Pair:
    return Pair(Likeness.NAME.value, sure, name.external_id, name.text, other.source, other.external_id, other.text)


def _left_out_before(cursor: Any, plan: Plan, stage: str) -> dict[str, Pair]:
    """Return the new rows that an earlier import left out by their name, where the other record is still there.

    Newer names may be between two neighbours in the sort order; a row that was left out once stays out all the same.
    """
    table = quote_name(plan.table)
    cursor.execute(
        f"SELECT DISTINCT ON (s.external_id) d.why, d.sure, s.external_id, d.name, o.source, o.external_id, o.name "
        f"FROM {stage} s JOIN imports_duplicate d ON d.done = 'skip' AND d.kind = %s AND d.source = %s AND d.why = 'name' "
        f"AND d.external_id = s.external_id AND d.name = s.name JOIN {table} o ON o.source = d.other_source "
        f"AND o.external_id = d.other_external_id AND o.name = d.other_name LEFT JOIN {table} t ON t.source = d.source "
        "AND t.external_id = s.external_id WHERE t.id IS NULL ORDER BY s.external_id, d.id DESC",
        [plan.mapping.object, plan.source.name],
    )
    return {row[2]: Pair(*row) for row in cursor.fetchall()}


# after the last row of an import


def list_kept_duplicates(run: ImportJob, kinds: Iterable[str]) -> int:
    """List the pairs in which a record that the import made repeats one that was there before it; safe to do again."""
    # a resumed import lists its pairs again
    Duplicate.objects.filter(run=run, done=Treatment.KEEP).delete()
    chosen = complete_treatments(run.duplicates)
    for kind in sorted(kinds):
        for why in map(Likeness, find_kind(kind).alike_by):
            if chosen[why] == Treatment.KEEP and why != Likeness.SPEND:
                _list_similar_names(run, kind) if why == Likeness.NAME else _list_same_column(run, kind, why)
    return 0


def _list_same_column(run: ImportJob, kind: str, why: Likeness) -> None:
    """Set each record that the import made beside the oldest one with the same word."""
    table, column = quote_name(model_of(kind)._meta.db_table), quote_name(why.value)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '96MB'")  # a million words in one go
        cursor.execute(
            f"INSERT INTO imports_duplicate (run_id, kind, why, sure, done, source, external_id, name, other_source, "
            "other_external_id, other_name) SELECT %s, %s, %s, CASE WHEN lower(n.name) = lower(o.name) THEN 100 ELSE %s END, "
            "'keep', n.source, n.external_id, n.name, o.source, o.external_id, o.name FROM "
            f"(SELECT {column} AS word, min(id) AS first FROM {table} WHERE {column} <> '' AND {column} <> ALL(%s) "
            f"GROUP BY {column} HAVING count(*) > 1) shared JOIN {table} n ON n.{column} = shared.word "
            f"AND n.id <> shared.first AND n.first_import_id = %s JOIN {table} o ON o.id = shared.first ORDER BY n.id",
            [run.pk, kind, why.value, CERTAINTY[why], list(PUBLIC_MAIL_DOMAINS), run.pk],
        )


def _list_similar_names(run: ImportJob, kind: str) -> None:
    listed = set(Duplicate.objects.filter(run=run, kind=kind).values_list("source", "external_id"))
    best: dict[tuple[str, str], Duplicate] = {}
    for order in ORDERS:
        for name, other, sure in similar_names(_imported_names(run, kind, order), order):
            if name.row not in listed and (name.row not in best or best[name.row].sure < sure):
                best[name.row] = _duplicate_row(run, kind, name.source, _name_pair(name, other, sure))
    Duplicate.objects.bulk_create(best.values(), batch_size=PAIRS)


def _imported_names(run: ImportJob, kind: str, order: Order) -> Iterator[Name]:
    """Yield the names that an import made, in an order, and those that were there before and begin alike in it."""
    table = quote_name(model_of(kind)._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT {first_letters('n.name', order)} FROM {table} n WHERE n.first_import_id = %s", [run.pk]
        )
        keys = [key for (key,) in cursor.fetchall()]
    if not keys:
        return
    with connection.chunked_cursor() as cursor:
        query = _beginning_alike(table, order, "x.first_import_id IS NOT DISTINCT FROM %s")
        cursor.execute(query, [run.pk, keys])
        while rows := cursor.fetchmany(PAIRS):
            yield from (Name(*row) for row in rows)


def list_left_out(run: ImportJob, file: ImportFile, staged: "Staged", pairs: Iterable[Pair]) -> None:
    """Note the rows of a block that were left out, each with its line."""
    pairs = list(pairs)
    here = staged.keys.isin({pair.external_id for pair in pairs}).to_numpy()
    lines = dict(zip(staged.keys[here], staged.lines[here], strict=True))
    rows = [_duplicate_row(run, staged.plan.mapping.object, staged.plan.source.name, pair) for pair in pairs]
    for row in rows:
        row.file, row.line, row.done = file, int(lines[row.external_id]), Treatment.SKIP
    Duplicate.objects.bulk_create(rows, batch_size=PAIRS)


def _duplicate_row(run: ImportJob, kind: str, source: str, pair: Pair) -> Duplicate:
    return Duplicate(
        run=run, kind=kind, why=pair.why, sure=pair.sure, source=source, external_id=pair.external_id, name=pair.name[:255],
        other_source=pair.other_source, other_external_id=pair.other_external_id, other_name=pair.other_name[:255],
    )  # fmt: skip
