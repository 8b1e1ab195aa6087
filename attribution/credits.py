"""Compute the credits: for every lead and deal with touches, the weight of each touch under each model."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from attribution.facts import CREDITS
from attribution.journeys import (
    Spans,
    TouchIndex,
    find_spans,
    first_known,
    milestone_touches,
    previous_wins,
)
from attribution.methods.channel_credit import ChannelFactors, fit_factors
from attribution.methods.markov import compute_removal_effects, share_effects
from attribution.methods.positional import (
    MISSING,
    UNITS,
    Floats,
    Ints,
    JourneyTouches,
    positional_models,
    scale_to_one,
    to_units,
)
from attribution.touch_points import (
    NEVER,
    Outcomes,
    Tables,
    TouchPoints,
    read_deals,
    read_leads,
    read_people,
    read_touch_points,
)
from team.models import Company

BATCH_TOUCHES = 500_000
MAX_CHANNELS = 300  # more than so many are one for the chain of Markov, whose matrix grows with their square
DAY = 86_400 * 1_000_000
OF_TOUCH = ("touch_id", "activity_id", "campaign_id", "asset_id", "channel", "lead_source", "persona", "happened_at")


@dataclass(frozen=True)
class Family:
    """Outcomes of one kind with their touches, which are sorted by the journeys of these outcomes."""

    column: str  # in which the outcome's id is written
    touches: TouchPoints
    outcomes: Outcomes
    spans: Spans
    lead_created: Ints  # positions of touches, for each span
    deal_created: Ints
    factors: ChannelFactors


def compute_credits(facts: Tables, company: Company, now: datetime) -> Iterator[pa.RecordBatch]:
    """Yield the rows of the table, deals before leads."""
    per_company = company.journey_basis == Company.JourneyBasis.COMPANY
    touches = read_touch_points(
        facts, per_company=per_company, with_activities=company.counts_incoming_activities, until=now
    )
    next_id = 1
    for family in (_read_deal_family(facts, company, touches, now), _read_lead_family(facts, company, touches, now)):
        for part in _split_spans(family.spans):
            batch = _build_batch(family, part, company.attribution_half_life, next_id)
            next_id += batch.num_rows
            yield batch


def _read_deal_family(facts: Tables, company: Company, touches: TouchPoints, now: datetime) -> Family:
    per_company = company.journey_basis == Company.JourneyBasis.COMPANY
    deals = read_deals(
        facts, company.zone, now, per_company=per_company, home=company.currency, converts=company.is_converting_amounts
    )
    index = TouchIndex(touches.journeys, touches.moments)
    spans = find_spans(index, deals, previous_wins(deals))
    known = first_known(deals.journeys, read_people(facts, company.zone, per_company=per_company))
    return Family(
        "opportunity_id",
        touches,
        deals,
        spans,
        milestone_touches(index, deals.journeys, known, spans),
        milestone_touches(index, deals.journeys, deals.begun, spans),
        fit_channels(touches, index, deals, spans),
    )


def _read_lead_family(facts: Tables, company: Company, touches: TouchPoints, now: datetime) -> Family:
    """Leads are outcomes of their own person, whatever journeys of deals are."""
    order = np.flatnonzero(touches.people != NEVER)
    order = order[np.lexsort((order, touches.moments[order], touches.people[order]))]
    own = TouchPoints(
        touches.people[order],
        touches.people[order],
        touches.moments[order],
        touches.rows.take(pa.array(order)),
        touches.channels[order],
        touches.channel_names,
    )
    leads, index = read_leads(facts, company.zone, now), TouchIndex(own.journeys, own.moments)
    spans = find_spans(index, leads, np.full(leads.ids.size, NEVER))
    created = milestone_touches(index, leads.journeys, leads.begun, spans)
    # the form that made the lead is often recorded some seconds after the lead
    created = np.where(created == MISSING, spans.first, created)
    return Family(
        "lead_id", own, leads, spans, created, np.full(created.size, MISSING), fit_channels(own, index, leads, spans)
    )


def fit_channels(touches: TouchPoints, index: TouchIndex, outcomes: Outcomes, spans: Spans) -> ChannelFactors:
    """Fit the factors by which the channels of the won outcomes together get what the chain of Markov gives them."""
    codes, size = _codes_for_chain(touches)
    won = _select_spans(spans, outcomes.is_won[spans.outcomes])
    if not won.outcomes.size:
        return ChannelFactors(np.ones(codes.max(initial=0) + 1), 1.0, np.zeros(size))
    counts = count_transitions(codes[won.positions()], won.lengths, size, converts=True)
    tails = _touches_without_win(touches, index, outcomes)
    counts += count_transitions(codes[tails.positions()], tails.lengths, size, converts=False)
    _probability, effects = compute_removal_effects(counts)
    deals, channels, shares = _channel_shares(codes[won.positions()], won.lengths, size)
    amounts = np.maximum(outcomes.amounts[won.outcomes], 0)
    if not amounts.any():
        amounts = np.ones(amounts.size)
    return fit_factors(deals, channels, shares, amounts, np.asarray(share_effects(effects)))


def count_transitions(codes: Ints, lengths: Ints, size: int, *, converts: bool) -> Floats:
    """Return how often each step happens, from (start, channels) to (channels, conversion, nothing).

    `codes` are the channels of journeys that follow each other, of `lengths` touches each.
    """
    counts = np.zeros((size + 1, size + 2))
    if not codes.size:
        return counts
    starts = np.cumsum(lengths) - lengths
    before = np.concatenate([[0], codes[:-1] + 1])
    before[starts] = 0
    counts += np.bincount(before * (size + 2) + codes, minlength=counts.size).reshape(counts.shape)
    ends = codes[starts + lengths - 1] + 1
    counts[:, size if converts else size + 1] += np.bincount(ends, minlength=size + 1)
    return counts


def _codes_for_chain(touches: TouchPoints) -> tuple[Ints, int]:
    """Return the channel of each touch for the chain; the rare ones of very many are one channel together."""
    names = len(touches.channel_names)
    if names <= MAX_CHANNELS:
        return touches.channels, max(names, 1)
    frequent = np.argsort(-np.bincount(touches.channels, minlength=names), kind="stable")[: MAX_CHANNELS - 1]
    code_of = np.full(names, MAX_CHANNELS - 1)
    code_of[frequent] = np.arange(frequent.size)
    return code_of[touches.channels], MAX_CHANNELS


def _touches_without_win(touches: TouchPoints, index: TouchIndex, outcomes: Outcomes) -> Spans:
    """Return, for each journey, its touches after the last win: all of them where nothing was won."""
    keys = np.unique(touches.journeys)
    won = np.flatnonzero(outcomes.is_won & np.isin(outcomes.journeys, keys))
    last_win = np.full(keys.size, NEVER)
    np.maximum.at(last_win, np.searchsorted(keys, outcomes.journeys[won]), outcomes.until[won])
    first = np.where(last_win == NEVER, index.first_of(keys), index.count_until(keys, last_win))
    end = index.count_until(keys, np.full(keys.size, np.iinfo(np.int64).max))
    rows = np.flatnonzero(end > first)
    return Spans(rows, first[rows], end[rows])


def _channel_shares(codes: Ints, lengths: Ints, size: int) -> tuple[Ints, Ints, Floats]:
    """Return deal, channel and the share of the deal's touches that are of the channel."""
    deals = np.repeat(np.arange(lengths.size), lengths)
    pairs, counts = np.unique(deals * size + codes, return_counts=True)
    owners = pairs // size
    return owners, pairs % size, counts / lengths[owners]


