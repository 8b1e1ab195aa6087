"""Where each lead and account stands by the signed ideal customer profile, as a table of the facts."""

import hashlib
from collections.abc import Iterator
from typing import Any

import ibis
import pyarrow as pa

from crm.rule_fields import LINKS, RuleTables
from facts import derived
from facts.compiling import RuleContext
from facts.engine import Facts, open_facts
from facts.models import Snapshot
from facts.refresh import Progress
from scoring.definitions import profile_in_force
from scoring.facts import ICP_PLACES
from scoring.icp.rules import Profile, add_icp_columns

INPUTS = ("leads", "accounts", "verticals", "territories")


def update_places(progress: Progress) -> int:
    """Place the buyers of the newest facts; nothing is done when neither they nor the profile changed."""
    facts, profile = open_facts(), profile_in_force()
    if facts.snapshot is None:
        return 0
    digest = digest_inputs(facts.snapshot, profile)
    if derived.digest_of_copy(ICP_PLACES, facts.snapshot) == digest:
        return 0
    progress(0, 1, "ideal customer profile")
    snapshot = derived.write_table(ICP_PLACES, compute_places(facts, profile), facts.snapshot, digest)
    return int(snapshot.rows[ICP_PLACES.name])


def digest_inputs(snapshot: Snapshot, profile: Profile | None) -> str:
    """Return a hash of all that the places depend on."""
    tables = [(name, snapshot.versions.get(name), snapshot.lake_ids.get(name)) for name in INPUTS]
    return hashlib.sha256(repr((ICP_PLACES.shape, tables, profile)).encode()).hexdigest()


def compute_places(facts: Facts, profile: Profile | None) -> Iterator[pa.RecordBatch]:
    """Yield a row for each lead and account that the profile asks something of; none without a profile."""
    if profile is None:
        return
    for kind in ("leads", "accounts"):
        if profile.asked_of(kind):
            yield from _cast_batches(facts.stream(_place_rows(facts, profile, kind)))


def _place_rows(facts: Facts, profile: Profile, kind: str) -> Any:
    assert facts.as_of
    context = RuleContext(RuleTables(facts, kind), facts.as_of, LINKS)
    rows = add_icp_columns(context, context.tables.table(kind), profile, kind)
    key = rows["id"].cast("int64")
    nothing = ibis.null("int64")
    lead, account = (key, nothing) if kind == "leads" else (nothing, key)
    own_id = key * 2 + int(kind == "accounts")
    return rows.select(id=own_id, lead_id=lead, account_id=account, place=rows["icp"], distance=rows["icp_distance"])


def _cast_batches(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        yield from pa.Table.from_batches([batch]).cast(ICP_PLACES.arrow_schema).to_batches()
