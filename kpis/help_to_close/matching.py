"""Deals that Marketing touched while they were open, each beside deals that were as far and not touched yet. Pure.

Risk-set matching: a deal touched at the age of a days is compared with deals that were still open and untouched at the age of
a days, in the same stage, amount band, type and segment. Comparing deals that were ever touched with those that never were
is the error of immortal time: a deal must stay open until its touch, so touched deals are those that did not end early.

Ages are days since the opening. Source: Li, Propert and Rosenbaum 2001; on immortal time: Suissa 2008.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

MOST_CONTROLS = 5
DRAWS = 500
SEED = 20140201  # the same deals give the same interval
COVERAGE = 0.95
FEWEST_MATCHED, FEWEST_COMPANIES = 20, 10
NONE = -1

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Deals:
    """One row for each deal: `ended` is its age at the close, or today's plus one while it is open; `touched` is its age at the
    first touch, infinity where there was none before the close."""

    ids: Ints
    companies: Ints
    ended: Floats
    touched: Floats
    is_won: Bools
    days_to_win: Floats  # from opening to close; NaN where it was not won


@dataclass(frozen=True)
class Stays:
    """The stays of deals in a cell of stage, amount band, type and segment: from the age `start` until before `end`."""

    deals: Ints  # rows of Deals
    cells: Ints
    starts: Floats
    ends: Floats
    amounts: Floats


@dataclass(frozen=True)
class Match:
    """Touched deals with their controls: rows of Deals; a row of `controls` is padded with NONE.

    `stays` and `control_stays` are the stays in which they were at that age.
    """

    treated: Ints
    controls: Ints
    stays: Ints
    control_stays: Ints
    unmatched: Ints  # no like deal was open and untouched at that age
    unknown: Ints  # the stage on the day of the touch is not on record

    @property
    def used_controls(self) -> Ints:
        return np.unique(self.controls[self.controls != NONE])


def match_deals(deals: Deals, stays: Stays) -> Match:
    """Match each touched deal at its first touch with up to MOST_CONTROLS deals, those nearest by amount first."""
    order = np.lexsort((stays.deals, stays.cells))
    cells, owners = stays.cells[order], stays.deals[order]
    starts, amounts = stays.starts[order], stays.amounts[order]
    # at risk: in the stay, still open, not touched yet
    ends = end_of_risk(deals, stays)[order]
    treated = np.flatnonzero(np.isfinite(deals.touched))
    own = _find_own_stays(deals, stays, treated)
    firsts, lasts = (
        np.searchsorted(cells, stays.cells[own], side="left"),
        np.searchsorted(cells, stays.cells[own], side="right"),
    )
    matched, controls, unmatched = [], [], []
    own_stays, control_stays = [], []
    for position, deal in enumerate(treated):
        if own[position] == NONE:
            continue
        part, age = slice(firsts[position], lasts[position]), deals.touched[deal]
        is_fit = (starts[part] <= age) & (age < ends[part]) & (owners[part] != deal)
        fitting = np.flatnonzero(is_fit) + part.start
        if not len(fitting):
            unmatched.append(deal)
            continue
        distance = np.abs(np.log1p(amounts[fitting]) - np.log1p(stays.amounts[own[position]]))
        nearest = fitting[np.lexsort((_draw_lots(deals.ids, int(deal), owners[fitting]), distance))][:MOST_CONTROLS]
        matched.append(deal)
        own_stays.append(own[position])
        controls.append(_pad(owners[nearest]))
        control_stays.append(_pad(order[nearest]))
    return Match(
        np.array(matched, dtype=np.int64),
        np.array(controls, dtype=np.int64).reshape(-1, MOST_CONTROLS),
        np.array(own_stays, dtype=np.int64),
        np.array(control_stays, dtype=np.int64).reshape(-1, MOST_CONTROLS),
        np.array(unmatched, dtype=np.int64),
        treated[own == NONE],
    )


def _draw_lots(ids: Ints, deal: int, controls: Ints) -> npt.NDArray[np.uint64]:
    """Return a number for each pair that decides among equal amounts: by chance, but the same each time.

    By the id alone the same few deals would serve as controls for all.
    """
    mixed = ids[controls].astype(np.uint64) * np.uint64(11400714819323198485) ^ np.uint64(ids[deal]) * np.uint64(
        2246822519
    )
    mixed ^= mixed >> np.uint64(29)
    return mixed * np.uint64(13787848793156543929) >> np.uint64(32)


def end_of_risk(deals: Deals, stays: Stays) -> Floats:
    """Return the age up to which each stay may serve as a control: it ends, the deal closes, or the deal is touched."""
    return np.minimum.reduce([stays.ends, deals.ended[stays.deals], deals.touched[stays.deals]])


def _pad(rows: Ints) -> Ints:
    return np.concatenate([rows, np.full(MOST_CONTROLS - len(rows), NONE, dtype=np.int64)])


def _find_own_stays(deals: Deals, stays: Stays, treated: Ints) -> Ints:
    """Return for each touched deal the stay in which it was touched; NONE where there is none."""
    own = np.full(len(deals.ids), NONE, dtype=np.int64)
    ages = deals.touched[stays.deals]
    inside = np.flatnonzero((stays.starts <= ages) & (ages < stays.ends))
    own[stays.deals[inside]] = inside
    return own[treated]


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval; None where companies are too few."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Comparison:
    """Win rates and median days to the win of touched deals and of their controls, each set of controls with the weight of its deal."""

    touched_rate: Estimate
    control_rate: Estimate
    difference: Estimate
    touched_days: Estimate | None
    control_days: Estimate | None
    matched: int
    touched_won: int
    controls: int
    controls_touched_later: int
    companies: int


def compare(deals: Deals, match: Match) -> Comparison | None:
    """Compare the matched deals; None where fewer than FEWEST_MATCHED are matched."""
    if len(match.treated) < FEWEST_MATCHED:
        return None
    companies, codes = np.unique(deals.companies, return_inverse=True)
    used = np.unique(codes[np.concatenate([match.treated, match.used_controls])])
    whole = _Weighted(deals, match, np.ones(len(deals.ids)))
    draws: list[tuple[float, ...]] = []
    if len(used) >= FEWEST_COMPANIES:
        dice = np.random.default_rng(SEED)
        for counts in dice.multinomial(len(companies), np.full(len(companies), 1 / len(companies)), size=DRAWS):
            draws.append(_Weighted(deals, match, counts[codes].astype(float)).figures)
    figures = [_estimate(value, [draw[index] for draw in draws]) for index, value in enumerate(whole.figures)]
    touched, control, difference, touched_days, control_days = figures
    controls = match.used_controls
    return Comparison(
        touched, control, difference,
        touched_days if np.isfinite(touched_days.value) else None,
        control_days if np.isfinite(control_days.value) else None,
        len(match.treated), int(deals.is_won[match.treated].sum()), len(controls),
        int(np.isfinite(deals.touched[controls]).sum()), len(used),
    )  # fmt: skip


class _Weighted:
    """The figures where each deal counts as often as its company was drawn."""

    def __init__(self, deals: Deals, match: Match, weights: Floats) -> None:
        is_control = match.controls != NONE
        weight = np.where(is_control, weights[match.controls], 0.0)
        total = weight.sum(axis=1)
        is_kept = (total > 0) & (weights[match.treated] > 0)
        of_set = weights[match.treated][is_kept]
        share = weight[is_kept] / total[is_kept, None] * of_set[:, None]
        treated, controls = match.treated[is_kept], match.controls[is_kept]
        size = of_set.sum()
        touched = float((of_set * deals.is_won[treated]).sum() / size) if size else np.nan
        control = float((share * deals.is_won[controls]).sum() / size) if size else np.nan
        self.figures = (
            touched,
            control,
            touched - control,
            weighted_median(deals.days_to_win[treated], of_set),
            weighted_median(deals.days_to_win[controls].ravel(), share.ravel()),
        )


def weighted_median(values: Floats, weights: Floats) -> float:
    """Return the smallest value up to which half of the weight lies; NaN where nothing has weight."""
    known = np.isfinite(values) & (weights > 0)
    if not known.any():
        return float("nan")
    order = np.argsort(values[known], kind="stable")
    reached = np.cumsum(weights[known][order])
    return float(values[known][order][np.searchsorted(reached, reached[-1] / 2)])


def _estimate(value: float, draws: list[float]) -> Estimate:
    known = [draw for draw in draws if np.isfinite(draw)]
    if not known:
        return Estimate(value)
    low, high = np.quantile(known, [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2])
    return Estimate(value, float(low), float(high))


def compare_naively(deals: Deals) -> float | None:
    """Return the difference of win rates of deals ever touched and never touched, which immortal time distorts."""
    ever = np.isfinite(deals.touched)
    if not ever.any() or ever.all():
        return None
    return float(deals.is_won[ever].mean() - deals.is_won[~ever].mean())
