"""A mapping laid over the headers of one file: what will be read from where, and staged as what."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from django.db import connection, models

from imports.mapping.conversion import Conversion
from imports.mapping.departures import NO_DEPARTURES, DepartureColumns, departure_columns
from imports.mapping.same_names import same_names
from imports.mapping.schema import Condition, FieldRule, ObjectMapping, Reference, Source, column_of, field_of, model_of
from imports.mapping.stage_meanings import StageBook
from imports.parsing.headers import fold, index_headers, is_added_header, without_unit
from imports.parsing.options import DEFAULT_OPTIONS, ParseOptions

OUTCOME_BASIS = "outcome_basis"
NAME, NAME_PARTS = "name", ("first_name", "last_name")  # the whole name of a person is made of these, in this order
CUSTOM_COLUMNS = {"number": "numeric", "date": "date", "yes_no": "boolean"}  # in which a typed custom field is staged


@dataclass(frozen=True)
class PlannedCalculation:
    """A calculation over the headers of this file."""

    operation: str
    terms: tuple[str, ...]
    less: tuple[str, ...]
    less_percent: str

    @property
    def headers(self) -> tuple[str, ...]:
        return tuple(filter(None, (*self.terms, *self.less, self.less_percent)))


@dataclass(frozen=True)
class PlannedField:
    """One field: its rule, and the headers of this file that feed it."""

    rule: FieldRule
    model_field: models.Field
    headers: tuple[str, ...]
    join: tuple[str, ...]
    refine: tuple[str, ...] = ()
    calculation: "PlannedCalculation | None" = None
    unless: tuple[tuple[str, frozenset[str]], ...] = ()  # (column, folded words)
    flags: tuple[tuple[str, tuple[str, ...]], ...] = ()
    name_parts: tuple[
        str, ...
    ] = ()  # of a person's name: the columns of the table that make it, where nothing else does

    @property
    def column(self) -> str:
        return str(self.model_field.column)


@dataclass(frozen=True)
class PlannedReference:
    """One link: its rule, the headers that feed it, and the names of its staged column and joined table."""

    rule: Reference
    headers: tuple[str, ...]
    model: type[models.Model]
    column: str  # database column of the link
    staged: str
    join: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What to do with the rows of one file for one kind of record."""

    mapping: ObjectMapping
    source: Source
    model: type[models.Model]
    id_headers: tuple[str, ...]
    fields: tuple[PlannedField, ...]
    references: tuple[PlannedReference, ...]
    custom: tuple[str, ...]  # headers kept as custom fields
    drop_when: tuple[tuple[str, frozenset[str]], ...]
    currency: str = ""
    zone: str = "UTC"
    home: str = "UTC"  # the company's zone, in which days begin
    keep_when: tuple[tuple[str, frozenset[str]], ...] = ()
    only: tuple[Condition, ...] = ()
    departures: DepartureColumns = NO_DEPARTURES
    leaves_empty: bool = False  # empty cells leave the values of records that are here
    conversion: Conversion | None = field(default=None, repr=False)
    stages: StageBook | None = field(default=None, repr=False)
    file_columns: frozenset[str] = field(default=frozenset(), repr=False)
    custom_types: dict[str, str] = field(default_factory=dict, repr=False)  # of those that are more than text
    options: ParseOptions = field(default=DEFAULT_OPTIONS, repr=False)

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @property
    def name_parts(self) -> tuple[str, ...]:
        """Return the columns of the table that make the name of a person, where no column of the file gives it whole."""
        return next(
            (planned.name_parts for planned in self.fields if planned.rule.name == NAME and not planned.headers), ()
        )

    @property
    def all_headers(self) -> set[str]:
        """Return the columns that feed a field, a link or the id."""
        fields = {header for planned in self.fields for header in (*planned.headers, *planned.join, *planned.refine)}
        return {*self.id_headers, *fields, *(header for planned in self.references for header in planned.headers)}

    def headers_of(self, name: str) -> tuple[str, ...]:
        """Return the columns of the file that feed a field or link."""
        planned: list[PlannedField | PlannedReference] = [*self.fields, *self.references]
        return next((item.headers for item in planned if item.rule.name == name), ())


