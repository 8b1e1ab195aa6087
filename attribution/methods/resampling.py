"""How sure a credit and a rank are: draw the companies again, with replacement, and see what changes.

Companies are drawn, not touches: the touches of one company belong together. Every model of one call is computed on the same
draws. The seed follows from the data, so that the same data give the same figures on every machine and day.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from attribution.methods.journeys import Floats, Integers, Journeys, derive_seed, group_channels, number_paths
from attribution.methods.markov import (
    compute_removal_effects,
    list_transitions,
    share_effects,
)
from attribution.methods.shapley import (
    compute_monotone_shapley,
    compute_set_rates,
    list_channel_sets,
    list_distinct_channels,
)

RESAMPLES = 500
CHUNK_NUMBERS = 1_000_000  # how many numbers a chunk of resamples may hold at once; more fall out of the cache
LOW, HIGH = 0.1, 0.9  # ends of the 80 % interval
MOST_SWAPS = 0.2  # two channels that swap more often cannot be told apart
TOP = 3


@dataclass(frozen=True)
class Sample:
    """The companies to draw from, those that are alike merged into one class."""

    journeys: Journeys  # of one company per class
    class_of_journey: Integers  # of `journeys`
    class_of_company: Integers
    classes: int
    seed: int


@dataclass(frozen=True)
class Statistic:
    """Credits that follow from sums over companies."""

    sums: Any  # sparse, (classes, features)
    finish: Callable[[Floats], Floats]  # from (resamples, features) to (resamples, channels)


@dataclass(frozen=True)
class Stability:
    """How far credits and ranks move from one resample to the next; one entry per channel, rank 1 earns most."""

    low: Floats  # ends of the 80 % interval of the credit
    high: Floats
    rank: Integers
    rank_low: Integers  # ends of the 80 % interval of the rank; low is the better one
    rank_high: Integers
    top_holds: float  # share of resamples in which the first three are the same in the same order
    swaps: (
        Floats  # (channels, channels): share of resamples in which the two stand the other way round; a tie counts half
    )

    def are_apart(self, channel: int, other: int) -> bool:
        """Return whether the order of two channels can be told from these data."""
        return bool(self.swaps[channel, other] <= MOST_SWAPS)


def build_sample(journeys: Journeys, credited: Integers | None = None) -> Sample:
    """Merge companies with one journey, the same path and nothing earned; `credited` companies are never merged."""
    paths = number_paths(journeys)
    apart = np.bincount(journeys.company) != 1
    apart[journeys.company[(journeys.conversions != 0) | (journeys.value != 0)]] = True
    if credited is not None:
        apart[credited] = True
    alike = np.flatnonzero(~apart)
    is_single = ~apart[journeys.company]
    endings = np.zeros((len(apart), 2))
    endings[journeys.company[is_single]] = np.stack([paths[is_single], journeys.nulls[is_single]], axis=1)
    _, first, numbers = np.unique(endings[alike], axis=0, return_index=True, return_inverse=True)
    classes = np.empty(len(apart), dtype=np.int64)
    classes[alike] = numbers.ravel()
    classes[apart] = len(first) + np.arange(int(apart.sum()))
    represents = apart.copy()
    represents[alike[first]] = True
    drawn = journeys.select(represents[journeys.company])
    return Sample(drawn, classes[drawn.company], classes, len(first) + int(apart.sum()), derive_seed(journeys, paths))


def linear_statistic(sample: Sample, company: Any, channel: Any, credit: Any) -> Statistic:
    """Return a model that credits each company by itself: one entry per credit, of a company that is not merged."""
    channels = sample.journeys.channels
    rows = sample.class_of_company[np.asarray(company, dtype=np.int64)]
    return Statistic(_sum_entries(sample, rows, np.asarray(channel), np.asarray(credit, dtype=float), channels), _keep)


def markov_statistic(sample: Sample) -> Statistic:
    """Return the Markov credit of the value."""
    journeys = sample.journeys
    width = journeys.channels + 2
    steps = list_transitions(journeys)
    cells, numbers = np.unique(steps.origin * width + steps.target, return_inverse=True)
    touched = np.flatnonzero(journeys.touched)
    owners = np.concatenate([steps.journey, touched])
    features = np.concatenate([numbers, np.full(len(touched), len(cells))])  # the value is the last feature
    amounts = np.concatenate([steps.weight, journeys.value[touched]])
    sums = _sum_entries(sample, sample.class_of_journey[owners], features, amounts, len(cells) + 1)

    def finish(totals: Floats) -> Floats:
        counts = np.zeros((len(totals), (journeys.channels + 1) * width))
        counts[:, cells] = totals[:, :-1]
        _, effects = compute_removal_effects(counts.reshape(len(totals), journeys.channels + 1, width))
        return share_effects(effects) * totals[:, -1:]

    return Statistic(sums, finish)


def shapley_statistic(sample: Sample) -> Statistic:
    """Return the closed form of the Shapley credit of the value."""
    owner, channel = list_distinct_channels(sample.journeys)
    parts = np.bincount(owner, minlength=len(sample.journeys.value))[owner]
    credits = sample.journeys.value[owner] / parts
    rows = sample.class_of_journey[owner]
    return Statistic(_sum_entries(sample, rows, channel, credits, sample.journeys.channels), _keep)


def rate_shapley_statistic(sample: Sample, groups: Integers | None = None) -> Statistic:
    """Return the monotone rate form of the Shapley credit of the value, for up to 12 channels.

    `groups` gives each channel the number of a group, where there are more: groups are credited then.
    """
    journeys = sample.journeys if groups is None else group_channels(sample.journeys, groups)
    sets, size = list_channel_sets(journeys), 1 << journeys.channels
    value = np.where(journeys.touched, journeys.value, 0)
    features = np.concatenate([sets, sets + size, np.full(len(sets), 2 * size)])
    amounts = np.concatenate([journeys.conversions, journeys.conversions + journeys.nulls, value])
    sums = _sum_entries(sample, np.tile(sample.class_of_journey, 3), features, amounts, 2 * size + 1)

    def finish(totals: Floats) -> Floats:
        conversions, ends = totals[:, :size].copy(), totals[:, size:-1].copy()
        conversions[:, 0] = ends[:, 0] = 0
        return share_effects(compute_monotone_shapley(compute_set_rates(conversions, ends))) * totals[:, -1:]

    return Statistic(sums, finish)


def _keep(totals: Floats) -> Floats:
    return totals


def _sum_entries(sample: Sample, rows: Any, features: Any, amounts: Floats, width: int) -> Any:
    counts = amounts != 0  # most companies earn nothing
    return sparse.csr_matrix((amounts[counts], (rows[counts], features[counts])), shape=(sample.classes, width))


def compute_point(sample: Sample, statistic: Statistic) -> Floats:
    """Return the credits of the companies as they are: (channels,)."""
    counts = np.bincount(sample.class_of_company, minlength=sample.classes).astype(np.float64)
    return statistic.finish((statistic.sums.T @ counts)[None])[0]


def resample_companies(
    sample: Sample, statistics: Mapping[str, Statistic], resamples: int = RESAMPLES
) -> dict[str, Floats]:
    """Return the credits of each model in each resample: (resamples, channels)."""
    random = np.random.default_rng(sample.seed)
    widest = max((statistic.sums.shape[1] for statistic in statistics.values()), default=1)
    dense = (sample.journeys.channels + 2) ** 2
    chunk = int(np.clip(CHUNK_NUMBERS // max(sample.classes, widest, dense), 1, resamples))
    by_feature = {key: statistic.sums.T.tocsr() for key, statistic in statistics.items()}
    credits: dict[str, list[Floats]] = {key: [] for key in statistics}
    for start in range(0, resamples, chunk):
        draws = _draw_classes(sample, random, min(chunk, resamples - start))
        for key, statistic in statistics.items():
            credits[key].append(statistic.finish((by_feature[key] @ draws).T))
    return {key: np.concatenate(parts) for key, parts in credits.items()}


def _draw_classes(sample: Sample, random: np.random.Generator, resamples: int) -> Floats:
    """Return how often each class is drawn: (classes, resamples); each resample draws as many companies as there are."""
    companies = len(sample.class_of_company)
    draws = np.zeros((resamples, sample.classes))
    if not companies:
        return draws.T
    classes = sample.class_of_company.astype(np.int32)
    for number in range(resamples):
        drawn = random.integers(0, companies, companies, dtype=np.int32)
        draws[number] = np.bincount(np.take(classes, drawn), minlength=sample.classes)
    return np.ascontiguousarray(draws.T)


def resample_sums(
    company: Any, channel: Any, credit: Any, *, companies: int, channels: int, resamples: int = RESAMPLES
) -> Floats:
    """Return the credits of each channel in each resample, where companies earn each by itself: (resamples, channels).

    One entry per credit. `companies` is how many there are, those without a credit included: how many of those
    with one are drawn is left to chance too, so that few won deals give a wide interval.
    """
    crediting, rows = np.unique(np.asarray(company, dtype=np.int64), return_inverse=True)
    columns, amounts = np.asarray(channel, dtype=np.int64), np.asarray(credit, dtype=np.float64)
    if not len(crediting):
        return np.zeros((resamples, channels))
    sums = sparse.csr_matrix((amounts, (rows, columns)), shape=(len(crediting), channels))
    sums.sum_duplicates()
    digest = hashlib.blake2b(digest_size=8)
    for part in (crediting, sums.indptr, sums.indices, np.round(sums.data, 2), np.array([companies])):
        digest.update(np.ascontiguousarray(part).tobytes())
    random = np.random.default_rng(int.from_bytes(digest.digest(), "big"))
    share = min(len(crediting) / companies, 1.0) if companies else 1.0
    totals = np.empty((resamples, channels))
    for number, drawn in enumerate(random.binomial(max(companies, len(crediting)), share, resamples)):
        counts = np.bincount(random.integers(0, len(crediting), drawn), minlength=len(crediting))
        totals[number] = counts @ sums
    return totals


def judge_stability(credits: Floats, resampled: Floats) -> Stability:
    """Return intervals, ranks and swaps from the credits (channels,) and those of the resamples (resamples, channels)."""
    order = np.argsort(-credits, kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(1, len(order) + 1)
    low, high = np.quantile(resampled, [LOW, HIGH], axis=0)
    by_rank = resampled[:, order]  # ties keep the order of the credits
    ranks = np.empty(by_rank.shape, dtype=np.int64)
    np.put_along_axis(ranks, np.argsort(-by_rank, axis=1, kind="stable"), np.arange(1, len(order) + 1)[None], axis=1)
    ranks = ranks[:, rank - 1]
    rank_low, rank_high = np.quantile(ranks, [LOW, HIGH], axis=0, method="inverted_cdf")
    return Stability(
        low, high, rank, rank_low.astype(np.int64), rank_high.astype(np.int64),
        _share_of_firm_tops(by_rank), _count_swaps(credits, resampled),
    )  # fmt: skip


def _share_of_firm_tops(by_rank: Floats) -> float:
    """Return the share of resamples that keep the first three in order; columns are in order of rank, a tie breaks it."""
    top = by_rank[:, :TOP]
    firm = (top[:, 1:] < top[:, :-1]).all(axis=1)
    if by_rank.shape[1] > TOP:
        firm &= (by_rank[:, TOP:] < top[:, -1:]).all(axis=1)
    return float(firm.mean())


def _count_swaps(credits: Floats, resampled: Floats) -> Floats:
    swaps = np.zeros((len(credits), len(credits)))
    for channel in range(len(credits)):
        own = resampled[:, channel : channel + 1]
        ahead = (own > resampled).mean(axis=0)
        tied = (own == resampled).mean(axis=0) / 2
        leads = credits[channel] >= credits
        swaps[channel] = np.where(leads, 1 - ahead - tied, ahead + tied)
    np.fill_diagonal(swaps, 0)
    return np.maximum(swaps, swaps.T)  # equal credits lead each other; both ways round are then looked at
