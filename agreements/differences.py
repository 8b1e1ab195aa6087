"""What changed between two versions, in words. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

Change = Literal["same", "added", "removed"]


@dataclass(frozen=True)
class Piece:
    """A run of words that stayed, came or went."""

    change: Change
    text: str


def compare_texts(old: str, new: str) -> list[Piece]:
    """Compare two texts word by word, keeping line breaks as words of their own."""
    before, after = _split_words(old), _split_words(new)
    pieces: list[Piece] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(Piece("same", " ".join(before[i1:i2])))
            continue
        if i2 > i1:
            pieces.append(Piece("removed", " ".join(before[i1:i2])))
        if j2 > j1:
            pieces.append(Piece("added", " ".join(after[j1:j2])))
    return pieces


def compare_terms(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Say each changed term as a sentence: “threshold: 60 → 65”."""
    before, after = flatten_terms(old), flatten_terms(new)
    changes = []
    for name in sorted(before.keys() | after.keys()):
        if name not in before:
            changes.append(f"{_term_title(name)}: {_format_value(after[name])} added")
        elif name not in after:
            changes.append(f"{_term_title(name)}: {_format_value(before[name])} removed")
        elif before[name] != after[name]:
            changes.append(f"{_term_title(name)}: {_format_value(before[name])} → {_format_value(after[name])}")
    return changes


def flatten_terms(terms: Any, path: str = "") -> dict[str, Any]:
    """Lay nested terms out as {"rules.1.points": 5}; list positions count from one."""
    if isinstance(terms, Mapping) and terms:
        parts = [flatten_terms(value, f"{path}.{name}" if path else str(name)) for name, value in terms.items()]
    elif isinstance(terms, list) and terms:
        parts = [
            flatten_terms(value, f"{path}.{number}" if path else str(number)) for number, value in enumerate(terms, 1)
        ]
    else:
        return {path: terms} if path else {}
    return {name: value for part in parts for name, value in part.items()}


def _split_words(text: str) -> list[str]:
    return [word for line in text.strip().splitlines() for word in [*line.split(), "\n"]][:-1]


def _term_title(name: str) -> str:
    return name.replace("_", " ").replace(".", " › ")


def _format_value(value: Any) -> str:
    if value is None or value in ({}, [], ""):
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
