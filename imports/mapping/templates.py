"""The import templates: Accord's own mappings, as a sheet to download and as the text that explains its columns.

The mapping `accord/<object>.toml` is the only place that knows a template: its columns, what they mean, which must be
filled, and an example of each.
"""

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imports.mapping.folders import BUILT_IN_MAPPINGS
from imports.mapping.loading import load_toml, read_mapping
from imports.mapping.schema import field_of, model_of

SOURCE = "accord"
EXAMPLES = 2


@dataclass(frozen=True)
class TemplateColumn:
    name: str
    about: str
    holds: str  # what it can hold: text, a date …
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
        return [[column.examples[number] for column in self.columns] for number in range(EXAMPLES)]

    def as_csv(self) -> str:
        """Return the header and the example rows, for a spreadsheet to open."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(self.header)
        writer.writerows(self.rows)
        return "\ufeff" + out.getvalue()


def list_templates() -> list[Template]:
    """Return every template, by title."""
    folder = BUILT_IN_MAPPINGS / SOURCE
    templates = [_read_template(path) for path in folder.glob("*.toml") if path.name != "source.toml"]
    return sorted(templates, key=lambda template: template.title)


def find_template(name: str) -> Template | None:
    return next((candidate for candidate in list_templates() if candidate.name == name), None)


def _read_template(path: Path) -> Template:
    table, kind = load_toml(path), read_mapping(path).object
    rule_table = {**table.get("fields", {}), **table.get("references", {})}
    columns = [_template_column(kind, name, rule) for name, rule in rule_table.items() if "about" in rule]
    types = table.get("custom_fields", {})
    columns += [
        TemplateColumn(
            name, rule_table["about"], CONTENT_BY_TYPE[types[name]], False, _two_examples(rule_table.get("example", ()))
        )
        for name, rule_table in table.get("custom_about", {}).items()
    ]
    own = [column for column in columns if column.name not in table.get("id", ())]
    ids = [_id_column(table, columns, name) for name in table.get("id", ())]
    ordered = sorted(own, key=lambda column: not column.required)
    return Template(path.name.removesuffix(".toml"), table["title"], table["about"], (*ids, *ordered))


def _id_column(table: dict[str, Any], columns: list[TemplateColumn], name: str) -> TemplateColumn:
    """Return the column of the id; one that is also a field has its description there."""
    return next((column for column in columns if column.name == name), None) or TemplateColumn(
        name, table["id_about"], "text", "id_from" not in table, _two_examples(table.get("id_example", ()))
    )


def _template_column(kind: str, name: str, rule: dict[str, Any]) -> TemplateColumn:
    names = rule["column"]
    header = names if isinstance(names, str) else names[0]
    required = rule.get("required", False)
    return TemplateColumn(
        header, rule["about"], describe_content(kind, name, rule), required, _two_examples(rule.get("example", ()))
    )


def _two_examples(given: Any) -> tuple[str, ...]:
    return tuple([*map(str, given), *[""] * EXAMPLES][:EXAMPLES])


def describe_content(kind: str, name: str, rule: dict[str, Any]) -> str:
    """Describe what a column can hold."""
    if "by" in rule or field_of(model_of(kind), name).is_relation:
        return "a record"
    descriptions = {"percent": "a percentage", "email": "an e-mail address", "domain": "a domain", "minutes": "minutes"}
    if "as" in rule:
        return descriptions.get(rule["as"], "text")
    if "map" in rule:
        return "one of the listed values"
    if name == "currency":
        return "a currency"
    return CONTENT_BY_FIELD.get(field_of(model_of(kind), name).get_internal_type(), "text")


CONTENT_BY_TYPE = {"text": "text", "number": "a number", "date": "a date", "yes_no": "yes or no"}
CONTENT_BY_FIELD = {
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
    for template in list_templates():
        rows = [
            f"| {column.name}{' *' if column.required else ''} | {column.holds} | {column.about} | {column.example} |"
            for column in template.columns
        ]
        lines = [
            f"### {template.title}",
            "",
            template.about,
            "",
            "| column | holds | meaning | example |",
            "|---|---|---|---|",
            *rows,
        ]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"
