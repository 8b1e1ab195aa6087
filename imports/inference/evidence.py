"""What is known of how one file is to be read, and what says so.

A column is read as somebody said of it, else as its own cells prove, else as somebody said of the file, else as the
source's mapping says, else as the other columns of the file and the other files of the same source in the import prove.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import models

from core.currencies import USUAL
from imports.files.column_profile import speaks_for_others
from imports.mapping.bare_plans import bare_plans, read_of
from imports.mapping.editing import kind_for
from imports.mapping.plan import Plan, PlannedField
from imports.models import CustomType, FileState, ImportFile, SourceZone
from imports.parsing import numbers
from imports.parsing.dates import DAY_FIRST, MONTH_FIRST
from imports.parsing.numbers import COMMA, POINT
from imports.parsing.options import Manners
from imports.parsing.time_zones import zone_named
from team.models import Company

DATES, DECIMAL, ZONE, CURRENCY = "dates", "decimal", "zone", "currency"
SAID = "Somebody said so"
Columns = dict[str, dict[str, Any]]


TYPED: dict[str, str] = {CustomType.DATE: "dates", CustomType.NUMBER: "amounts"}


@dataclass(frozen=True)
class Needs:
    """Which columns some plan reads as what."""

    dates: frozenset[str]
    times: frozenset[str]
    amounts: frozenset[str]
    whole: frozenset[str]
    shares: frozenset[str]
    names_currency: bool


class Reader:
    """All that is known of how one file is to be read."""

    def __init__(self, file: ImportFile, plans: Iterable[Plan] | None = None) -> None:
        self.file = file
        self.columns: Columns = file.detected.get("columns", {})
        self.answers: dict[str, str] = file.answers
        self.kind = kind_for(file) if file.kind else None
        self.needs = needs(_plans(file) if plans is None else plans)

    def order_of(self, column: str) -> tuple[str, str]:
        """Return (order of day and month in a column, what says so)."""
        seen = self.columns.get(column, {})
        if said := self.answers.get(f"{DATES}:{column}"):
            return said, SAID
        if not contradicts(seen, "day", "month"):
            for name, order, place in (("day", DAY_FIRST, 0), ("month", MONTH_FIRST, 1)):
                if seen.get(name):
                    return order, f"{column}: {seen['date_samples'][place]}"
        if said := self.answers.get(DATES):
            return said, SAID
        return ("", "") if contradicts(seen, "day", "month") else self.order_elsewhere()

    def order_elsewhere(self) -> tuple[str, str]:
        """Return the order that the mapping states, or all other columns prove."""
        stated = _stated(self.kind.source.dates + self.kind.source.times) if self.kind else ""
        if stated:
            return stated, "The mapping says so"
        return (
            _agreed(_orders(self.columns))
            or _agreed(
                (order, f"{other.name}, {words}")
                for other in self._siblings()
                for order, words in _orders(other.detected.get("columns", {}))
            )
            or ("", "")
        )

    def decimal_of(self, column: str) -> tuple[str, str]:
        """Return (what parts the decimals in a column, what says so)."""
        seen = self.columns.get(column, {})
        if said := self.answers.get(f"{DECIMAL}:{column}"):
            return said, SAID
        own = _agreed(self.marks(column, seen))
        if own:
            return own
        if said := self.answers.get(DECIMAL):
            return said, SAID
        return ("", "") if any(self.marks(column, seen)) else self.decimal_elsewhere()

    def decimal_elsewhere(self) -> tuple[str, str]:
        return (
            _agreed(self._all_marks())
            or _agreed(
                (mark, f"{other.name}, {words}")
                for other in self._siblings()
                for name, seen in other.detected.get("columns", {}).items()
                if speaks_for_others(name, seen, "numeric")
                for mark, words in Reader._proofs(name, seen, bool(other.detected.get("typed")))
            )
            or ("", "")
        )

    def _all_marks(self) -> Iterator[tuple[str, str]]:
        read = self.needs.amounts | self.needs.whole | self.needs.shares
        for name, seen in self.columns.items():
            if name in read or speaks_for_others(name, seen, "numeric"):
                yield from self.marks(name, seen)

    def marks(self, column: str, seen: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """Yield what the cells of a column prove; of whole numbers and shares, what could be two things proves too."""
        yield from self._proofs(column, seen, bool(self.file.detected.get("typed")))
        pointed, with_comma = seen.get("whole", ["", ""])
        if column in self.needs.whole | self.needs.shares:
            turned = column in self.needs.shares
            if pointed:
                yield (POINT if turned else COMMA), f"{column}: {pointed}"
            if with_comma:
                yield (COMMA if turned else POINT), f"{column}: {with_comma}"

    @staticmethod
    def _proofs(column: str, seen: dict[str, Any], is_typed: bool) -> Iterator[tuple[str, str]]:
        if seen.get("point") and not is_typed:
            yield POINT, f"{column}: {seen['number_samples'][0]}"
        if seen.get("comma"):
            yield COMMA, f"{column}: {seen['number_samples'][1]}"

    def _siblings(self) -> list[ImportFile]:
        """Return the other files of the same source in the import."""
        if not hasattr(self, "_others"):
            others = self.file.run.files.filter(source=self.file.source, state__in=[FileState.READING, FileState.DONE])
            self._others = list(others.exclude(pk=self.file.pk).exclude(source=""))
        return self._others

    def currency_of(self, sign: str) -> str:
        """Return the currency that a sign beside an amount stands for; "" where it could be several."""
        codes = numbers.code_of(sign)
        if len(codes) == 1:
            return codes[0]
        company = Company.get().currency
        source = self.kind.source.currency if self.kind else ""
        said = self.answers.get(f"{CURRENCY}:{sign}", "")
        likely = (code for code in (self.file.run.currency_asked, company, source) if code in codes)
        return said or next(likely, USUAL.get(sign, ""))

    def signs(self) -> dict[str, dict[str, str]]:
        """Return for each column of amounts what the signs in it stand for."""
        return {
            name: {sign: self.currency_of(sign) for sign in seen["signs"]}
            for name, seen in self.columns.items()
            if seen.get("signs") and name in self.needs.amounts
        }

    def units(self) -> dict[str, str]:
        """Return the currencies that names of columns say."""
        named = {
            name: self.currency_of(unit)
            for name, unit in self.file.detected.get("units", {}).items()
            if numbers.code_of(unit)
        }
        return {name: code for name, code in named.items() if code}

    def zones(self) -> dict[str, str]:
        """Return the zone of each column whose name says one, and of the others where it is not the source's.

        The source's own is that of its programs; what it shows to people is on the clock of whoever looked at it.
        """
        units = {name: zone_named(unit) for name, unit in self.file.detected.get("units", {}).items()}
        own = {name: said for name in self.columns if (said := self.answers.get(f"{ZONE}:{name}"))}
        stated = self.kind.source.time_zone if self.kind else ""
        shown = self.shown_clocks(self.needs.times | self.needs.dates) if stated else []
        others = dict.fromkeys(shown, self.usual_zone()[0])
        if not shown and (said := self.answers.get(ZONE) or ("" if stated else self._remembered_zone())):
            others[""] = said
        return others | {name: zone for name, zone in (units | own).items() if zone}

    def usual_zone(self) -> tuple[str, str]:
        """Return (zone of times that neither say it nor are in the source's own, what says so)."""
        if ZONE in self.answers:
            return self.answers[ZONE], SAID
        before = self._remembered_zone()
        return (before, "Said before of this source") if before else (Company.get().time_zone, "The company's")

    def _remembered_zone(self) -> str:
        known = SourceZone.objects.filter(source=self.file.source).first() if self.file.source else None
        return known.time_zone if known else ""

    def clocks(self, columns: frozenset[str] | None = None) -> dict[str, str]:
        """Return a time without a zone from each column, by default of times, whose name says none either."""
        wanted = self.needs.times if columns is None else columns
        seen = {name: self.columns.get(name, {}) for name in self.file.header if name in wanted}
        found = {name: one.get("clock") or one.get("machine_clock", "") for name, one in seen.items()}
        units = self.file.detected.get("units", {})
        return {name: time for name, time in found.items() if time and not zone_named(units.get(name, ""))}

    def shown_clocks(self, columns: frozenset[str] | None = None) -> list[str]:
        """Return the columns whose times were written for people to read: not in the zone that the source keeps them in."""
        if self.file.detected.get("typed"):
            return list(self.clocks(columns))
        return [name for name in self.clocks(columns) if self.columns[name].get("clock")]


def manners_of(file: ImportFile, plans: Iterable[Plan] | None = None) -> Manners:
    """Return how the ambiguous cells of a file are read, as far as anything says it."""
    if not (file.detected or file.answers):
        return Manners()
    reader = Reader(file, plans)
    dated = {name: reader.order_of(name)[0] for name, seen in reader.columns.items() if has_dates(seen)}
    pointed = {name: reader.decimal_of(name)[0] for name, seen in reader.columns.items() if has_numbers(seen)}
    return Manners(
        date_order=dated | {"": reader.answers.get(DATES) or reader.order_elsewhere()[0]},
        decimal=pointed | {"": reader.answers.get(DECIMAL) or reader.decimal_elsewhere()[0]},
        zone=reader.zones(),
        nulls={name: frozenset(seen["nulls"]) for name, seen in reader.columns.items() if seen.get("nulls")},
        signs=reader.signs(),
        currency=reader.units(),
    )


def needs(plans: Iterable[Plan]) -> Needs:
    """Return which columns the plans read as dates, times, amounts, whole numbers and shares."""
    found: dict[str, set[str]] = {name: set() for name in ("dates", "times", "amounts", "whole", "shares")}
    has_currency = False
    for plan in plans:
        for one in plan.fields:
            found.setdefault(_nature(one), set()).update(one.headers)
            found["amounts"].update(one.calculation.headers if one.calculation else ())
            has_currency |= one.rule.name == "currency" and bool(one.headers)
        for name, kind in plan.custom_types.items():
            if kind in TYPED:
                found[TYPED[kind]].add(name)
    found.pop("", None)
    return Needs(**{name: frozenset(columns) for name, columns in found.items()}, names_currency=has_currency)


def _nature(one: PlannedField) -> str:
    field = one.model_field
    if one.rule.reads == "percent":
        return "shares"
    if isinstance(field, models.DateTimeField):
        return "times"
    if isinstance(field, models.DateField):
        return "dates"
    if isinstance(field, models.DecimalField) or one.rule.reads in {"millions", "minutes"}:
        return "amounts"
    return "whole" if isinstance(field, models.IntegerField) and not field.choices else ""


def _plans(file: ImportFile) -> list[Plan]:
    return bare_plans(file.header, kind_for(file), "", read_of(file)) if file.kind else []


def contradicts(seen: dict[str, Any], one: str, other: str) -> bool:
    return bool(seen.get(one) and seen.get(other))


def has_dates(seen: dict[str, Any]) -> bool:
    return bool(seen.get("day") or seen.get("month") or seen.get("open_dates"))


def has_numbers(seen: dict[str, Any]) -> bool:
    return bool(seen.get("point") or seen.get("comma") or seen.get("open_numbers"))


def _stated(formats: Iterable[str]) -> str:
    """Return the order that the formats of a mapping state; "" where they state none, or both."""
    ambiguous = [one for one in formats if "." not in one and "%b" not in one.casefold()]
    orders = {
        DAY_FIRST if one.startswith(("%d", "%-d")) else MONTH_FIRST for one in ambiguous if one.startswith(("%d", "%m"))
    }
    return orders.pop() if len(orders) == 1 else ""


def _orders(columns: Columns) -> Iterator[tuple[str, str]]:
    for name, seen in columns.items():
        if not speaks_for_others(name, seen, "dated"):
            continue
        if seen.get("day"):
            yield DAY_FIRST, f"{name}: {seen['date_samples'][0]}"
        if seen.get("month"):
            yield MONTH_FIRST, f"{name}: {seen['date_samples'][1]}"


def _agreed(told: Iterable[tuple[str, str]]) -> tuple[str, str] | None:
    """Return what all say, and the first who says it; nothing where they differ or nobody speaks."""
    found = list(told)
    return found[0] if found and len({value for value, _ in found}) == 1 else None