def make_plan(
    mapping: ObjectMapping, source: Source, header: list[str], known_columns: set[str], currency: str, zone: str,
    chosen_columns: Mapping[str, str] | None = None,
) -> Plan:  # fmt: skip
    """Return the plan of a mapping for the headers of a file.

    Args:
        known_columns: the folded headers that any mapping of this file reads.
        chosen_columns: of folded names that several columns have, the one that is read; the others are kept.
    """
    # Exact references name their own column, so a choice between columns with one name must not replace it.
    exact = {fold(name) for rule in mapping.all_references if rule.exact for name in rule.columns}
    chosen = {folded: name for folded, name in (chosen_columns or {}).items() if folded not in exact}
    spare = {name for folded, names in same_names(header).items() if folded in chosen for name in names}
    spare -= set(chosen.values())
    is_read = {name for folded, name in chosen.items() if folded in known_columns}
    here = {**index_headers(header), **chosen}
    model = model_of(mapping.object)
    typed = {fold(name): kind for name, kind in mapping.custom_types}
    departures = _plan_departures(mapping, header, here)
    custom = [
        name
        for name in header
        if not is_added_header(name)
        and name not in departures.headers
        and (name not in is_read or fold(name) in typed)
        and (
            fold(name) in typed
            or (mapping.keeps_custom and (name in spare or not {fold(name), fold(without_unit(name))} & known_columns))
        )
    ]
    return Plan(
        mapping=mapping,
        source=source,
        model=model,
        id_headers=_headers_present(mapping.id_columns, here),
        fields=(
            *_add_whole_name(model, list(_plan_fields(mapping, model, here, currency))),
            *_assumed_currency_field(mapping, model, here, currency),
        ),
        references=tuple(_plan_references(mapping, model, here)),
        custom=tuple(custom),
        drop_when=_folded_words(mapping.drop_when, here),
        keep_when=_folded_words(mapping.keep_when, here),
        only=mapping.only,
        departures=departures,
        currency=currency,
        zone=source.time_zone or zone,
        home=zone,
        custom_types={name: typed[fold(name)] for name in custom if typed.get(fold(name), "text") != "text"},
    )


def _plan_departures(mapping: ObjectMapping, header: list[str], here: Mapping[str, str]) -> DepartureColumns:
    given = DepartureColumns(
        _folded_words(mapping.deleted_when, here),
        _headers_present(mapping.merged_into, here),
        _headers_present(mapping.merged_ids, here),
    )
    ignored = {fold(name) for name in mapping.ignore}
    return departure_columns(header, mapping.object, mapping.source, mapping.known_columns - ignored, given)


def _folded_words(
    rules: Iterable[tuple[str, tuple[str, ...]]], here: Mapping[str, str]
) -> tuple[tuple[str, frozenset[str]], ...]:
    return tuple((here[fold(name)], frozenset(map(fold, listed))) for name, listed in rules if fold(name) in here)


def _headers_present(names: Iterable[str], here: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(here[fold(name)] for name in names if fold(name) in here))


def _plan_fields(
    mapping: ObjectMapping, model: type[models.Model], here: Mapping[str, str], currency: str
) -> Iterable[PlannedField]:
    """Yield what this file can fill; a rule none of whose columns are here leaves its field as it is."""
    # A rule with `when` reads the values of other fields, so it comes after them.
    for rule in sorted(mapping.fields, key=lambda rule: bool(rule.when)):
        if rule.name == "currency" and rule.value is None and not rule.required:
            rule = replace(rule, default=currency)
        headers, join = _headers_present(rule.columns, here), _headers_present(rule.join, here)
        calculation = _plan_calculation(rule, here)
        if headers or join or calculation or rule.value is not None:
            refine = _headers_present(rule.refine.columns, here) if rule.refine else ()
            unless = _folded_words(rule.unless, here)
            flags = tuple((flag, flagged) for flag, names in rule.flags if (flagged := _headers_present(names, here)))
            yield PlannedField(rule, field_of(model, rule.name), headers, join, refine, calculation, unless, flags)
            if rule.name == "outcome" and mapping.object == "opportunity" and rule.map and headers:
                yield PlannedField(FieldRule(OUTCOME_BASIS), field_of(model, OUTCOME_BASIS), (), ())


