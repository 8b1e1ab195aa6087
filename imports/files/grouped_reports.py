"""Reports in groups: what stands once for a group is filled down, and rows of subtotals, counts and totals are marked.

Such are “formatted reports” of Salesforce and sheets like a pivot table. Three layouts are read: the group is in the first
row of its group (columns with an arrow in their name, or whose cells are filled only behind a total), in a row of its own
above its rows, and as a title with its name (“Stage: Closed Won (2 records)”), which becomes a column. What cannot be put
right is refused with what to export instead.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

ARROW = re.compile(r"\s*[↑↓]\s*$")
ARROW_ACROSS = re.compile(r"[→←]")
_SUBTOTAL = r"(?:grand|sub|sous|zwischen)?[\s-]*tota(?:ls?|le|le?s|aux|al)"
_FIGURE = (
    r"sum|count|record count|average|avg\.?|min(?:imum)?|max(?:imum)?|median|summe|anzahl|durchschnitt|mittelwert|zwischensumme"
    r"|teilergebnis|gesamt(?:summe|ergebnis|anzahl)?|ergebnis|somme|nombre|moyenne|suma|recuento|cuenta|promedio|soma|contagem"
    r"|média|somma|conteggio|media|som|aantal|gemiddelde|total g[eé]n[eé]ral"
)
TOTAL = re.compile(
    rf"(?:{_SUBTOTAL}|{_FIGURE})\s*(?:\([^)]*\)|:)?(?:\s*[\d.,]+)?|(?:grand\s+|sub-?)?totals?\s*(?:for|of|-|–|:).+|.+\s(?:sub)?total"
    r"|.+\sergebnis|(?:sum|count|average|number) of .+",
    re.IGNORECASE,
)
HINTS = (
    b"tota",
    b"sum",
    b"count",
    b"gesamt",
    b"anzahl",
    b"ergebnis",
    b"somme",
    b"nombre",
    b"recuento",
    b"cuenta",
    b"conteggio",
    b"aantal",
)
COUNTED_BYTES = re.compile(rb"\(\d+(?: \w+)?\)\"?[,;\t|]*\r?\n")
FIGURE = re.compile(
    r"[^\w]*(?:[A-Z]{3}\s?)?[^\w]*\d[\d.,\s'’]*\s?(?:%|[A-Z]{3}|[€£$¥]|[Rr]ecords?|[Ii]tems?|[Rr]ows?|[KkMm])?\)?|[-–]"
)
TITLE = re.compile(r"(?P<label>[^:]{1,60}):\s+(?P<value>.+?)(?:\s*\([\d.,]+(?:\s+\w+)?\))?")
COUNTED = re.compile(r".+\s\([\d.,]+(?:\s+\w+)?\)")
MARK = "\x1faccord:total\x1f"  # in the first cell of a row that is none; what is behind it is what the row said
CANDIDATES = 20_000  # lines
ROWS_SAMPLED = 5_000  # rows, for what all of them have
LONGEST = 32 * 1024 * 1024  # bytes; longer files are not reports for people
REMEDY = (
    "Export the rows as a plain table with the group in every row: in Salesforce choose “Details Only”, in a pivot table "
    "“Tabular form” with “Repeat all item labels” and without subtotals."
)


class Ungroupable(ValueError):
    """A report whose groups cannot be recognised; the message says why and what to export instead."""


@dataclass(frozen=True)
class Report:
    """A report put right: its columns, and its rows, those that are not rows marked."""

    header: list[str]
    rows: list[list[str]]
    filled: int  # rows that got the values of their group
    columns: tuple[str, ...]  # that were filled down
    totals: int

    @property
    def filled_columns(self) -> str:
        """Name the columns that were filled down."""
        return ", ".join(f"“{name}”" for name in self.columns)


def may_be_report(header: Iterable[str], text: bytes, delimiter: str) -> bool:
    """Return whether it is worth to look at every row: a name has an arrow, or some line looks like a total or a title."""
    if any(ARROW.search(name) or ARROW_ACROSS.search(name) for name in header):
        return True
    lower = text.lower()
    offsets = chain(
        *(islice(_find_offsets(lower, hint), CANDIDATES) for hint in HINTS),
        (match.start() for match in islice(COUNTED_BYTES.finditer(text), CANDIDATES)),
    )
    return any(_looks_like_total(text, offset, delimiter) for offset in offsets)


def _find_offsets(text: bytes, word: bytes) -> Iterator[int]:
    offset = text.find(word)
    while offset >= 0:
        yield offset
        offset = text.find(word, text.find(b"\n", offset) + 1 or len(text))


def _looks_like_total(text: bytes, offset: int, delimiter: str) -> bool:
    """Return whether the line at a place says total, or is a title that says how many rows follow."""
    start, end = text.rfind(b"\n", 0, offset) + 1, text.find(b"\n", offset)
    line = text[start : end if end > 0 else len(text)].decode(errors="replace")
    filled = [cell for cell in (cell.strip(' "\r') for cell in line.split(delimiter)) if cell]
    return _reads_as_total(filled) or (len(filled) == 1 and bool(COUNTED.fullmatch(filled[0])))


def read_report(header: list[str], rows: list[list[str]]) -> Report | None:
    """Return a report in groups put right; None for a table that is none.

    Raises:
        Ungroupable: its groups cannot be recognised.
    """
    if any(ARROW_ACROSS.search(name) for name in header):
        raise Ungroupable(f"This is a matrix report: its groups are in columns. {REMEDY}")
    width = len(header)
    table = [[cell.strip() for cell in row] + [""] * (width - len(row)) for row in rows]
    always_filled = _always_filled(table, width)
    totals = {number for number, row in enumerate(table) if _is_total(row, always_filled)}
    arrows = [number for number, name in enumerate(header) if ARROW.search(name)]
    titles = {number for number, row in enumerate(table) if number not in totals and _is_title(row, always_filled)}
    if not totals and not arrows and not (titles and all(_has_row_count(table[number]) for number in titles)):
        return None
    details = [number for number, row in enumerate(table) if any(row) and number not in totals | titles]
    if not details:
        return None
    labels = _title_labels(table, titles)
    names = [ARROW.sub("", name) for name in header]
    filled_rows = [list(row) for row in rows]
    if labels:
        filled, columns = _append_title_columns(filled_rows, table, titles, labels, names, details), tuple(labels)
    else:
        _refuse_unnamed_groups(table, titles, details)
        groups = _group_columns(table, totals, titles, details, arrows)
        filled, columns = (
            _fill_down(filled_rows, table, groups, totals, titles),
            tuple(names[number] for number in groups),
        )
    for number in totals | titles:
        filled_rows[number] = [MARK + " · ".join(filter(None, table[number]))[:80]]
    return Report(names + list(labels), filled_rows, filled, columns, len(totals | titles))


def _always_filled(table: list[list[str]], width: int) -> set[int]:
    """Return the columns that rows of data have: those filled in most of the rows that hold the most."""
    table = table[:: 1 + len(table) // ROWS_SAMPLED]
    texts = [sum(bool(cell) and not FIGURE.fullmatch(cell) for cell in row) for row in table]
    counts = [sum(map(bool, row)) for row in table]
    most, most_texts = max(counts, default=0), max(texts, default=0)
    full = [
        row
        for row, count, text_count in zip(table, counts, texts, strict=True)
        if 2 * count > most and (2 * text_count > most_texts or most_texts < 2) and not _reads_as_total(row)
    ]
    return {column for column in range(width) if full and sum(bool(row[column]) for row in full) >= 0.9 * len(full)}


def _reads_as_total(row: list[str]) -> bool:
    filled = [cell for cell in row if cell]
    is_said = any(TOTAL.fullmatch(cell) for cell in filled)
    return is_said and all(TOTAL.fullmatch(cell) or FIGURE.fullmatch(cell) for cell in filled)


def _is_total(row: list[str], always_filled: set[int]) -> bool:
    """Return whether a row is a total: it says so, holds nothing but figures else, and lacks what every row of data has."""
    return any(not row[column] for column in always_filled) and _reads_as_total(row)


def _is_title(row: list[str], always_filled: set[int]) -> bool:
    """Return whether a row names a group: one text in the first columns, perhaps figures, and not what every row of data has."""
    lacks = [column for column in always_filled if not row[column]]
    if not lacks or 2 * len(lacks) < len(always_filled):
        return False
    texts = [column for column, cell in enumerate(row) if cell and not FIGURE.fullmatch(cell)]
    return len(texts) == 1 and texts[0] <= min(lacks)


def _has_row_count(row: list[str]) -> bool:
    """Return whether a title says how many rows its group has."""
    return bool(COUNTED.fullmatch(next(filter(None, row))))


def _title_labels(table: list[list[str]], titles: set[int]) -> dict[str, None]:
    """Return the labels of the groups in order, where every title has one."""
    labels: dict[str, None] = {}
    for number in sorted(titles):
        title = TITLE.fullmatch(next(filter(None, table[number])))
        if title is None:
            return {}
        labels[title["label"].strip()] = None
    return labels


def _append_title_columns(
    filled_rows: list[list[str]],
    table: list[list[str]],
    titles: set[int],
    labels: dict[str, None],
    names: list[str],
    details: list[int],
) -> int:
    """Append to each row the values of the titles above it; a title ends those of the groups inside its own."""
    current = dict.fromkeys(labels, "")
    order = list(labels)
    rows = set(details)
    for number, row in enumerate(table):
        if number in titles:
            title = TITLE.fullmatch(next(filter(None, row)))
            assert title
            level = order.index(title["label"].strip())
            current |= dict.fromkeys(order[level:], "")
            current[order[level]] = title["value"].strip()
        elif number in rows and len(filled_rows[number]) <= len(names):
            filled_rows[number] = [
                *filled_rows[number],
                *[""] * (len(names) - len(filled_rows[number])),
                *current.values(),
            ]
    return len(details)


def _refuse_unnamed_groups(table: list[list[str]], titles: set[int], details: list[int]) -> None:
    """Refuse groups whose column has no name: their titles stand where the rows have something else."""
    for number in sorted(titles):
        column = next(n for n, cell in enumerate(table[number]) if cell)
        if _has_row_count(table[number]) or sum(bool(table[row][column]) for row in details) > len(details) / 2:
            title = table[number][column][:60]
            raise Ungroupable(f"The report has groups such as “{title}”, but no column for them. {REMEDY}")


def _group_columns(
    table: list[list[str]], totals: set[int], titles: set[int], details: list[int], arrows: list[int]
) -> list[int]:
    """Return the columns whose value stands once for a group."""
    groups: list[int] = []
    for column in range(len(table[0])):
        empty = [number for number in details if not table[number][column]]
        if not empty:
            if arrows and column < max(arrows):
                continue
            break
        if column in arrows or _is_group_column(table, column, groups, totals | titles, details):
            groups.append(column)
        elif not arrows:
            break
    return groups


def _is_group_column(
    table: list[list[str]], column: int, outer: list[int], others: set[int], details: list[int]
) -> bool:
    """Return whether a column is filled only where a group begins: in the first row, behind a total, with an outer group."""
    titled = any(table[number][column] for number in others if not TOTAL.fullmatch(table[number][column]))
    if not (titled or table[details[0]][column]):
        return False
    before = {row: previous for previous, row in zip([-1, *details], details, strict=False)}
    return all(
        before[row] == -1
        or any(number in others for number in range(before[row] + 1, row))
        or any(table[row][outer_column] for outer_column in outer)
        for row in details
        if table[row][column]
    )


def _fill_down(
    filled_rows: list[list[str]], table: list[list[str]], groups: list[int], totals: set[int], titles: set[int]
) -> int:
    """Fill the group columns of rows of data; an outer group that begins ends those inside it."""
    current = dict.fromkeys(groups, "")
    filled = 0
    for number, row in enumerate(table):
        if number in totals or not any(row):
            continue
        for level, column in enumerate(groups):
            if row[column]:
                current |= dict.fromkeys(groups[level:], "")
                current[column] = row[column]
        if number not in titles:
            cells = [*filled_rows[number], *[""] * (len(row) - len(filled_rows[number]))]
            empty = [column for column in groups if not row[column] and current[column]]
            for column in empty:
                cells[column] = current[column]
            filled_rows[number] = cells
            filled += bool(empty)
    return filled
