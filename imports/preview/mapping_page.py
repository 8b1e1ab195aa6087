"""What the user sees of a file before it is imported: each column with samples, what it becomes, and how that is read."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from imports.mapping.catalogue import FileKind
from imports.mapping.editing import (
    Table,
    catalogue_tables,
    file_kind_of,
    find_source,
    new_mapping,
    reassign_columns,
    set_id,
    target_of_column,
)
from imports.mapping.loading import parse_mapping
from imports.mapping.schema import MappingError
from imports.mapping.suggestions import propose_mapping, propose_mapping_as
from imports.mapping.targets import AS_IS, CUSTOM, ID_ONLY, OUT, Target, list_targets
from imports.models import CustomType, ImportFile
from imports.parsing.headers import fold, is_added_header


@dataclass
class Draft:
    """A mapping as the user is editing it."""

    source: str
    kind: str  # of record
    choices: dict[str, str]
    id_column: str  # a column, "" for the whole row, or None where the source's own rule applies
    is_new: bool  # no mapping of the catalogue reads this file
    tables: list[Table] = field(default_factory=list)  # of the catalogue or of before, the main one first
    constants: dict[str, str] = field(default_factory=dict)  # proposed: target, and what it is in every row

    @property
    def basis(self) -> str:
        """Name what the choices are changes of: another source or kind of record starts from a new proposal."""
        return f"{'' if self.is_new else self.source}/{self.kind}"


def draft_of(file: ImportFile, frame: pd.DataFrame, source: str = "", kind: str = "") -> Draft:
    """Return how a file is mapped now; else a proposal, where no mapping knows it or the user wants another kind."""
    current = _current_draft(file)
    same_source = not source or source == current.source if current else False
    if current and (not kind or kind == current.kind) and (same_source or current.is_new):
        return replace(current, source=source or current.source)
    if current and not kind:
        return _proposed_draft(file, frame, source, current.kind)
    return _proposed_draft(file, frame, source, kind)


def _current_draft(file: ImportFile) -> Draft | None:
    if not file.kind:
        return None
    try:
        tables = file.mappings or catalogue_tables(file_kind_of(file))
    except MappingError:
        return None
    main = tables[0]["table"]
    choices = {column: target_of_column(main, column) for column in columns_of(file)}
    is_new = bool(file.mappings and file.mappings[0].get("own"))
    ids = main.get("id", ())
    folded = {fold(name) for name in ((ids,) if isinstance(ids, str) else ids)}
    id_column = next((column for column in columns_of(file) if fold(column) in folded), "")
    return Draft(file.source, main["object"], choices, id_column, is_new, tables)


def _proposed_draft(file: ImportFile, frame: pd.DataFrame, source: str, kind: str) -> Draft:
    header = columns_of(file)
    suggestion = propose_mapping_as(kind, header, frame) if kind else propose_mapping(header, frame, file.name)
    choices = dict(suggestion.choices)
    if suggestion.id_column and choices.get(suggestion.id_column, "").startswith(CUSTOM):
        choices[suggestion.id_column] = ID_ONLY
    return Draft(
        source or file.source,
        suggestion.kind,
        choices,
        suggestion.id_column,
        is_new=True,
        constants=suggestion.constants,
    )


def columns_of(file: ImportFile) -> list[str]:
    """Return the columns that can be mapped: not those that Accord added to refused rows."""
    return [name for name in file.header if not is_added_header(name)]


def tables_from(draft: Draft, file: ImportFile, before: Draft | None) -> list[Table]:
    """Return the mappings that a draft says: the catalogue's with what was moved, or one of its own."""
    header = columns_of(file)
    if draft.is_new and before and before.tables and before.kind == draft.kind:
        main = before.tables[0]
        table = set_id(reassign_columns(main["table"], header, draft.choices), draft.id_column)
        return [{**main, "table": table}, *before.tables[1:]]
    if draft.is_new or before is None:
        table = new_mapping(draft.kind, header, draft.choices, draft.id_column)
        return [{"name": f"{draft.kind}.toml", "table": table, "own": True}]
    main, *rest = before.tables
    moved_id = None if draft.id_column == before.id_column else draft.id_column
    return [{**main, "table": reassign_columns(main["table"], header, draft.choices, moved_id)}, *rest]


def kind_from(source: str, tables: list[Table]) -> FileKind:
    """Return the mappings of a draft as those that rows go through.

    Raises:
        MappingError: they say something that cannot be.
    """
    mappings = tuple(parse_mapping(Path(source, table["name"]), table["table"]) for table in tables)
    return FileKind(find_source(source), mappings[0].file, mappings)


class Options:
    """What a column can become, as the options of a select: written once, then marked for each column."""

    def __init__(self, kind: str, is_new: bool) -> None:
        def hint(target: Target) -> str:
            return "" if target.holds in {"text", ""} else f" ({target.holds})"

        groups: list[tuple[str, list[tuple[str, str]]]] = [
            ("A field", [(target.key, f"{target.label}{hint(target)}{' *' if target.required else ''}") for target in list_targets(kind) if not target.is_link]),
            ("A link to", [(target.key, target.label) for target in list_targets(kind) if target.is_link]),
            ("New custom field", [(f"{CUSTOM}{value}", f"Keep it: {label}") for value, label in CustomType.choices]),
            ("Nothing", [(ID_ONLY, "Only the id of the row"), (OUT, "Leave it out")]),
        ]  # fmt: skip
        if not is_new:
            groups[-1][1].insert(0, (AS_IS, "As in the mapping of the source"))
        self._html = "".join(
            format_html(
                '<optgroup label="{}">{}</optgroup>',
                title,
                format_html_join("", '<option value="{}">{}</option>', some),
            )
            for title, some in groups
            if some
        )

    def render_selected(self, key: str) -> SafeString:
        """Return the options with one chosen; always one, so that a form never sends back another by itself."""
        # an unknown key must not fall back to the first option
        if f'value="{key}"' not in self._html:
            return format_html('<option value="{}" selected>Unchanged</option>', AS_IS) + mark_safe(self._html)
        marked = self._html.replace(f'value="{key}"', f'value="{key}" selected', 1)
        return mark_safe(marked)  # built above, each word escaped


def is_known_choice(kind: str, key: str) -> bool:
    """Tell whether a column may become that."""
    custom = {f"{CUSTOM}{value}" for value in CustomType.values}
    return key in {OUT, ID_ONLY, AS_IS, *custom} or any(target.key == key for target in list_targets(kind))


def posted_choices(data: Mapping[str, Any], file: ImportFile, kind: str, before: Draft) -> dict[str, str]:
    """Return what each column is to become, as the form says; what it does not speak of stays."""
    choices = dict(before.choices)
    for column_index, name in enumerate(columns_of(file)):
        choice = str(data.get(f"becomes-{column_index}", ""))
        if is_known_choice(kind, choice):
            choices[name] = choice
    return choices
