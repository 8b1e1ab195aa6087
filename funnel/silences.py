"""How long an enquiry lies still after each hand-over: in business time, by the hours of whom it was handed to."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

import pyarrow as pa

from crm.models import EnquiryHandover, Owner
from facts import derived
from facts.engine import open_facts
from facts.models import Snapshot
from facts.refresh import Progress
from funnel.facts import SILENCES
from funnel.handoffs.business_hours import OwnersHours
from team.calendars.queries import Hours
from team.models import Calendar, Company, Territory, User

INPUTS = ("enquiries", "enquiry_handovers", "owners")
BATCH = 50_000


@dataclass(frozen=True)
class Silence:
    """From a hand-over to what follows: the next one or the answer; None while nothing does."""

    key: int
    since: datetime
    until: datetime | None


def find_silences(handovers: Iterable[tuple[int, datetime]], answered_at: datetime | None) -> list[Silence]:
    """Return the silences of one enquiry; a hand-over after the answer has none."""
    ordered = sorted(handovers, key=lambda handover: (handover[1], handover[0]))
    silences = []
    for (key, since), following in pairwise([*ordered, (0, None)]):
        assert since is not None
        if answered_at is not None and since > answered_at:
            break
        ends = [moment for moment in (following[1], answered_at) if moment is not None]
        silences.append(Silence(key, since, min(ends) if ends else None))
    return silences


def update_silences(progress: Progress) -> int:
    """Measure the silences; nothing is done when neither the enquiries nor the working hours changed."""
    snapshot = open_facts().snapshot
    if snapshot is None:
        return 0
    digest = digest_inputs(snapshot)
    if derived.digest_of_copy(SILENCES, snapshot) == digest:
        return 0
    progress(0, 1, "silences")
    written = derived.write_table(SILENCES, compute_silences(), snapshot, digest)
    return int(written.rows[SILENCES.name])


def digest_inputs(snapshot: Snapshot) -> str:
    """Return a hash of all that the silences depend on."""
    tables = [(name, snapshot.versions.get(name), snapshot.lake_ids.get(name)) for name in INPUTS]
    company = Company.get()
    people = list(
        User.objects.order_by("pk").values_list(
            "pk", "manager_id", "calendar_id", "territory_id", "time_zone", "is_active"
        )
    )
    areas = list(Territory.objects.order_by("pk").values_list("pk", "parent_id", "calendar_id"))
    hours = [company.time_zone, company.calendar_id, list(Calendar.objects.order_by("pk").values_list()), people, areas]
    return hashlib.sha256(repr((SILENCES.shape, tables, hours)).encode()).hexdigest()


def compute_silences() -> Iterator[pa.RecordBatch]:
    """Yield a row for each hand-over that was not after the answer."""
    owners, hours = {owner.pk: owner for owner in Owner.objects.all()}, OwnersHours()
    receivers: dict[int, Hours] = {}
    silences: list[Silence] = []
    for handovers, answered_at in _read_enquiries():
        receivers |= {key: hours.of(owners.get(receiver or 0)) for key, receiver, _ in handovers}
        silences += find_silences([(key, moment) for key, _, moment in handovers], answered_at)
        if len(silences) >= BATCH:
            yield _measure(silences, receivers)
            silences, receivers = [], {}
    if silences:
        yield _measure(silences, receivers)


Handover = tuple[int, int | None, datetime]  # id, receiver, moment


def _read_enquiries() -> Iterator[tuple[list[Handover], datetime | None]]:
    """Yield the dated hand-overs of each enquiry with its answer; one from a hand to itself is none."""
    rows = EnquiryHandover.objects.filter(handed_at__isnull=False, enquiry__isnull=False).order_by("enquiry_id", "pk")
    values = rows.values_list("enquiry_id", "pk", "from_owner_id", "to_owner_id", "handed_at", "enquiry__answered_at")
    current: Any = None
    handovers: list[Handover] = []
    answered: datetime | None = None
    for enquiry, key, giver, receiver, moment, answered_at in values.iterator(chunk_size=5000):
        if enquiry != current:
            if handovers:
                yield handovers, answered
            current, handovers, answered = enquiry, [], answered_at
        if giver is None or giver != receiver:
            assert moment is not None
            handovers.append((key, receiver, moment))
    if handovers:
        yield handovers, answered


def _measure(silences: list[Silence], receivers: dict[int, Hours]) -> pa.RecordBatch:
    first = min(silence.since for silence in silences)
    last = max(silence.until or silence.since for silence in silences)
    seconds = [
        receivers[silence.key].table(first, last).elapsed(silence.since, silence.until) if silence.until else None
        for silence in silences
    ]
    return pa.RecordBatch.from_pydict(
        {"id": [silence.key for silence in silences], "seconds": seconds}, schema=SILENCES.arrow_schema
    )
