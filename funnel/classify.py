"""Write the moves that follow from the facts: one question for each portion of buyers, its answer copied to Postgres.

A run is a row that says how far it came; each portion commits its moves together with that. What a portion has
written is read back from Postgres before the next question, so a run that was killed and run again writes nothing twice.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import cache, partial
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
from django.db import connection, transaction
from django.utils import timezone

from core.database import update_statistics
from crm.models import Lead, StageMapping
from crm.one import FewBuyers
from crm.subjects import Described
from facts.copying import copy_in, rows_of
from facts.engine import Facts, open_facts
from facts.portions import Portion, are_many, following, spared, without
from facts.refresh import Progress
from facts.rules import leaves
from facts.set_aside import forget_deleted, work_through
from funnel.changes import changed, names_changed
from funnel.dated import Asked
from funnel.definitions import in_force
from funnel.figures import meanings_of, with_figures
from funnel.models import Classification, Move
from funnel.sorting import new_moves
from funnel.stages import Funnel
from scoring.definitions import scores_may_rise
from team.models import Company

SUBJECTS = {"leads": ("lead", "crm_lead"), "accounts": ("account", "crm_account")}
EVENTS = {"touches", "activities", "usage_events", "opportunities", "stage_changes"}
STANDING = pa.schema(
    [("buyer", pa.int64()), ("stage", pa.string()), ("entered_at", pa.timestamp("us", "UTC")), ("by", pa.string())]
)
ALWAYS = {
    "id", "source_system", "created_at", "first_contact_on", "status", "lifecycle_stage", "is_converted", "converted_on",
}  # fmt: skip
Ids = Callable[[str, str], np.ndarray]
NOBODY = np.array([], dtype=np.int64)
STEP = "classify"
MANY_ROWS = 1000
LOCK = 7_022_028  # the advisory lock under which one run at a time writes moves


def classify(progress: Progress | None = None, *, seconds: float = 1e9, moment: datetime | None = None) -> int | None:
    """Bring the moves up to date with the newest facts; return how many were written by this run.

    None when time ran out first: call it again, and it goes on with the next portion.
    """
    facts = open_facts()
    if facts.snapshot is None:
        return 0
    funnel = in_force()
    ids = cache(changed)  # asked once for each subject, though two questions need it
    run = _begun(facts, funnel, moment or timezone.now(), ids)
    until = time.monotonic() + seconds
    meanings = meanings_of(facts)
    named = {subject: ids(subject, run.since) for subject in SUBJECTS} if run.since else {}
    for subject in SUBJECTS:
        forget_deleted(STEP, SUBJECTS[subject][1])
        for portion in _left(run, subject, named.get(subject)):
            if time.monotonic() > until:
                return None
            do = partial(_do, run, facts, funnel, subject, meanings, progress)
            work_through(portion, do, run=run, step=STEP, table=SUBJECTS[subject][1])
    run.finished_at = timezone.now()
    run.save(update_fields=["finished_at"])
    return run.written


def _begun(facts: Facts, funnel: Funnel, moment: datetime, ids: Ids) -> Classification:
    """Return the run that was begun on these facts with these definitions, else a new one."""
    assert facts.snapshot
    digest = _digest(funnel)
    last = Classification.objects.first()
    if last and last.finished_at is None and (last.snapshot, last.digest) == (facts.snapshot.pk, digest):
        return last
    done = Classification.objects.filter(finished_at__isnull=False).first()
    day = timezone.localtime(moment, Company.get().zone).date()
    horizon = facts.snapshot.horizon
    since = _since(done, funnel, digest, day, horizon, ids)
    return Classification.objects.create(
        moment=moment, snapshot=facts.snapshot.pk, since=since, horizon=horizon, digest=digest, local_day=day
    )


def _since(done: Classification | None, funnel: Funnel, digest: str, day: Any, horizon: str, ids: Ids) -> str:
    """Return the horizon since which changes count; empty when everybody must be asked."""
    if done is None or done.digest != digest or int(horizon) < int(done.horizon):
        return ""
    if done.local_day != day and (funnel.hangs_on_time or scores_may_rise()):
        return ""
    if names_changed(funnel, done.horizon):
        return ""
    return "" if are_many(ids("leads", done.horizon), "crm_lead") else done.horizon


def classify_few(leads: Sequence[Lead], moment: datetime | None = None) -> int:
    """Let a few leads enter what they fulfil, from their rows of the moment: the same question that a run asks of all."""
    ids = np.array(sorted(lead.pk for lead in leads), dtype=np.int64)
    funnel, few, portion = in_force(), FewBuyers(leads), Portion(int(ids[0]), int(ids[-1]), ids)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        standing = _standing(cursor, "lead", portion)
        now, means = moment or timezone.now(), meanings_of(few)
        question = _question(few, funnel, "leads", portion, few.table("leads"), means, now, standing)
        return _copy(cursor, "lead", funnel, few.stream(question))


def _digest(funnel: Funnel) -> str:
    mappings = StageMapping.objects.order_by("pk").values_list("source", "track", "pipeline", "stage", "ours")
    return hashlib.sha256(f"{funnel.digest} {list(mappings)}".encode()).hexdigest()


def _left(run: Classification, subject: str, ids: np.ndarray | None) -> Iterator[Portion]:
    """Yield the portions that are not done yet, each after the one before was recorded."""
    name, table = SUBJECTS[subject]
    while portion := following(table, ids, int(run.reached.get(name, 0))):
        yield portion


def _do(
    run: Classification,
    facts: Facts,
    funnel: Funnel,
    subject: str,
    meanings: pa.Table,
    progress: Progress | None,
    portion: Portion,
    left_out: np.ndarray,
) -> bool:
    """Ask about a portion and write what is new; False when it came to nothing, because buyers were deleted meanwhile."""
    assert facts.snapshot
    with spared(run, SUBJECTS[subject][1], facts.snapshot) as gone:
        _write(run, facts, funnel, subject, meanings, portion, np.union1d(gone, left_out))
        if progress:
            progress(run.asked, max(run.asked, 1), "buyers asked")
        return True
    return False


def _write(
    run: Classification,
    facts: Facts,
    funnel: Funnel,
    subject: str,
    meanings: pa.Table,
    portion: Portion,
    left_out: np.ndarray,
) -> None:
    """Ask, write what is new, and record how far the run came, all in one transaction."""
    name, table = SUBJECTS[subject]
    begun = time.monotonic()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        buyers = without(portion.only(facts.table(subject), "id"), "id", left_out)
        standing = _standing(cursor, name, portion)
        question = _question(facts, funnel, subject, portion, buyers, meanings, run.moment, standing, left_out)
        written = _copy(cursor, name, funnel, facts.stream(question))
        if written >= MANY_ROWS:
            update_statistics(Move)
        run.written += written
        run.reached = {**run.reached, name: max(portion.last, int(run.reached.get(name, 0)))}
        run.asked += portion.count(cursor, table)
        run.seconds = round(run.seconds + time.monotonic() - begun, 3)
        run.save()


def _question(
    facts: Facts | FewBuyers,
    funnel: Funnel,
    subject: str,
    portion: Portion,
    buyers: Any,
    meanings: pa.Table,
    now: datetime,
    standing: pa.Table,
    left_out: np.ndarray = NOBODY,
) -> Any:
    key = f"{SUBJECTS[subject][0]}_id"

    def narrow(name: str, rows: Any) -> Any:
        return without(portion.only(rows, key), key, left_out) if name in EVENTS else rows

    tables = Described(facts, subject, narrow)
    means = ibis.memtable(meanings)
    rows = with_figures(facts, buyers.select(*_wanted(funnel, buyers.columns)), subject, means, now, funnel)
    asked = Asked(funnel, subject, tables, rows, means, now, facts.keep)
    found = new_moves(asked, ibis.memtable(standing))
    return found.order_by("buyer", "entered_at", "position")


def _wanted(funnel: Funnel, columns: tuple[str, ...]) -> list[str]:
    """The columns that the question can need: fewer make it quicker to put together."""
    paths = [leaf["field"] for stage in funnel for leaf in leaves(stage.rule) if "field" in leaf]
    heads = {
        path if "." not in path else "custom" if path.startswith("custom.") else f"{path.split('.')[0]}_id"
        for path in paths
    }
    return [name for name in columns if name in heads | ALWAYS]


def _standing(cursor: Any, name: str, portion: Portion) -> pa.Table:
    """Read the moves that these buyers have made already."""
    where, values = portion.sql
    return rows_of(
        cursor, f"SELECT {name}_id, stage, entered_at, by FROM funnel_move WHERE {name}_id {where}", values, STANDING
    )


def _copy(cursor: Any, name: str, funnel: Funnel, batches: Iterator[pa.RecordBatch]) -> int:
    versions = {stage.key: stage.version_id for stage in funnel}
    stages, numbers = pa.array(list(versions), pa.string()), pa.array(list(versions.values()), pa.int64())

    def signed(rows: pa.Table) -> pa.Table:
        """Put the version of the stage in the place of the move's position."""
        places = pa.compute.index_in(rows["stage"], value_set=stages).combine_chunks()
        return rows.drop_columns(["position"]).append_column("version", numbers.take(places))

    target = f"funnel_move ({name}_id, stage, from_stage, entered_at, by, evidence, is_dated, version_id)"
    return copy_in(cursor, target, batches, signed)
