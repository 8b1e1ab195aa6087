"""Score every lead: one question for each portion, its answer copied to Postgres as far as something changed.

A run is a row that says how far it came; each portion commits its scores together with that. Whom nothing happened to
is not asked, so a night without news writes nothing, however much the scores have faded.
"""

import hashlib
import time
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection, transaction
from django.utils import timezone

from crm.subjects import Described
from facts.engine import Facts, open_facts
from facts.portions import Portion, are_many, following, spared, without
from facts.refresh import Progress
from facts.set_aside import forget_deleted, work_through
from scoring.changes import changed, is_some_gone, known_events, names_changed
from scoring.compiling import Asked, states, wanted
from scoring.definitions import in_force, signed_since
from scoring.models import Score, ScoringRun
from scoring.terms import COUNTED, EVERYBODY, Model
from scoring.writing import LOCK, fresh, remove, standing, write

TABLE = "crm_lead"
STEP = "score"


def score_all(progress: Progress | None = None, *, seconds: float = 1e9, moment: datetime | None = None) -> int | None:
    """Bring the scores up to date with the newest facts; return how many were written by this run.

    None when time ran out first: call it again, and it goes on with the next portion.
    """
    facts = open_facts()
    models = in_force()
    if facts.snapshot is None or (not models and not Score.objects.exists()):
        return 0
    run = _begun(facts, models, moment or timezone.now())
    until = time.monotonic() + seconds
    named = changed(run.since, run.moment) if run.since else None
    forget_deleted(STEP, TABLE)
    while portion := following(TABLE, named, run.reached):
        if time.monotonic() > until:
            return None
        do = partial(_do, run, facts, models, progress)
        work_through(portion, do, run=run, step=STEP, table=TABLE)
    run.finished_at = timezone.now()
    run.save(update_fields=["finished_at"])
    return run.written


def _begun(facts: Facts, models: Sequence[Model], moment: datetime) -> ScoringRun:
    """Return the run that was begun on these facts with these models, else a new one."""
    assert facts.snapshot
    digest = hashlib.sha256(repr(models).encode()).hexdigest()
    last = ScoringRun.objects.first()
    if last and last.finished_at is None and (last.snapshot, last.digest) == (facts.snapshot.pk, digest):
        return last
    horizon = facts.snapshot.horizon
    since = _since(facts, models, digest, horizon, moment)
    with transaction.atomic(), connection.cursor() as cursor:
        ended = _end_others(cursor, models, moment) if _others_may_stand(since) else 0
        return ScoringRun.objects.create(
            moment=moment, snapshot=facts.snapshot.pk, since=since, horizon=horizon, digest=digest,
            known=known_events(facts), written=ended,
        )  # fmt: skip


def _since(facts: Facts, models: Sequence[Model], digest: str, horizon: str, moment: datetime) -> str:
    """Return the horizon since which changes count; empty when everybody must be asked."""
    done = ScoringRun.objects.filter(finished_at__isnull=False).first()
    if done is None or done.digest != digest or int(horizon) < int(done.horizon):
        return ""
    if names_changed(models, done.horizon) or is_some_gone(facts, done.known):
        return ""
    return "" if are_many(changed(done.horizon, moment), TABLE) else done.horizon


def _others_may_stand(since: str) -> bool:
    """Whether a model that is in force no more can have left scores: the last run of these models ended all others."""
    done = ScoringRun.objects.filter(finished_at__isnull=False).first()
    return not since or done is None or signed_since(done.moment)


def _end_others(cursor: Any, models: Sequence[Model], moment: datetime) -> int:
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    return remove(cursor, moment, "s.model <> ALL(%s)", [[model.key for model in models]])


def _do(
    run: ScoringRun,
    facts: Facts,
    models: Sequence[Model],
    progress: Progress | None,
    portion: Portion,
    left_out: np.ndarray,
) -> bool:
    """Score a portion; False when it came to nothing, because leads were deleted meanwhile."""
    assert facts.snapshot
    with spared(run, TABLE, facts.snapshot) as gone:
        _write(run, facts, models, portion, np.union1d(gone, left_out))
        if progress:
            progress(run.asked, max(run.asked, 1), "leads scored")
        return True
    return False


def _write(run: ScoringRun, facts: Facts, models: Sequence[Model], portion: Portion, left_out: np.ndarray) -> None:
    """Score a portion, write what changed, and record how far the run came, all in one transaction."""
    begun = time.monotonic()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        asked_of = _asked(facts, portion, left_out, run.moment)
        for model in models:
            run.written += _score(cursor, facts, model, asked_of, portion, left_out)
        run.reached = max(portion.last, run.reached)
        run.asked += portion.count(cursor, TABLE)
        run.seconds = round(run.seconds + time.monotonic() - begun, 3)
        run.save()


def _asked(facts: Facts, portion: Portion, left_out: np.ndarray, moment: datetime) -> Asked:
    def narrow(name: str, rows: Any) -> Any:
        return without(portion.only(rows, "lead_id"), "lead_id", left_out) if name in COUNTED else rows

    leads = without(portion.only(facts.table("leads"), "id"), "id", left_out)
    return Asked(Described(facts, "leads", narrow), leads, moment)


def _score(cursor: Any, facts: Facts, model: Model, asked: Asked, portion: Portion, left_out: np.ndarray) -> int:
    stands = _others(standing(cursor, model, portion), left_out)
    known_at = facts.as_of
    assert known_at is not None
    found = states(model, asked)
    rows = facts.stream(fresh(model, found, stands, known_at))
    written = write(cursor, model, rows, asked.now, is_empty=not stands.num_rows)
    if stands.num_rows and model.leads != EVERYBODY:
        written += end_strangers(cursor, facts, model, asked, stands)
    return written


def _others(stands: pa.Table, left_out: np.ndarray) -> pa.Table:
    """Leave out the scores of leads that are not asked about: they stand as they are."""
    if not left_out.size:
        return stands
    return stands.filter(pc.invert(pc.is_in(stands["stands_for"], value_set=pa.array(left_out, pa.int64()))))


def end_strangers(cursor: Any, facts: Any, model: Model, asked: Asked, stands: pa.Table) -> int:
    """End the scores of leads that the model was made for no longer."""
    only_who = Model(model.key, model.threshold, leads=model.leads, profile=model.profile)
    meant = states(only_who, Asked(asked.tables, asked.rows.select(*wanted(only_who, asked.rows.columns)), asked.now))
    old = ibis.memtable(stands)
    gone = facts.execute(old.anti_join(meant, old.stands_for == meant.lead_id).select("stands_for"))
    ids = [int(found) for found in gone["stands_for"]]
    return remove(cursor, asked.now, "s.model = %s AND s.lead_id = ANY(%s)", [model.key, ids]) if ids else 0
