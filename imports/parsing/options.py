"""How the ambiguous cells of one file are parsed: by what the file proves, and by what people chose."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ParseOptions:
    """Options per column of the file, under "" for all other columns. What is not known is missing: ambiguous cells are refused then."""

    date_order: Mapping[str, str] = field(default_factory=dict)  # day-first, month-first
    decimal: Mapping[str, str] = field(default_factory=dict)  # point, comma
    zone: Mapping[str, str] = field(default_factory=dict)
    nulls: Mapping[str, frozenset[str]] = field(default_factory=dict)  # words that mean nothing
    signs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # currency of the signs beside amounts
    currency: Mapping[str, str] = field(default_factory=dict)  # that the name of a column says

    def order_of(self, headers: Iterable[str]) -> str:
        return _option_for(self.date_order, headers)

    def decimal_of(self, headers: Iterable[str]) -> str:
        return _option_for(self.decimal, headers)

    def zone_of(self, headers: Iterable[str], default: str) -> str:
        return _option_for(self.zone, headers) or default

    def nulls_of(self, headers: Iterable[str]) -> frozenset[str]:
        return frozenset().union(*(self.nulls.get(header, frozenset()) for header in headers))


DEFAULT_OPTIONS = ParseOptions()


def _option_for(table: Mapping[str, str], headers: Iterable[str]) -> str:
    return next((table[header] for header in (*headers, "") if header in table), "")
