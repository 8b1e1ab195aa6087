"""Record the alignment index: today's, and the ends of past months that no snapshot was taken of."""

from collections.abc import Iterator
from datetime import date, timedelta

from django.db import transaction

from alignment.index.agreed import read_agreed_part
from alignment.index.answers import build_answers_part
from alignment.index.behaviour import read_behaviour_part
from alignment.index.models import IndexSnapshot
from alignment.index.rules import Index
from alignment.rounds.models import Round
from alignment.rounds.queries import read_results
from core.periods import add_months
from facts.engine import Facts, open_facts
from team.models import Company

MONTHS_BACK = 12


def record_index(facts: Facts | None = None) -> int:
    """Store the index of today, and of past month ends that can be computed from dated records; return how many.

    A snapshot of an earlier day never changes. A month end that was computed later is computed again when the facts have
    changed, since an import may bring the records of those months.
    """
    facts, today = facts or open_facts(), Company.today()
    stored = {row.local_day: row for row in IndexSnapshot.objects.filter(local_day__gte=_first_month(today))}
    taken = {(day.year, day.month) for day, row in stored.items() if not row.is_reconstructed}
    count = _store(today, facts, is_reconstructed=False)
    for day in _month_ends(today):
        row = stored.get(day)
        is_current = row is not None and row.facts_as_of == facts.as_of
        if (day.year, day.month) not in taken and not is_current:
            count += _store(day, facts, is_reconstructed=True)
    return count


def compute_index(day: date, facts: Facts) -> Index:
    """Compute the index of a day from what is dated up to it."""
    latest = Round.objects.ended().filter(ended_on__lte=day).last()
    answers = build_answers_part(read_results(latest), latest.ended_on) if latest else build_answers_part(None)
    return Index(day, (answers, read_agreed_part(day), read_behaviour_part(day, facts)))


@transaction.atomic
def _store(day: date, facts: Facts, *, is_reconstructed: bool) -> int:
    """Store the index of a day; one of which nothing is known is not stored."""
    index = compute_index(day, facts)
    if not index.present:
        IndexSnapshot.objects.filter(local_day=day).delete()
        return 0
    IndexSnapshot.objects.update_or_create(
        local_day=day,
        defaults={
            "score": index.score,
            "parts": [part.as_json() for part in index.parts],
            "facts_as_of": facts.as_of,
            "is_reconstructed": is_reconstructed,
        },
    )
    return 1


def _first_month(today: date) -> date:
    return add_months(today.replace(day=1), -MONTHS_BACK)


def _month_ends(today: date) -> Iterator[date]:
    """Yield the last days of the months before this one, the earliest first."""
    first = today.replace(day=1)
    for back in range(MONTHS_BACK - 1, -1, -1):
        yield add_months(first, -back) - timedelta(days=1)
