"""Mappings as the text that a mapping file holds: written for people to read, and read back with what is wrong said."""

import tomllib
from pathlib import Path
from typing import Any

import tomli_w

from imports.mapping.editing import Table
from imports.mapping.loading import parse_mapping
from imports.mapping.schema import MappingError

LONGEST = 200_000


def mapping_text_of(table: Table) -> str:
    """Return a mapping as TOML; what is empty is left away, but for the id."""
    return tomli_w.dumps(
        {key: _tuples_to_lists(value) for key, value in table.items() if key == "id" or value not in ({}, [], ())}
    )


def _tuples_to_lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _tuples_to_lists(item) for key, item in value.items()}
    return [_tuples_to_lists(item) for item in value] if isinstance(value, list | tuple) else value


def tables_of_texts(texts: list[str]) -> list[dict[str, Any]]:
    """Return the mappings that texts say, one text for each kind of record.

    Raises:
        MappingError: a text is not valid TOML, or says something that cannot be.
    """
    if not texts:
        raise MappingError("The text is empty. Write at least one mapping, or go back.")
    return [_parse_table(text, number) for number, text in enumerate(texts, 1)]


def _parse_table(text: str, number: int) -> dict[str, Any]:
    try:
        table = tomllib.loads(text[:LONGEST].replace("\r\n", "\n"))
        name = f"{table['object']}.{number}.toml"
        parse_mapping(Path("page", name), table)
    except tomllib.TOMLDecodeError as error:
        raise MappingError(f"Mapping {number} is not valid TOML: {error}.") from error
    except (MappingError, KeyError, TypeError, AttributeError, ValueError) as error:
        reason = f"“{error.args[0]}” is missing" if isinstance(error, KeyError) else str(error)
        raise MappingError(f"Mapping {number}: {reason}.") from error
    return {"name": name, "table": table, "own": True}
