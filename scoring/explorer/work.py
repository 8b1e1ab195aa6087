"""Who makes the arrays: the request itself where the company is small, else a row of work in the worker."""

from collections.abc import Mapping
from typing import Any

import ibis
from django.db import transaction

from agreements.models import Version
from core.tasks import enqueue
from core.work import State
from facts.engine import Facts, latest_snapshot, open_facts
from facts.models import Snapshot
from scoring.definitions import SCORE
from scoring.explorer.array_cache import folder_of, forget_older
from scoring.explorer.dataset import Dataset
from scoring.explorer.score_arrays import Explored, arrays_name, load_explored, make_explored, model_of_terms
from scoring.model_checks import find_faults
from scoring.models import Exploration
from scoring.terms import COUNTED, Model

SMALL = 400_000  # leads and events together that a request goes through within a second or two
STEPS = ("people", *COUNTED, "scores")


def request_arrays(facts: Facts, model: Model, terms: Mapping[str, Any]) -> Explored | Exploration:
    """Return the scores under the terms, or the work that is on its way to make them."""
    explored = load_explored(facts, model)
    if explored is not None:
        return explored
    if count_leads_and_events(facts) <= SMALL:
        return make_explored(Dataset(facts), model)
    assert facts.snapshot is not None
    return queue_exploration(facts.snapshot, terms)


def count_leads_and_events(facts: Facts) -> int:
    """How many leads and events there are."""
    counts = [facts.table(name).aggregate(n=ibis._.count()) for name in ("leads", *COUNTED)]
    return int(facts.execute(ibis.union(*counts))["n"].sum())


def queue_exploration(snapshot: Snapshot, terms: Mapping[str, Any]) -> Exploration:
    """Return the row that makes the arrays of these terms for a snapshot; what failed is tried again."""
    key = f"{folder_of(snapshot).name}.{arrays_name(model_of_terms(terms))}"
    row, is_new = Exploration.objects.get_or_create(key=key, defaults={"terms": dict(terms), "total_units": len(STEPS)})
    if row.state == State.FAILED or (row.state == State.DONE and not is_new):
        row.state, row.attempts, row.checkpoint, row.done_units = State.QUEUED, 0, {}, 0
        row.save()
        is_new = True
    if is_new:
        transaction.on_commit(lambda: enqueue(row), robust=True)
    return row


def load_older(snapshots: int, model: Model) -> Explored | None:
    """Return what an earlier snapshot keeps of the terms, to be shown with its date until the newest is ready."""
    for snapshot in Snapshot.objects.order_by("-taken_at", "-pk")[1 : 1 + snapshots]:
        explored = load_explored(open_facts(snapshot), model)
        if explored is not None:
            return explored
    return None


def queue_pages() -> int:
    """Queue what the pages of the active models and those waiting will ask of the newest facts; small ones ask themselves."""
    newest = latest_snapshot()
    if newest is None or count_leads_and_events(open_facts()) <= SMALL:
        return 0
    versions = Version.objects.filter(agreement__kind=SCORE, ended_at=None)
    rows = [queue_exploration(newest, version.terms) for version in versions if not find_faults(version.terms)]
    forget_older(newest)
    return len(rows)


def do_one_step(row: Exploration) -> bool:
    """Make the next part of the arrays; True when nothing is left."""
    is_last = _make_next(row)
    if not is_last:
        row.advance(row.checkpoint, row.done_units + 1)
    return is_last


def _make_next(row: Exploration) -> bool:
    facts, model = open_facts(), model_of_terms(row.terms)
    if facts.snapshot is None or load_explored(facts, model) is not None:
        return True
    step = STEPS[row.done_units]
    dataset = Dataset(facts, row.tell)
    if step == "people":
        dataset.people  # noqa: B018  makes it
    elif step == "scores":
        make_explored(dataset, model)
    elif any(rule.events == step for rule in model.engagement):
        dataset.events_of_kind(step)
    return step == STEPS[-1]
