"""Journeys for tests: paths as letters, with how often they converted and how often they did not."""

from collections.abc import Sequence

import numpy as np

from attribution.methods.journeys import Journeys, build_journeys

Path = tuple[str, int, int]

GOLDEN_A: list[Path] = [("A", 2, 0), ("B", 1, 0), ("AB", 1, 0), ("A", 0, 1)]
GOLDEN_B: list[Path] = [("ABC", 1, 0), ("A", 0, 1), ("BC", 0, 1)]
GOLDEN_C: list[Path] = [("ABAC", 3, 2), ("BBC", 1, 4), ("CA", 2, 2), ("A", 1, 5), ("BA", 0, 3)]


def journeys_of(
    paths: Sequence[Path], value: Sequence[float] | None = None, company: Sequence[int] | None = None
) -> Journeys:
    letters = sorted({letter for path, _, _ in paths for letter in path})
    return build_journeys(
        [number for number, (path, _, _) in enumerate(paths) for _ in path],
        [letters.index(letter) for path, _, _ in paths for letter in path],
        conversions=[conversions for _, conversions, _ in paths],
        nulls=[nulls for _, _, nulls in paths],
        value=[conversions for _, conversions, _ in paths] if value is None else value,
        channels=len(letters),
        company=company,
    )


def random_journeys(
    seed: int, *, journeys: int = 60, channels: int = 6, unused: int = 0, untouched: int = 0, companies: int = 0
) -> Journeys:
    """Make journeys of one to six touches, a third of them won, in random order of channels."""
    random = np.random.default_rng(seed)
    lengths = random.integers(1, 7, journeys)
    conversions = np.append((random.random(journeys) < 1 / 3).astype(float), np.ones(untouched))
    return build_journeys(
        np.repeat(np.arange(journeys), lengths),
        random.integers(0, channels, lengths.sum()),
        conversions=conversions,
        value=conversions * np.round(random.lognormal(8, 1, journeys + untouched), 2),
        channels=channels + unused,
        company=random.permutation(np.arange(journeys + untouched) % companies) if companies else None,
    )
