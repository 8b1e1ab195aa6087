"""Column headers as people write them, and as we compare them."""

import re
from collections.abc import Iterable

REJECTED_LINE, REJECTED_BECAUSE = "Rejected line", "Rejected because"  # columns that we add to rows we hand back


def fold(header: str) -> str:
    """Reduce a header or word to what matters: no case, no punctuation, no blanks, no BOM."""
    return re.sub(r"[\W_]+", "", header.casefold())


def distinct(headers: Iterable[str]) -> list[str]:
    """Name every column, each name once: empty ones by their place, repeated ones by a number."""
    names: list[str] = []
    for place, header in enumerate(headers, 1):
        name = header.replace("\ufeff", "").replace("\0", "").strip() or f"column {place}"
        repeated = sum(1 for other in names if other == name or re.fullmatch(re.escape(name) + r" \(\d+\)", other))
        names.append(f"{name} ({repeated + 1})" if repeated else name)
    return names


def index(headers: Iterable[str]) -> dict[str, str]:
    """Return {folded header: header}; of two that fold alike, the first."""
    found: dict[str, str] = {}
    for header in headers:
        found.setdefault(fold(header), header)
    return found


OURS = {fold(REJECTED_LINE), fold(REJECTED_BECAUSE)}