def _select_spans(spans: Spans, selected: npt.NDArray[np.bool_]) -> Spans:
    return Spans(spans.outcomes[selected], spans.first[selected], spans.end[selected])


def _split_spans(spans: Spans) -> Iterator[slice]:
    """Yield ranges of spans with about as many touches as one batch holds."""
    ends = np.cumsum(spans.lengths)
    begin = 0
    while begin < ends.size:
        done = ends[begin - 1] if begin else 0
        end = max(int(np.searchsorted(ends, done + BATCH_TOUCHES, side="right")), begin + 1)
        yield slice(begin, end)
        begin = end


def _build_batch(family: Family, part: slice, half_life: float, first_id: int) -> pa.RecordBatch:
    """Return the rows of some outcomes: those of their touches, and those of channels that earned a rest without one."""
    spans = Spans(family.spans.outcomes[part], family.spans.first[part], family.spans.end[part])
    positions, lengths = spans.positions(), spans.lengths
    starts = np.cumsum(lengths) - lengths
    owners = np.repeat(spans.outcomes, lengths)
    units = _weigh_touches(family, part, spans, positions, starts, half_life)
    columns: dict[str, Any] = {name: family.touches.rows[name].take(pa.array(positions)) for name in OF_TOUCH}
    ids = family.outcomes.ids[owners]
    rest = np.floor(family.factors.rest * UNITS).astype(np.int64)
    detached = np.flatnonzero(rest)
    if detached.size:
        names = np.array(family.touches.channel_names, dtype=object)[detached]
        size = spans.outcomes.size * detached.size
        columns = {
            name: _append(columns[name], pa.nulls(size, columns[name].type)) for name in OF_TOUCH if name != "channel"
        } | {"channel": _append(columns["channel"], pa.array(np.tile(names, spans.outcomes.size), pa.string()))}
        ids = np.concatenate([ids, np.repeat(family.outcomes.ids[spans.outcomes], detached.size)])
        zeros = np.zeros(size, dtype=np.int64)
        for model, values in units.items():
            added = np.tile(rest[detached], spans.outcomes.size) if model == "markov" else zeros
            units[model] = np.concatenate([values, added])
    columns["id"] = pa.array(np.arange(first_id, first_id + ids.size))
    for name in ("lead_id", "opportunity_id"):
        columns[name] = pa.array(ids) if name == family.column else pa.nulls(ids.size, pa.int64())
    columns |= {f"{model}_weight": to_decimals(values) for model, values in units.items()}
    schema = CREDITS.arrow_schema
    return pa.RecordBatch.from_arrays(
        [_one_array(columns[name]).cast(schema.field(name).type) for name in schema.names], schema=schema
    )


