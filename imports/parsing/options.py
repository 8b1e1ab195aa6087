"""How the cells of one file are read where they could be read in two ways: by what it proves, and by what people said."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Manners:
    """Per column of the file, or "" for all others; what nobody knows is missing, and then nothing is guessed."""

    date_order: Mapping[str, str] = field(default_factory=dict)  # day-first, month-first
    decimal: Mapping[str, str] = field(default_factory=dict)  # point, comma
    zone: Mapping[str, str] = field(default_factory=dict)
    nulls: Mapping[str, frozenset[str]] = field(default_factory=dict)  # words that stand for nothing
    signs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # currency of the signs beside amounts
    currency: Mapping[str, str] = field(default_factory=dict)  # that the name of a column says

    def order_of(self, headers: Iterable[str]) -> str:
        return _of(self.date_order, headers)

    def decimal_of(self, headers: Iterable[str]) -> str:
        return _of(self.decimal, headers)

    def zone_of(self, headers: Iterable[str], default: str) -> str:
        return _of(self.zone, headers) or default

    def nulls_of(self, headers: Iterable[str]) -> frozenset[str]:
        return frozenset().union(*(self.nulls.get(header, frozenset()) for header in headers))


PLAIN = Manners()


def _of(table: Mapping[str, str], headers: Iterable[str]) -> str:
    return next((table[header] for header in (*headers, "") if header in table), "")
