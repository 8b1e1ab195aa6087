"""What was known of the deals on the evening of a day, without a look at what came after. Pure.

Days are numbers (`date.toordinal`). A deal is known from the day it opened, its end from the day it closed, its stage,
amount and probability from the last stage change up to the day.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from forecast.outcomes.curves import STILL_OPEN, WON, Episodes, Floats

NO_STAGE = ""  # of a deal whose stage on the day is not recorded: it follows the curve since its opening
LANDMARKS = (0.25, 0.5, 0.75, 0.9)  # shares of the stays in a stage that are over by the ages that part its deals
SAME_DAY = 0.5  # days a stay lasts that ends on the day it begins
MOSTLY = 0.5
WEEK, YEAR_WEEKS = 7, 52
RECENT_WEEKS, LEAST_WEEKS = 26, 8
SEASON_WEEKS = 2  # weeks before and after the same week of a past year
AMOUNT_DAYS, LEAST_AMOUNTS = 730, 20
DEAL_COLUMNS = ("deal_id", "owner", "opened", "closed", "outcome", "amount", "stage", "probability", "expected")
CHANGE_COLUMNS = ("deal", "day", "stage", "has_ended", "amount", "probability", "expected")


@dataclass(frozen=True)
class DealHistory:
    """All deals and stage changes.

    `deals`: DEAL_COLUMNS; closed is NaN while open, outcome a cause of `curves`, amount NaN where not known.
    `changes`: CHANGE_COLUMNS in their order; deal is a row number of `deals`. `left_out`: how many deals are not used, by reason.
    """

    deals: pd.DataFrame
    changes: pd.DataFrame
    today: int
    left_out: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rows = self.changes.sort_values(["deal", "day"], kind="stable", ignore_index=True)
        begins = (rows["deal"] != rows["deal"].shift()) | (rows["stage"] != rows["stage"].shift())
        rows["entered"] = rows["day"].where(begins).ffill()
        rows["begins"] = begins
        closed = self.deals["closed"].to_numpy()[rows["deal"]]
        last_stage = self.deals["stage"].to_numpy(dtype=object)[rows["deal"]]
        is_last = (rows["day"] >= closed) & (rows["stage"].to_numpy(dtype=object) == last_stage)
        rows["is_terminal"] = rows["has_ended"] | is_last | (rows["day"] > closed)
        object.__setattr__(self, "changes", rows)

    @property
    def has_stages(self) -> bool:
        return len(self.changes) > 0

    @cached_property
    def has_amounts(self) -> bool:
        """Whether the stage history says what deals were worth before they ended."""
        return bool(self.changes["amount"].notna().any())

    @cached_property
    def is_amount_set_by_win(self) -> bool:
        """Whether amounts come with winning, as where lost deals have 0: then they must not be known beforehand."""
        has_amount, is_won = self.deals["amount"] > 0, self.deals["outcome"] == WON
        if not is_won.any() or is_won.all():
            return False
        return bool(has_amount[is_won].mean() > MOSTLY and has_amount[~is_won].mean() < MOSTLY)

    @cached_property
    def last_day(self) -> int:
        """The last day on which something is recorded, at most today."""
        days = [self.deals["opened"].max(), self.deals["closed"].max(), self.changes["day"].max()]
        return int(min(np.nanmax([*days, 0]), self.today))

    def closed_until(self, day: int) -> Any:
        return (self.deals["closed"] <= day).to_numpy()

    def first_close(self, day: int) -> int | None:
        """Return the first day with a closing, from which on the history of outcomes is complete; None before any."""
        closed = self.deals["closed"].to_numpy()[self.closed_until(day)]
        return int(closed.min()) if len(closed) else None

    def won_between(self, start: int, end: int) -> Any:
        """Tell which deals were won from the start to the end, both included."""
        days = self.deals["closed"]
        return ((self.deals["outcome"] == WON) & (days >= start) & (days <= end)).to_numpy()

    def revenue(self, start: int, end: int) -> float:
        """Return what was won from the start to the end; a deal without an amount counts as 0."""
        return float(np.nansum(self.deals["amount"].to_numpy()[self.won_between(start, end)]))


@dataclass(frozen=True)
class OpenPipeline:
    """The deals open on the evening of a day, one row each: `row` of the deal, owner, stage, age in it, amount (NaN
    where not known), probability and expected close."""

    frame: pd.DataFrame
    stages: tuple[str, ...]
    stage_of: Any  # the number of each deal's stage

    def __len__(self) -> int:
        return len(self.frame)


def open_pipeline(history: DealHistory, day: int) -> OpenPipeline:
    """Return the deals open on the evening of the day, as they stood then."""
    deals, changes = history.deals, history.changes
    last = changes[changes["day"] <= day].drop_duplicates("deal", keep="last").set_index("deal")
    rows = np.flatnonzero((deals["opened"] <= day).to_numpy() & ~history.closed_until(day))
    then = last.reindex(rows)
    has_ended = then["has_ended"].fillna(False).astype(bool).to_numpy()
    rows, then = rows[~has_ended], then[~has_ended]
    present = deals.iloc[rows].reset_index(drop=True)
    then = then.reset_index(drop=True)
    has_change = then["day"].notna()
    # Of a deal that has closed since, today's values would tell how it ended.
    is_open = present["outcome"] == STILL_OPEN
    amount = then["amount"].where(then["amount"] > 0)
    if not history.is_amount_set_by_win:
        amount = amount.fillna(present["amount"])
    frame = pd.DataFrame({
        "row": rows, "owner": present["owner"], "stage": then["stage"].where(has_change, NO_STAGE).astype(str),
        "age": day - then["entered"].fillna(present["opened"]).astype(float),
        "amount": amount.where(amount > 0).astype(float),
        "probability": then["probability"].where(has_change, present["probability"].where(is_open)).astype(float),
        "expected": then["expected"].where(has_change, present["expected"].where(is_open)).astype(float),
    })  # fmt: skip
    codes, names = pd.factorize(frame["stage"], sort=True)
    return OpenPipeline(frame, tuple(map(str, names)), codes)


@dataclass(frozen=True)
class Stays:
    """The stays of deals in one stage: how each deal ended, and at which age it left the stage for another or ended."""

    episodes: Episodes
    left: Floats

    def landmarks(self) -> tuple[float, ...]:
        """Return the ages that part the deals of the stage: 0, and those by which a share of the stays was over."""
        if np.array_equal(self.left, self.episodes.exit):
            return (0.0,)  # no deal moved on: one curve says the same at every age
        ages = np.floor(np.quantile(self.left, LANDMARKS))
        return tuple(float(age) for age in np.unique(np.append(ages, 0.0)))

    def still_there(self, age: float) -> Episodes:
        """Return how the deals ended that were still in the stage at the age, seen from that age on.

        Of a deal that is stuck in its stage those that had moved on by its age say nothing: they were won more often.
        """
        entry = np.maximum(self.episodes.entry, age)
        is_there = (self.left > age) & (self.episodes.exit > entry)
        return Episodes(entry[is_there], self.episodes.exit[is_there], self.episodes.event[is_there])


def collect_stays(history: DealHistory, day: int) -> dict[str, Stays]:
    """Return the stays of deals by stage, as known on the evening of the day; under NO_STAGE those since the opening."""
    first_close = history.first_close(day)
    deals, changes = history.deals, history.changes
    known = (deals["opened"] <= day).to_numpy()
    rows = np.flatnonzero(known)
    opened = deals["opened"].to_numpy(dtype=float)[rows]
    stays = {NO_STAGE: _build_stays(history, rows, opened, np.full(len(rows), np.inf), day, first_close)}
    entries = changes[changes["begins"] & ~changes["is_terminal"] & (changes["day"] <= day)]
    next_day = entries["day"].shift(-1).where(entries["deal"] == entries["deal"].shift(-1), np.inf)
    for stage, part in entries.assign(next_day=next_day).groupby("stage", sort=True):
        begun, moved = part["day"].to_numpy(dtype=float), part["next_day"].to_numpy(dtype=float)
        stays[str(stage)] = _build_stays(history, part["deal"].to_numpy(), begun, moved, day, first_close)
    return stays


def _build_stays(
    history: DealHistory, rows: Any, begun: Floats, moved: Floats, day: int, first_close: int | None
) -> Stays:
    closed = history.deals["closed"].to_numpy(dtype=float)[rows]
    has_closed = closed <= day
    event = np.where(has_closed, history.deals["outcome"].to_numpy()[rows], STILL_OPEN).astype(np.int64)
    end = np.where(has_closed, np.maximum(closed - begun, SAME_DAY), day - begun)
    # Deals that closed before the first recorded closing are missing: those that were open then are seen from then on only.
    entry = np.maximum((first_close - 1 if first_close else -np.inf) - begun, 0.0)
    is_seen = end > entry
    episodes = Episodes(entry[is_seen], end[is_seen], event[is_seen])
    return Stays(episodes, np.minimum(moved - begun, end)[is_seen])


def collect_amounts(history: DealHistory, day: int) -> Floats:
    """Return what deals were won for in the two years before, or ever where those are few."""
    amounts = history.deals["amount"].to_numpy()
    recent = amounts[history.won_between(day - AMOUNT_DAYS, day) & (amounts > 0)]
    return recent if len(recent) >= LEAST_AMOUNTS else amounts[history.won_between(0, day) & (amounts > 0)]


def collect_ratios(history: DealHistory, day: int) -> dict[str, Floats]:
    """Return won amount ÷ amount at the stage by stage; under NO_STAGE those of all. A stage with few has none of its own."""
    is_won = history.won_between(0, day)
    rows = history.changes[~history.changes["is_terminal"] & (history.changes["amount"] > 0)]
    rows = rows[is_won[rows["deal"].to_numpy()]]
    final = history.deals["amount"].to_numpy()[rows["deal"].to_numpy()]
    ratios = final / rows["amount"].to_numpy(dtype=float)
    usable = final > 0
    ratios, stages = ratios[usable], rows["stage"].to_numpy(dtype=object)[usable]
    by_stage = {NO_STAGE: ratios if len(ratios) >= LEAST_AMOUNTS else np.ones(1)}
    for stage in set(stages):
        mine = ratios[stages == stage]
        if len(mine) >= LEAST_AMOUNTS:
            by_stage[str(stage)] = mine
    return by_stage


def collect_births(history: DealHistory, day: int, weeks: int) -> list[Floats]:
    """Return for each week to come the numbers of deals that were born in past weeks like it.

    Like it are the same weeks of past years, with two before and after; where there are none, the last half year.
    """
    opened = history.deals["opened"].to_numpy(dtype=np.int64)
    opened = opened[opened <= day]
    first = history.first_close(day) or day
    complete = (day - first + 1) // WEEK
    # Before the first closing only those deals are on record that were still open on that day.
    blocks = complete if complete >= LEAST_WEEKS else (day - int(opened.min()) + 1) // WEEK if len(opened) else 0
    if blocks <= 0:
        return [np.zeros(1)] * weeks
    counts = np.bincount((day - opened) // WEEK, minlength=blocks)[:blocks].astype(float)
    return [_season_counts(counts, week) for week in range(weeks)]


def _season_counts(counts: Floats, week: int) -> Floats:
    blocks: list[int] = []
    for back in range(YEAR_WEEKS - 1 - week, len(counts), YEAR_WEEKS):
        blocks += [block for block in range(back - SEASON_WEEKS, back + SEASON_WEEKS + 1) if 0 <= block < len(counts)]
    return counts[blocks] if len(blocks) > SEASON_WEEKS else counts[:RECENT_WEEKS]