def _weigh_touches(
    family: Family, part: slice, spans: Spans, positions: Ints, starts: Ints, half_life: float
) -> dict[str, Ints]:
    touches, lengths = family.touches, spans.lengths
    owners = np.repeat(spans.outcomes, lengths)
    ages = (family.outcomes.until[owners] - touches.moments[positions]) / DAY

    def local(milestones: Ints) -> Ints:
        return np.where(milestones[part] == MISSING, MISSING, milestones[part] - spans.first + starts)

    journeys = JourneyTouches(starts, ages, local(family.lead_created), local(family.deal_created))
    units = {model: to_units(weigh(journeys), starts) for model, weigh in positional_models(half_life).items()}
    codes, size = _codes_for_chain(touches)
    codes = codes[positions]
    linear = np.repeat(1 / lengths, lengths)
    markov = scale_to_one(linear * family.factors.factors[codes], starts)
    attached = UNITS - int(np.floor(family.factors.rest * UNITS).astype(np.int64).sum())
    units["markov"] = to_units(markov, starts, attached)
    units["shapley"] = to_units(_weigh_by_channels(codes, lengths, size), starts)
    return units


def _weigh_by_channels(codes: Ints, lengths: Ints, size: int) -> Floats:
    """Return Shapley's closed form: each channel of a journey the same, and its touches equal parts of that."""
    owners = np.repeat(np.arange(lengths.size), lengths)
    pairs, positions, counts = np.unique(owners * size + codes, return_inverse=True, return_counts=True)
    distinct = np.bincount(pairs // size, minlength=lengths.size)
    return 1 / (counts[positions] * distinct[owners])


def to_decimals(units: Ints) -> pa.Array:
    """Return whole numbers of 1 ÷ UNITS as decimals, without a Python object for each."""
    halves = np.zeros((units.size, 2), dtype=np.int64)  # little-endian halves of 128 bits; no weight is negative
    halves[:, 0] = units
    return pa.Array.from_buffers(pa.decimal128(11, 10), units.size, [None, pa.py_buffer(halves)])


def _one_array(column: Any) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _append(column: Any, more: pa.Array) -> pa.Array:
    return pa.concat_arrays([_one_array(column), more])
