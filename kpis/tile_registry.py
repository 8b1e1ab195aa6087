"""Which tiles the dashboard has. Each app declares its own in a module `tiles.py`, found when Django starts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from crm.readable import Reader
from kpis.comparison import Reading
from team.access import has_right

Sentence = Callable[[Mapping[str, Reading]], str]  # from the readings of the dashboard, by metric


@dataclass(frozen=True)
class Tile:
    """A metric with its change against the period before, the way to its records, and what is set here."""

    metric: str
    position: int
    label: str = ""  # empty: the metric's name
    sentence: Sentence | None = None  # stands below the number
    reads: tuple[str, ...] = ()  # other metrics that the sentence is about: without one of them there is no sentence
    chart: Literal["", "trend", "quartiles"] = ""
    shows_benchmark: bool = False
    needs: str = ""  # a table of `kpis.dashboard.RECORDS`: without records in it there is no tile
    instead_of: str = ""  # such a table: with records in it there is no tile
    right: str = ""  # of team.access, that seeing it needs; empty: all see it

    @property
    def metrics(self) -> tuple[str, ...]:
        return self.metric, *self.reads

    def is_shown_to(self, user: Reader, recorded: frozenset[str]) -> bool:
        """Whether a reader sees it, where these tables hold records."""
        is_right = not self.right or has_right(user, self.right)
        return is_right and (not self.needs or self.needs in recorded) and self.instead_of not in recorded


_tiles: dict[str, Tile] = {}


def register_tile(tile: Tile) -> None:
    """Declare the tile of a metric; a second one of the same metric is refused."""
    if _tiles.get(tile.metric, tile) != tile:
        raise ValueError(f"Two tiles show the metric {tile.metric}.")
    _tiles[tile.metric] = tile


def tiles_for(user: Reader, recorded: frozenset[str]) -> list[Tile]:
    """Return the tiles that a reader sees, in their order."""
    tiles = (tile for tile in _tiles.values() if tile.is_shown_to(user, recorded))
    return sorted(tiles, key=lambda tile: tile.position)
