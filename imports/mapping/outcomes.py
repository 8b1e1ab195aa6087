"""How a deal ended, in the order of proof: what its source says in flags goes before what the name of its stage suggests.

A name that the mapping knows whole ("Closed Won") is known; one that only holds a word like "won" is a guess, and so is
"open" for a name that holds none. A probability of 0 or 100 corrects a guess, but not a name that is known.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crm.models import OutcomeBasis
from imports.mapping.schema import ValueMap
from imports.parsing import column_values
from imports.parsing.headers import fold

OPEN, WON, LOST, NO_DECISION = "open", "won", "lost", "no_decision"
CERTAIN = re.compile(r"100(?:[.,]0+)?\s*%?")
IMPOSSIBLE = re.compile(r"0+(?:[.,]0+)?\s*%?")


@dataclass(frozen=True)
class Flags:
    """What the columns of a source say of each deal: 1 yes, 0 no, NaN nothing."""

    won: np.ndarray
    lost: np.ndarray
    closed: np.ndarray
    probability: np.ndarray  # 1 where it is 100 %, 0 where it is 0 %, NaN else


def read_flags(column: pd.Series) -> np.ndarray:
    """Read a column of flags; a cell that is neither yes nor no says nothing."""
    read, _ = column_values.read_booleans(column, nullable=True)
    return read.map({"t": 1.0, "f": 0.0}).astype("float64").to_numpy()


def read_certainties(column: pd.Series) -> np.ndarray:
    """Read a column of probabilities as far as they leave no doubt."""
    numbers = {cell: _certainty_of(cell) for cell in column.unique()}
    return column.map(numbers).astype("float64").to_numpy()


def _certainty_of(cell: str) -> float:
    if CERTAIN.fullmatch(cell):
        return 1.0
    return 0.0 if IMPOSSIBLE.fullmatch(cell) else np.nan


def outcome_basis(
    names: pd.Series, value_map: ValueMap, usual: Callable[[str], object], is_stage: np.ndarray
) -> np.ndarray:
    """Return what each outcome rests on before flags are asked: a column of outcomes, a known name of a stage, a guess."""
    is_known_name = {name: fold(name) in value_map.exact or usual(name) is not None for name in names.unique()}
    is_known = names.map(is_known_name).to_numpy(dtype=bool)
    return np.select(
        [~is_stage, is_known], [OutcomeBasis.FLAG.value, OutcomeBasis.NAME.value], OutcomeBasis.GUESS.value
    )


def apply_flags(guesses: pd.Series, basis: np.ndarray, flags: Flags) -> tuple[pd.Series, pd.Series]:
    """Return (outcomes, what each rests on) where flags, then probabilities, go before what the names suggest."""
    guess = guesses.to_numpy(dtype=object)
    outcomes, rests = guess.copy(), basis.astype(object)
    for mask, outcome in _flag_conclusions(guess, flags):
        outcomes[mask], rests[mask] = np.broadcast_to(outcome, len(guess))[mask], OutcomeBasis.FLAG.value
    unsure = (rests == OutcomeBasis.GUESS.value) & np.isin(guess, (WON, LOST, NO_DECISION))
    for chance, outcome in ((1.0, WON), (0.0, LOST)):
        # A probability corrects a guess about an end; it never closes a deal that its stage leaves open.
        sure = unsure & (flags.probability == chance)
        outcomes[sure & ((outcome == WON) | (guess == WON))] = outcome
        rests[sure] = OutcomeBasis.FLAG.value
    return pd.Series(outcomes, guesses.index, dtype="str"), pd.Series(rests, guesses.index, dtype="str")


def _flag_conclusions(guess: np.ndarray, flags: Flags) -> list[tuple[np.ndarray, np.ndarray | str]]:
    """Return (where, outcome) for each thing that flags can prove; of flags that contradict each other none counts."""
    won, lost, closed, chance = flags.won, flags.lost, flags.closed, flags.probability
    agree = ~((won == 1) & (lost == 1)) & ~((closed == 0) & ((won == 1) | (lost == 1)))
    ended = np.where(guess == NO_DECISION, NO_DECISION, LOST)
    not_won = np.where(guess == WON, np.where(chance == 0, LOST, OPEN), guess)
    not_lost = np.where(np.isin(guess, (LOST, NO_DECISION)), np.where(chance == 1, WON, OPEN), guess)
    by_chance = np.where(chance == 1, WON, np.where(chance == 0, ended, np.where(guess == OPEN, LOST, guess)))
    unsaid = np.isnan(closed)
    return [
        (agree & (won == 1), WON),
        (agree & (lost == 1), ended),
        (agree & (closed == 1) & (won == 0) & (lost != 1), ended),
        (agree & (closed == 1) & (lost == 0) & np.isnan(won), np.full(len(guess), WON, dtype=object)),
        (agree & (closed == 1) & np.isnan(won) & np.isnan(lost), by_chance),
        (agree & (closed == 0) & (won != 1) & (lost != 1), OPEN),
        (unsaid & (won == 0) & (lost == 0), OPEN),
        (unsaid & (won == 0) & np.isnan(lost) & (guess == WON), not_won),
        (unsaid & (lost == 0) & np.isnan(won) & np.isin(guess, (LOST, NO_DECISION)), not_lost),
    ]


def guess_word(value_map: ValueMap, name: str) -> str:
    """Return the word in a name of a stage that a guess rests on; "" where no word suggests anything."""
    if fold(name) in value_map.exact:
        return ""
    return next((match[0] for pattern, _ in value_map.patterns if (match := pattern.search(name))), "")
