"""Notes on what was done to rows beyond reading them: how many, with an example, as sentences for the page of an import."""

from collections.abc import Mapping
from typing import Any

from core.formatting import format_count

MISFIT, SHORT_ID, DECIMALS = "ids that do not fit", "ids of 15 characters", "ids with decimals"
EMPTY_DATES = "empty dates"
MIXED_IDS = frozenset({MISFIT, SHORT_ID})  # a record may be stored under another way of writing its id
EQUAL_EACH, EQUAL_ONE, SAME_KEY = "equal rows, each one", "equal rows, one", "rows with the same key"
DELETED, MERGED, MERGED_HERE = "rows of deleted records", "rows of merged records", "ids of merged records"
RESTATED = "lines of spend of days imported before"
FILTERED, NO_RECORD, OLDER = "rows that are filtered out", "rows without a record", "older rows"
TOTALS, FILLED, FOOTER = "rows of totals", "rows filled from their group", "rows below the table"
WOULD_CLEAR, WOULD_LEAVE = "empty cells that empty values", "empty cells that leave values"
SAME_NAME = "columns with one name"
GUESSED = "guessed encoding"
LEFT_OUT = (DELETED, MERGED, FILTERED, NO_RECORD, TOTALS)  # why rows are not read at all, one reason a row
Notes = dict[str, dict[str, Any]]  # {what: {rows, sample}}
SENTENCES = {
    MISFIT: "{rows} of Salesforce like “{sample}”: the last three characters do not fit the others, so the ids are stored "
    "as written. Compare upper and lower case with Salesforce.",
    SHORT_ID: "{rows} with a Salesforce id of 15 characters like “{sample}”: it names the same record as the one with 18.",
    EQUAL_EACH: "{rows} without an id equal another row of the file in every column. Each row is a record of its own.",
    EQUAL_ONE: "{rows} without an id equal another row of the file in every column. Equal rows are one record.",
    SAME_KEY: "{rows} without an id have the same identifying columns as another row, such as “{sample}”, and differ in other "
    "columns. Each row is a record of its own.",
    DECIMALS: "{rows} with an id like “{sample}”: it is read without the decimals, which a spreadsheet or program added.",
    DELETED: "{rows} of records that the source has deleted ({sample}). Those records are also removed in Accord; undo the import "
    "to restore them.",
    MERGED: "{rows} of records that the source has merged into another ({sample}). Links to them now point to the other "
    "record, and they are removed; undo the import to restore them.",
    MERGED_HERE: "{rows} that name records merged into theirs, like {sample}. Links to those now point to the row's record, "
    "and they are removed; undo the import to restore them.",
    FILTERED: "{rows} left out: the mapping does not read rows like these.",
    NO_RECORD: "{rows} left out: they contain no record of this kind of file.",
    TOTALS: "{rows} left out: they are subtotals, counts, totals or titles of groups, like “{sample}”.",
    FILLED: "{rows} of a report in groups got the values of their group in {sample}.",
    FOOTER: "{rows} below the table left out, as totals or notices: “{sample}”.",
    WOULD_CLEAR: "{cells} where the record has a value, most of them in “{sample}”. They empty the value.",
    WOULD_LEAVE: "{cells} where the record has a value, most of them in “{sample}”. They leave the value unchanged.",
    SAME_NAME: "Of columns with one name one is read, and the others are kept as custom fields where the file keeps any: {sample}.",
    OLDER: "{rows} left out: the record in Accord has a later change than the row.",
    RESTATED: "{rows} of spend without an id of days and campaigns of an earlier import, such as “{sample}”: both count. "
    "If the file corrects those days, undo the earlier import.",
    GUESSED: "The file does not name its encoding; it is probably {sample}. If names look wrong, choose another encoding before "
    "you import, or undo the import and try again.",
    EMPTY_DATES: "{rows} with an empty date ({sample}), read as no date.",
}


def add_note(notes: Notes, what: str, rows: int, sample: str = "") -> None:
    """Add rows to the note of one kind; the first example is kept."""
    if rows:
        note = notes.setdefault(what, {"rows": 0, "sample": sample[:80]})
        note["rows"] += rows


def add_notes(notes: Notes, more: Mapping[str, Mapping[str, Any]]) -> None:
    for what, note in more.items():
        add_note(notes, what, note["rows"], note["sample"])


def note_sentences(notes: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return a sentence for each note."""
    return [
        SENTENCES[what].format(
            rows=f"{format_count(note['rows'])} row{'' if note['rows'] == 1 else 's'}",
            cells=f"{format_count(note['rows'])} empty cell{'' if note['rows'] == 1 else 's'}",
            sample=note["sample"],
        )
        for what, note in notes.items()
        if what in SENTENCES
    ]
