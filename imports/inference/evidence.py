"""Infer the formats of one file, each with its reason.

A column is read by the answer for it, else as its own cells prove, else by the answer for the file, else as the
source's mapping says, else as the other columns of the file and the other files of the same source in the import prove.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import models

from core.currencies import USUAL
from imports.files.column_profile import speaks_for_others
from imports.mapping.bare_plans import bare_plans, columns_read_of
from imports.mapping.editing import file_kind_of
from imports.mapping.plan import Plan, PlannedField
from imports.models import CustomType, FileState, ImportFile, SourceZone
from imports.parsing import numbers
from imports.parsing.dates import DAY_FIRST, MONTH_FIRST
from imports.parsing.numbers import COMMA, POINT
from imports.parsing.options import ParseOptions
from imports.parsing.time_zones import zone_named
from team.models import Company

DATES, DECIMAL, ZONE, CURRENCY = "dates", "decimal", "zone", "currency"
CHOSEN_BY_PERSON = "Chosen by a person"
Columns = dict[str, dict[str, Any]]


NEED_BY_TYPE: dict[str, str] = {CustomType.DATE: "dates", CustomType.NUMBER: "amounts"}


@dataclass(frozen=True)
class NeededColumns:
    """Which columns some plan reads as what."""

    dates: frozenset[str]
    times: frozenset[str]
    amounts: frozenset[str]
    whole: frozenset[str]
    shares: frozenset[str]
    names_currency: bool


class FormatInference:
    """Infers how one file is read: each method returns a value, and most of them the reason."""

    def __init__(self, file: ImportFile, plans: Iterable[Plan] | None = None) -> None:
        self.file = file
        self.columns: Columns = file.detected.get("columns", {})
        self.answers: dict[str, str] = file.answers
        self.kind = file_kind_of(file) if file.kind else None
        if plans is None:
            plans = bare_plans(file.header, self.kind, "", columns_read_of(file)) if self.kind else []
        self.needs = columns_needed(plans)

    def order_of(self, column: str) -> tuple[str, str]:
        """Return (order of day and month in a column, what says so)."""
        seen = self.columns.get(column, {})
        if answer := self.answers.get(f"{DATES}:{column}"):
            return answer, CHOSEN_BY_PERSON
        if not has_both(seen, "day", "month"):
            for name, order, position in (("day", DAY_FIRST, 0), ("month", MONTH_FIRST, 1)):
                if seen.get(name):
                    return order, f"{column}: {seen['date_samples'][position]}"
        if answer := self.answers.get(DATES):
            return answer, CHOSEN_BY_PERSON
        return ("", "") if has_both(seen, "day", "month") else self.order_elsewhere()

    def order_elsewhere(self) -> tuple[str, str]:
        """Return the order that the mapping states, or all other columns prove."""
        stated = _stated_date_order(self.kind.source.dates + self.kind.source.times) if self.kind else ""
        if stated:
            return stated, "As the mapping defines"
        return (
            _unanimous(_date_order_proofs(self.columns))
            or _unanimous(
                (order, f"{other.name}, {reason}")
                for other in self._sibling_files()
                for order, reason in _date_order_proofs(other.detected.get("columns", {}))
            )
            or ("", "")
        )

    def decimal_of(self, column: str) -> tuple[str, str]:
        """Return (what parts the decimals in a column, what says so)."""
        seen = self.columns.get(column, {})
        if answer := self.answers.get(f"{DECIMAL}:{column}"):
            return answer, CHOSEN_BY_PERSON
        own = _unanimous(self.decimal_proofs(column, seen))
        if own:
            return own
        if answer := self.answers.get(DECIMAL):
            return answer, CHOSEN_BY_PERSON
        return ("", "") if any(self.decimal_proofs(column, seen)) else self.decimal_elsewhere()

    def decimal_elsewhere(self) -> tuple[str, str]:
        return (
            _unanimous(self._all_decimal_proofs())
            or _unanimous(
                (mark, f"{other.name}, {reason}")
                for other in self._sibling_files()
                for name, seen in other.detected.get("columns", {}).items()
                if speaks_for_others(name, seen, "numeric")
                for mark, reason in FormatInference._column_proofs(name, seen, bool(other.detected.get("typed")))
            )
            or ("", "")
        )

    def _all_decimal_proofs(self) -> Iterator[tuple[str, str]]:
        read = self.needs.amounts | self.needs.whole | self.needs.shares
        for name, seen in self.columns.items():
            if name in read or speaks_for_others(name, seen, "numeric"):
                yield from self.decimal_proofs(name, seen)

    def decimal_proofs(self, column: str, seen: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """Yield what the cells of a column prove; of whole numbers and shares, what could be two things proves too."""
        yield from self._column_proofs(column, seen, bool(self.file.detected.get("typed")))
        pointed, with_comma = seen.get("whole", ["", ""])
        if column in self.needs.whole | self.needs.shares:
            turned = column in self.needs.shares
            if pointed:
                yield (POINT if turned else COMMA), f"{column}: {pointed}"
            if with_comma:
                yield (COMMA if turned else POINT), f"{column}: {with_comma}"

    @staticmethod
    def _column_proofs(column: str, seen: dict[str, Any], is_typed: bool) -> Iterator[tuple[str, str]]:
        if seen.get("point") and not is_typed:
            yield POINT, f"{column}: {seen['number_samples'][0]}"
        if seen.get("comma"):
            yield COMMA, f"{column}: {seen['number_samples'][1]}"

    def _sibling_files(self) -> list[ImportFile]:
        """Return the other files of the same source in the import."""
        if not hasattr(self, "_others"):
            others = self.file.run.files.filter(source=self.file.source, state__in=[FileState.READING, FileState.DONE])
            self._others = list(others.exclude(pk=self.file.pk).exclude(source=""))
        return self._others

    def currency_of(self, sign: str) -> str:
        """Return the currency that a sign beside an amount represents; "" where it could be several."""
        codes = numbers.currency_codes_of(sign)
        if len(codes) == 1:
            return codes[0]
        company = Company.get().currency
        source = self.kind.source.currency if self.kind else ""
        answer = self.answers.get(f"{CURRENCY}:{sign}", "")
        likely = (code for code in (self.file.run.currency_asked, company, source) if code in codes)
        return answer or next(likely, USUAL.get(sign, ""))

    def currency_by_mark(self) -> dict[str, dict[str, str]]:
        """Return for each column of amounts what the signs in it represent."""
        return {
            name: {sign: self.currency_of(sign) for sign in seen["signs"]}
            for name, seen in self.columns.items()
            if seen.get("signs") and name in self.needs.amounts
        }

    def currency_by_header(self) -> dict[str, str]:
        """Return the currencies that names of columns say."""
        codes = {
            name: self.currency_of(unit)
            for name, unit in self.file.detected.get("units", {}).items()
            if numbers.currency_codes_of(unit)
        }
        return {name: code for name, code in codes.items() if code}

    def zone_by_column(self) -> dict[str, str]:
        """Return the zone of each column whose name says one, and of the others where it is not the source's.

        The source's own zone is that of its programs; reports for people are in the zone of the user who ran them.
        """
        units = {name: zone_named(unit) for name, unit in self.file.detected.get("units", {}).items()}
        own = {name: zone_answer for name in self.columns if (zone_answer := self.answers.get(f"{ZONE}:{name}"))}
        stated = self.kind.source.time_zone if self.kind else ""
        shown_columns = self.columns_of_shown_times(self.needs.times | self.needs.dates) if stated else []
        others = dict.fromkeys(shown_columns, self.usual_zone()[0])
        if not shown_columns and (zone_answer := self.answers.get(ZONE) or ("" if stated else self._remembered_zone())):
            others[""] = zone_answer
        return others | {name: zone for name, zone in (units | own).items() if zone}

    def usual_zone(self) -> tuple[str, str]:
        """Return (zone of times that neither say it nor are in the source's own, what says so)."""
        if ZONE in self.answers:
            return self.answers[ZONE], CHOSEN_BY_PERSON
        before = self._remembered_zone()
        return (before, "Chosen before for this source") if before else (Company.get().time_zone, "The company's")

    def _remembered_zone(self) -> str:
        remembered = SourceZone.objects.filter(source=self.file.source).first() if self.file.source else None
        return remembered.time_zone if remembered else ""

    def times_without_zone(self, columns: frozenset[str] | None = None) -> dict[str, str]:
        """Return a time without a zone from each column, by default of times, whose name says none either."""
        wanted = self.needs.times if columns is None else columns
        profiles = {name: self.columns.get(name, {}) for name in self.file.header if name in wanted}
        times = {name: profile.get("clock") or profile.get("machine_clock", "") for name, profile in profiles.items()}
        units = self.file.detected.get("units", {})
        return {name: time for name, time in times.items() if time and not zone_named(units.get(name, ""))}

    def columns_of_shown_times(self, columns: frozenset[str] | None = None) -> list[str]:
        """Return the columns whose times were written for people to read: not in the zone that the source keeps them in."""
        if self.file.detected.get("typed"):
            return list(self.times_without_zone(columns))
        return [name for name in self.times_without_zone(columns) if self.columns[name].get("clock")]


def parse_options_of(file: ImportFile, plans: Iterable[Plan] | None = None) -> ParseOptions:
    """Return how the ambiguous cells of a file are read, as far as anything says it."""
    if not (file.detected or file.answers):
        return ParseOptions()
    reader = FormatInference(file, plans)
    dated = {name: reader.order_of(name)[0] for name, seen in reader.columns.items() if has_dates(seen)}
    pointed = {name: reader.decimal_of(name)[0] for name, seen in reader.columns.items() if has_numbers(seen)}
    return ParseOptions(
        date_order=dated | {"": reader.answers.get(DATES) or reader.order_elsewhere()[0]},
        decimal=pointed | {"": reader.answers.get(DECIMAL) or reader.decimal_elsewhere()[0]},
        zone=reader.zone_by_column(),
        nulls={name: frozenset(seen["nulls"]) for name, seen in reader.columns.items() if seen.get("nulls")},
        signs=reader.currency_by_mark(),
        currency=reader.currency_by_header(),
    )


def columns_needed(plans: Iterable[Plan]) -> NeededColumns:
    """Return which columns the plans read as dates, times, amounts, whole numbers and shares."""
    columns: dict[str, set[str]] = {name: set() for name in ("dates", "times", "amounts", "whole", "shares")}
    has_currency = False
    for plan in plans:
        for planned in plan.fields:
            columns.setdefault(_need_of_field(planned), set()).update(planned.headers)
            columns["amounts"].update(planned.calculation.headers if planned.calculation else ())
            has_currency |= planned.rule.name == "currency" and bool(planned.headers)
        for name, kind in plan.custom_types.items():
            if kind in NEED_BY_TYPE:
                columns[NEED_BY_TYPE[kind]].add(name)
    columns.pop("", None)
    return NeededColumns(**{name: frozenset(names) for name, names in columns.items()}, names_currency=has_currency)


def _need_of_field(planned: PlannedField) -> str:
    field = planned.model_field
    if planned.rule.reads == "percent":
        return "shares"
    if isinstance(field, models.DateTimeField):
        return "times"
    if isinstance(field, models.DateField):
        return "dates"
    if isinstance(field, models.DecimalField) or planned.rule.reads in {"millions", "minutes"}:
        return "amounts"
    return "whole" if isinstance(field, models.IntegerField) and not field.choices else ""


def has_both(seen: dict[str, Any], first: str, second: str) -> bool:
    return bool(seen.get(first) and seen.get(second))


def has_dates(seen: dict[str, Any]) -> bool:
    return bool(seen.get("day") or seen.get("month") or seen.get("open_dates"))


def has_numbers(seen: dict[str, Any]) -> bool:
    return bool(seen.get("point") or seen.get("comma") or seen.get("open_numbers"))


def _stated_date_order(formats: Iterable[str]) -> str:
    """Return the order that the formats of a mapping state; "" where they state none, or both."""
    ambiguous = [pattern for pattern in formats if "." not in pattern and "%b" not in pattern.casefold()]
    orders = {
        DAY_FIRST if pattern.startswith(("%d", "%-d")) else MONTH_FIRST
        for pattern in ambiguous
        if pattern.startswith(("%d", "%m"))
    }
    return orders.pop() if len(orders) == 1 else ""


def _date_order_proofs(columns: Columns) -> Iterator[tuple[str, str]]:
    for name, seen in columns.items():
        if not speaks_for_others(name, seen, "dated"):
            continue
        if seen.get("day"):
            yield DAY_FIRST, f"{name}: {seen['date_samples'][0]}"
        if seen.get("month"):
            yield MONTH_FIRST, f"{name}: {seen['date_samples'][1]}"


def _unanimous(proofs: Iterable[tuple[str, str]]) -> tuple[str, str] | None:
    """Return the first proof where all agree on one value; None where they differ or there is none."""
    all_proofs = list(proofs)
    return all_proofs[0] if all_proofs and len({value for value, _ in all_proofs}) == 1 else None
