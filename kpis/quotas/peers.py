"""What a rep was given beside colleagues: leads and their scores, accounts, and how the territory buys. Sums over the facts."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import ibis

from core.intervals import Z
from core.periods import Period
from crm.people import People
from facts.engine import Facts
from facts.plain_rows import plain_rows


@dataclass(frozen=True)
class Sample:
    """A number of values with their mean and variance (of a sample)."""

    n: int = 0
    mean: float = 0.0
    variance: float = 0.0


@dataclass(frozen=True)
class Given:
    """What one person was given in the year."""

    leads: int = 0
    scores: Sample = Sample()
    accounts: int = 0


@dataclass(frozen=True)
class Closed:
    """Closed deals: how many were won of how many."""

    won: int = 0
    closed: int = 0


def merge_samples(samples: Iterable[Sample]) -> Sample:
    """Return the samples as one."""
    rows = [sample for sample in samples if sample.n]
    n = sum(sample.n for sample in rows)
    if not n:
        return Sample()
    mean = sum(sample.n * sample.mean for sample in rows) / n
    squares = sum((sample.n - 1) * sample.variance + sample.n * (sample.mean - mean) ** 2 for sample in rows)
    return Sample(n, mean, squares / (n - 1) if n > 1 else 0.0)


def compare_means(first: Sample, second: Sample) -> tuple[float, float] | None:
    """Return the 95 % interval of first − second by the normal approximation; None with fewer than 20 values on a side."""
    if min(first.n, second.n) < 20:
        return None
    reach = Z * math.sqrt(first.variance / first.n + second.variance / second.n)
    difference = first.mean - second.mean
    return difference - reach, difference + reach


def read_given(facts: Facts, people: People, year: Period) -> dict[int, Given]:
    """Return by person the leads handed over in the year with their scores then, and the accounts owned today."""
    handoffs, accounts = facts.table("handoffs"), facts.table("accounts")
    day = handoffs.started_at.date()
    rows = handoffs.filter((day >= year.start) & (day <= year.end) & handoffs.owner_id.notnull())
    score = rows.score.cast("float64")
    leads = _lines(facts, rows.group_by("owner_id").agg(
        leads=rows.count(), n=score.count(), mean=score.mean(), variance=score.var(how="sample"),
    ))  # fmt: skip
    books_of = accounts.filter(accounts.owner_id.notnull())
    owned = _lines(facts, books_of.group_by("owner_id").agg(n=books_of.count()))
    counts: dict[int, int] = {}
    samples: dict[int, list[Sample]] = {}
    for line in leads:
        person = people.person(int(line["owner_id"]))
        counts[person] = counts.get(person, 0) + int(line["leads"])
        samples.setdefault(person, []).append(
            Sample(int(line["n"]), float(line["mean"] or 0), float(line["variance"] or 0))
        )
    books: dict[int, int] = {}
    for line in owned:
        person = people.person(int(line["owner_id"]))
        books[person] = books.get(person, 0) + int(line["n"])
    return {
        person: Given(counts.get(person, 0), merge_samples(samples.get(person, ())), books.get(person, 0))
        for person in counts.keys() | books.keys()
    }


def read_territory(facts: Facts, territory: int, own: Iterable[int], year: Period) -> tuple[Closed, Closed]:
    """Return the deals closed in the year by colleagues in the territory, and in all other territories."""
    deals = facts.table("opportunities")
    day = ibis.coalesce(deals.closed_on, deals.closed_at.date())
    rows = deals.filter(
        (deals.outcome != "open") & (day >= year.start) & (day <= year.end) & deals.territory_id.notnull()
        & ~deals.owner_id.fill_null(0).isin(sorted(own))
    )  # fmt: skip
    is_here = rows.territory_id == territory
    lines = _lines(facts, rows.group_by(is_here=is_here).agg(
        won=(rows.outcome == "won").cast("int64").sum(), closed=rows.count(),
    ))  # fmt: skip
    sums = {bool(line["is_here"]): Closed(int(line["won"]), int(line["closed"])) for line in lines}
    return sums.get(True, Closed()), sums.get(False, Closed())


def _lines(facts: Facts, rows: Any) -> list[dict[str, Any]]:
    frame = facts.execute(rows)
    return plain_rows(frame)
