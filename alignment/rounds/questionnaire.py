"""The questionnaires of a round, read from questionnaire.toml."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).with_name("questionnaire.toml")
SCALE = (
    (1, "Not at all"),
    (2, "Rather not"),
    (3, "Partly"),
    (4, "Largely"),
    (5, "Completely"),
)
DONT_KNOW = "Don’t know"


@dataclass(frozen=True)
class Statement:
    """One sentence to agree with or not; `key` is what answers are stored under."""

    key: str
    text: str


@dataclass(frozen=True)
class Dimension:
    """A subject on which two teams can be aligned; the first statement is also asked about the other team."""

    key: str
    name: str
    about: str
    statements: tuple[Statement, ...]
    remedy: str
    page: str

    @cached_property
    def guessed(self) -> Statement:
        return self.statements[0]


@dataclass(frozen=True)
class Discipline:
    """A discipline of sales effectiveness, with the kinds of content that serve it."""

    key: str
    name: str
    statements: tuple[Statement, ...]
    content: str


def _statements(entry: dict[str, Any]) -> tuple[Statement, ...]:
    return tuple(Statement(f"{entry['key']}.{number}", text) for number, text in enumerate(entry["statements"], 1))


def _read() -> tuple[tuple[Dimension, ...], tuple[Discipline, ...]]:
    content = tomllib.loads(SOURCE.read_text(encoding="utf-8"))
    dimensions = [Dimension(**{**entry, "statements": _statements(entry)}) for entry in content["dimension"]]
    disciplines = [Discipline(**{**entry, "statements": _statements(entry)}) for entry in content["discipline"]]
    return tuple(dimensions), tuple(disciplines)


DIMENSIONS, DISCIPLINES = _read()


def statements() -> Iterator[Statement]:
    """Yield every statement of the 14 dimensions."""
    for dimension in DIMENSIONS:
        yield from dimension.statements