def _add_whole_name(model: type[models.Model], fields: list[PlannedField]) -> list[PlannedField]:
    """Make the whole name of a person of its parts, as far as no column of the file gives it; it is read after them."""
    parts = tuple(name for name in NAME_PARTS if any(planned.rule.name == name for planned in fields))
    if not parts or not any(field.name == NAME for field in model._meta.concrete_fields):
        return fields
    given = next((planned for planned in fields if planned.rule.name == NAME), None)
    whole = given or PlannedField(FieldRule(NAME), field_of(model, NAME), (), ())
    return [*(planned for planned in fields if planned is not given), replace(whole, name_parts=parts)]


def _plan_calculation(rule: FieldRule, here: Mapping[str, str]) -> PlannedCalculation | None:
    """Return the calculation where this file has what it needs: each factor of a product, or one column of a sum."""
    given = rule.calculation
    if given is None:
        return None
    terms = [_headers_present(names, here)[:1] for names in given.terms]
    if not any(terms) or (given.operation == "product" and not all(terms)):
        return None
    flat = tuple(header for headers in terms for header in headers)
    less = tuple(header for names in given.less for header in _headers_present(names, here)[:1])
    return PlannedCalculation(given.operation, flat, less, next(iter(_headers_present(given.less_percent, here)), ""))


def _assumed_currency_field(
    mapping: ObjectMapping, model: type[models.Model], here: Mapping[str, str], assumed: str
) -> Iterable[PlannedField]:
    """Money without a currency is in the one assumed for the import."""
    rules_by_field = {rule.name: rule for rule in mapping.fields}
    money = any(
        isinstance(model._meta.get_field(rule.name), models.DecimalField)
        and (_headers_present(rule.columns, here) or rule.value is not None or _plan_calculation(rule, here))
        for rule in mapping.fields
        if rule.name not in {"probability", "quantity"}
    )
    has_currency = any(model_field.name == "currency" for model_field in model._meta.get_fields())
    rule = rules_by_field.get("currency")
    is_given = rule is not None and (rule.value is not None or bool(_headers_present(rule.columns, here)))
    if is_given or not (money and has_currency and assumed):
        return
    yield PlannedField(FieldRule("currency", value=assumed), field_of(model, "currency"), (), ())


def _plan_references(
    mapping: ObjectMapping, model: type[models.Model], here: Mapping[str, str]
) -> Iterable[PlannedReference]:
    for alternatives in mapping.references:
        fed = ((rule, rule.headers_in(here), _headers_present(rule.join, here)) for rule in alternatives)
        rule, headers, join = next(
            (candidate for candidate in fed if candidate[0].value or candidate[1] or candidate[2]), (None, (), ())
        )
        if rule is not None:
            column = column_of(model, rule.name)
            yield PlannedReference(
                rule, headers or join, model_of(rule.to), column, f"to_{rule.name}", () if headers else join
            )


def staged_columns(plan: Plan) -> list[tuple[str, str]]:
    """Return (name, database type) of the staging table, in the order in which rows are copied into it."""
    columns = [("external_id", "text")]
    columns += [(planned.column, str(planned.model_field.db_type(connection))) for planned in plan.fields]
    columns += [(planned.staged, "text") for planned in plan.references]
    return columns + [
        (f"custom_{position}", CUSTOM_COLUMNS.get(plan.custom_types.get(name, ""), "text"))
        for position, name in enumerate(plan.custom)
    ]
