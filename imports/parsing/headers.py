"""Column headers as people write them, and as we compare them."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType

from imports.parsing.numbers import currency_codes_of

REJECTED_LINE, REJECTED_BECAUSE = "Rejected line", "Rejected because"  # columns that we add to rows we hand back
CORRECTS = re.compile(r"correctsfile(\d+)([0-9a-f]{6})")  # one more, folded: it names the file that they come from

LONGEST = 200  # of a name; what is cut off stays in the file
LONGEST_REMEMBERED = 200  # a cell of a megabyte is not kept in memory
UNIT = re.compile(
    r"^(?P<name>.+?)\s*(?:\((?P<round>[^()]+)\)|\[(?P<square>[^\[\]]+)\]|\s[io]n (?P<after>[A-Z]{3}|[€£$])|[\s_](?P<code>[A-Z]{3}))$"
)
WORDS_LIKE_CODES = frozenset(
    ("ALL", "TOP", "CUP", "MOP", "SOS", "BOB", "STD", "SSP", "SDG", "AMD", "ANG", "SCR", "SHP")
)
NAME_PART_SEPARATOR = re.compile(r"\s+[-–—]\s+")
ZONE = re.compile(r"(?:UTC|GMT)(?:[+-]\d{1,2}(?::?\d{2})?)?|[A-Z][A-Za-z]+/[A-Za-z_]+")


def fold(header: str) -> str:
    """Reduce a header or word to what matters: no case, no punctuation, no blanks, no BOM."""
    return _fold_cached(header) if len(header) <= LONGEST_REMEMBERED else _fold_cached.__wrapped__(header)


@lru_cache(maxsize=10_000)
def _fold_cached(header: str) -> str:
    return re.sub(r"[\W_]+", "", header.casefold())


@lru_cache(maxsize=20_000)
def name_parts(header: str) -> tuple[str, ...]:
    """Return a name by which a file is recognised: “Product - ID” has two parts, “Product ID” and “ProductId” one."""
    return tuple(fold(part) for part in NAME_PART_SEPARATOR.split(header))


def make_unique_names(headers: Iterable[str]) -> list[str]:
    """Name every column, each name once: empty ones by their place, repeated ones by a number."""
    names: dict[str, None] = {}
    seen: dict[str, int] = {}
    for position, header in enumerate(headers, 1):
        name = header.replace("\ufeff", "").replace("\0", "").strip()[:LONGEST] or f"column {position}"
        unique = name
        while unique in names:
            seen[name] = seen.get(name, 1) + 1
            unique = f"{name} ({seen[name]})"
        names[unique] = None
    return list(names)


def index_headers(headers: Iterable[str]) -> Mapping[str, str]:
    """Return {folded header: header}, and without a unit behind it; of two that fold alike, the first."""
    return _index_cached(tuple(headers))


@lru_cache(maxsize=64)
def _index_cached(headers: tuple[str, ...]) -> Mapping[str, str]:
    by_folded: dict[str, str] = {}
    # Whole names first: “Amount” must not lose its place to “Amount (EUR)”.
    for header in headers:
        by_folded.setdefault(fold(header), header)
    for header in headers:
        by_folded.setdefault(fold(without_unit(header)), header)
    return MappingProxyType(by_folded)


@lru_cache(maxsize=1_000)
def unit_of(header: str) -> str:
    """Return the currency or zone that a name says: Amount (EUR), Amount in €, Created at [UTC]."""
    match = UNIT.match(header.strip())
    unit = next(filter(None, match.groups()[1:]), "") if match else ""
    return unit if (currency_codes_of(unit) and unit not in WORDS_LIKE_CODES) or ZONE.fullmatch(unit) else ""


def without_unit(header: str) -> str:
    match = UNIT.match(header.strip())
    return match["name"] if match and unit_of(header) else header


ADDED_HEADERS = {fold(REJECTED_LINE), fold(REJECTED_BECAUSE)}


def correction_header(pk: int, sha256: str) -> str:
    """Return the name of the column that says which file's refused rows a file holds."""
    return f"Corrects file {pk} {sha256[:6]}"


def parse_correction_header(header: str) -> tuple[int, str] | None:
    """Read such a name: (file, how its hash begins)."""
    match = CORRECTS.fullmatch(fold(header))
    return (int(match[1]), match[2]) if match else None


def is_added_header(header: str) -> bool:
    """Return whether we added the column to rows that we handed back."""
    return fold(header) in ADDED_HEADERS or parse_correction_header(header) is not None
