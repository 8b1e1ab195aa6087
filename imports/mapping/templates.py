"""The plain sheets that anybody can fill in: our own mappings, as a table to download and as words that explain it.

The mapping `accord/<object>.toml` is the only place that knows a template: its columns, what they mean, which must be
filled, and an example of each.
"""

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imports.mapping.catalogue import OURS
from imports.mapping.loading import load_toml, read_mapping
from imports.mapping.schema import field_of, model_of

SOURCE = "accord"
EXAMPLES = 2


@dataclass(frozen=True)
class TemplateColumn:
    name: str
    about: str
    holds: str  # what may stand in it: text, a date …
    required: bool
    examples: tuple[str, ...]

    @property
    def example(self) -> str:
        return next(filter(None, self.examples), "")


@dataclass(frozen=True)
class Template:
    name: str
    title: str
    about: str
    columns: tuple[TemplateColumn, ...]

    @property
    def header(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def rows(self) -> list[list[str]]:
        return [[column.examples[place] for column in self.columns] for place in range(EXAMPLES)]

    def as_csv(self) -> str:
        """Return the header and the example rows, for a spreadsheet to open."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(self.header)
        writer.writerows(self.rows)
        return "\ufeff" + out.getvalue()


def templates() -> list[Template]:
    """Return every template, by title."""
    folder = OURS / SOURCE
    found = [_template(path) for path in folder.glob("*.toml") if path.name != "source.toml"]
    return sorted(found, key=lambda one: one.title)


def template(name: str) -> Template | None:
    return next((one for one in templates() if one.name == name), None)


def _template(path: Path) -> Template:
    table, kind = load_toml(path), read_mapping(path).object
    told = {**table.get("fields", {}), **table.get("references", {})}
    columns = [_column(kind, name, rule) for name, rule in told.items() if "about" in rule]
    types = table.get("custom_fields", {})
    columns += [
        TemplateColumn(name, told["about"], HELD_BY_TYPE[types[name]], False, _examples(told.get("example", ())))
        for name, told in table.get("custom_about", {}).items()
    ]
    own = [column for column in columns if column.name not in table.get("id", ())]
    ids = [_id_column(table, columns, name) for name in table.get("id", ())]
    ordered = sorted(own, key=lambda column: not column.required)
    return Template(path.name.removesuffix(".toml"), table["title"], table["about"], (*ids, *ordered))


def _id_column(table: dict[str, Any], columns: list[TemplateColumn], name: str) -> TemplateColumn:
    """Return the column of the id; one that is a field too is told of there."""
    return next((column for column in columns if column.name == name), None) or TemplateColumn(
        name, table["id_about"], "text", "id_from" not in table, _examples(table.get("id_example", ()))
    )


def _column(kind: str, name: str, rule: dict[str, Any]) -> TemplateColumn:
    names = rule["column"]
    header = names if isinstance(names, str) else names[0]
    required = rule.get("required", False)
    return TemplateColumn(header, rule["about"], holds(kind, name, rule), required, _examples(rule.get("example", ())))


def _examples(given: Any) -> tuple[str, ...]:
    return tuple([*map(str, given), *[""] * EXAMPLES][:EXAMPLES])


def holds(kind: str, name: str, rule: dict[str, Any]) -> str:
    """Say what may stand in a column."""
    if "by" in rule or field_of(model_of(kind), name).is_relation:
        return "a record"
    words = {"percent": "a percentage", "email": "an e-mail address", "domain": "a domain", "minutes": "minutes"}
    if "as" in rule:
        return words.get(rule["as"], "text")
    if "map" in rule:
        return "one of a few words"
    if name == "currency":
        return "a currency"
    return HOLDS.get(field_of(model_of(kind), name).get_internal_type(), "text")


HELD_BY_TYPE = {"text": "text", "number": "a number", "date": "a date", "yes_no": "yes or no"}
HOLDS = {
    "DateField": "a date",
    "DateTimeField": "a time",
    "DecimalField": "a number",
    "IntegerField": "a whole number",
    "BigIntegerField": "a whole number",
    "BooleanField": "yes or no",
}


def as_markdown() -> str:
    """Return what `docs/imports.md` says of the templates."""
    parts = []
    for one in templates():
        rows = [
            f"| {column.name}{' *' if column.required else ''} | {column.holds} | {column.about} | {column.example} |"
            for column in one.columns
        ]
        lines = [
            f"### {one.title}",
            "",
            one.about,
            "",
            "| column | holds | meaning | example |",
            "|---|---|---|---|",
            *rows,
        ]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"
