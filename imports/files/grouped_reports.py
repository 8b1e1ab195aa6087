"""Reports in groups: what stands once for a group is filled down, and rows of subtotals, counts and totals are marked.

Such are “formatted reports” of Salesforce and sheets like a pivot table. Three layouts are read: the group stands in the first
row of its group (columns with an arrow in their name, or whose cells are filled only behind a total), in a row of its own
above its rows, and as a title with its name (“Stage: Closed Won (2 records)”), which becomes a column. What cannot be put
right is refused with what to export instead.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

ARROW = re.compile(r"\s*[↑↓]\s*$")
ACROSS = re.compile(r"[→←]")
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
MARK = "\x1faccord:total\x1f"  # in the first cell of a row that is none; what stands behind it is what the row said
CANDIDATES = 20_000  # lines
LOOKED_AT = 5_000  # rows, for what all of them have
LONGEST = 32 * 1024 * 1024  # bytes; longer files are no reports for people
REMEDY = (
    "Export the rows as a plain table with the group in every row: in Salesforce choose “Details Only”, in a pivot table "
    "“Tabular form” with “Repeat all item labels” and without subtotals."
)


class Ungroupable(ValueError):
    """A report whose groups cannot be told; the message says why and what to export instead."""


@dataclass(frozen=True)
class Report:
    """A report put right: its columns, and its rows, those that are no rows marked."""

    header: list[str]
    rows: list[list[str]]
    filled: int  # rows that got the values of their group
    columns: tuple[str, ...]  # that were filled down
    totals: int

    @property
    def words(self) -> str:
        """Name the columns that were filled down."""
        return ", ".join(f"“{name}”" for name in self.columns)


def may_be_report(header: Iterable[str], text: bytes, delimiter: str) -> bool:
    """Tell whether it is worth to look at every row: a name has an arrow, or some line looks like a total or a title."""
    if any(ARROW.search(name) or ACROSS.search(name) for name in header):
        return True
    lower = text.lower()
    places = chain(
        *(islice(_places(lower, hint), CANDIDATES) for hint in HINTS),
        (match.start() for match in islice(COUNTED_BYTES.finditer(text), CANDIDATES)),
    )
    return any(_looks_like_total(text, place, delimiter) for place in places)


def _places(text: bytes, word: bytes) -> Iterator[int]:
    place = text.find(word)
    while place >= 0:
        yield place
        place = text.find(word, text.find(b"\n", place) + 1 or len(text))


def _looks_like_total(text: bytes, place: int, delimiter: str) -> bool:
    """Tell whether the line at a place says total, or is a title that says how many rows follow."""
    start, end = text.rfind(b"\n", 0, place) + 1, text.find(b"\n", place)
    line = text[start : end if end > 0 else len(text)].decode(errors="replace")
    filled = [cell for cell in (cell.strip(' "\r') for cell in line.split(delimiter)) if cell]
    return _says_total(filled) or (len(filled) == 1 and bool(COUNTED.fullmatch(filled[0])))


def read_report(header: list[str], rows: list[list[str]]) -> Report | None:
    """Return a report in groups put right; None for a table that is none.

    Raises:
        Ungroupable: it is in groups that cannot be told.
    """
    if any(ACROSS.search(name) for name in header):
        raise Ungroupable(f"This is a matrix report: its groups stand across the columns. {REMEDY}")
    width = len(header)
    table = [[cell.strip() for cell in row] + [""] * (width - len(row)) for row in rows]
    always = _always_filled(table, width)
    totals = {place for place, row in enumerate(table) if _is_total(row, always)}
    arrows = [place for place, name in enumerate(header) if ARROW.search(name)]
    titles = {place for place, row in enumerate(table) if place not in totals and _is_title(row, always)}
    if not totals and not arrows and not (titles and all(_is_counted(table[place]) for place in titles)):
        return None
    details = [place for place, row in enumerate(table) if any(row) and place not in totals | titles]
    if not details:
        return None
    labels = _labels(table, titles)
    names = [ARROW.sub("", name) for name in header]
    found = [list(row) for row in rows]
    if labels:
        filled, columns = _with_titles(found, table, titles, labels, names, details), tuple(labels)
    else:
        _check_titles(table, titles, details)
        groups = _group_columns(table, totals, titles, details, arrows)
        filled, columns = _fill_down(found, table, groups, totals, titles), tuple(names[place] for place in groups)
    for place in totals | titles:
        found[place] = [MARK + " · ".join(filter(None, table[place]))[:80]]
    return Report(names + list(labels), found, filled, columns, len(totals | titles))


def _always_filled(table: list[list[str]], width: int) -> set[int]:
    """Return the columns that rows of data have: those filled in most of the rows that hold the most."""
    table = table[:: 1 + len(table) // LOOKED_AT]
    texts = [sum(bool(cell) and not FIGURE.fullmatch(cell) for cell in row) for row in table]
    counts = [sum(map(bool, row)) for row in table]
    most, most_texts = max(counts, default=0), max(texts, default=0)
    full = [
        row
        for row, count, said in zip(table, counts, texts, strict=True)
        if 2 * count > most and (2 * said > most_texts or most_texts < 2) and not _says_total(row)
    ]
    return {place for place in range(width) if full and sum(bool(row[place]) for row in full) >= 0.9 * len(full)}


def _says_total(row: list[str]) -> bool:
    filled = [cell for cell in row if cell]
    is_said = any(TOTAL.fullmatch(cell) for cell in filled)
    return is_said and all(TOTAL.fullmatch(cell) or FIGURE.fullmatch(cell) for cell in filled)


def _is_total(row: list[str], always: set[int]) -> bool:
    """Tell a row of a total: it says so, holds nothing but figures else, and lacks what every row of data has."""
    return any(not row[place] for place in always) and _says_total(row)


def _is_title(row: list[str], always: set[int]) -> bool:
    """Tell a row that names a group: one text in the first columns, perhaps figures, and not what every row of data has."""
    lacks = [place for place in always if not row[place]]
    if not lacks or 2 * len(lacks) < len(always):
        return False
    texts = [place for place, cell in enumerate(row) if cell and not FIGURE.fullmatch(cell)]
    return len(texts) == 1 and texts[0] <= min(lacks)


def _is_counted(row: list[str]) -> bool:
    """Tell a title that says how many rows its group has."""
    return bool(COUNTED.fullmatch(next(filter(None, row))))


def _labels(table: list[list[str]], titles: set[int]) -> dict[str, None]:
    """Return the names of the groups where all titles tell them, in order."""
    found: dict[str, None] = {}
    for place in sorted(titles):
        title = TITLE.fullmatch(next(filter(None, table[place])))
        if title is None:
            return {}
        found[title["label"].strip()] = None
    return found


def _with_titles(
    found: list[list[str]],
    table: list[list[str]],
    titles: set[int],
    labels: dict[str, None],
    names: list[str],
    details: list[int],
) -> int:
    """Give each row the values that the titles above it tell; a title ends those of the groups inside its own."""
    now = dict.fromkeys(labels, "")
    order = list(labels)
    rows = set(details)
    for place, row in enumerate(table):
        if place in titles:
            title = TITLE.fullmatch(next(filter(None, row)))
            assert title
            level = order.index(title["label"].strip())
            now |= dict.fromkeys(order[level:], "")
            now[order[level]] = title["value"].strip()
        elif place in rows and len(found[place]) <= len(names):
            found[place] = [*found[place], *[""] * (len(names) - len(found[place])), *now.values()]
    return len(details)


def _check_titles(table: list[list[str]], titles: set[int], details: list[int]) -> None:
    """Refuse groups whose column has no name: their titles stand where the rows have something else."""
    for place in sorted(titles):
        column = next(n for n, cell in enumerate(table[place]) if cell)
        if _is_counted(table[place]) or sum(bool(table[row][column]) for row in details) > len(details) / 2:
            title = table[place][column][:60]
            raise Ungroupable(
                f"The report is in groups like “{title}”, and nothing says which column they are. {REMEDY}"
            )


def _group_columns(
    table: list[list[str]], totals: set[int], titles: set[int], details: list[int], arrows: list[int]
) -> list[int]:
    """Return the columns whose value stands once for a group."""
    found: list[int] = []
    for column in range(len(table[0])):
        empty = [place for place in details if not table[place][column]]
        if not empty:
            if arrows and column < max(arrows):
                continue
            break
        if column in arrows or _begins_groups(table, column, found, totals | titles, details):
            found.append(column)
        elif not arrows:
            break
    return found


def _begins_groups(table: list[list[str]], column: int, outer: list[int], others: set[int], details: list[int]) -> bool:
    """Tell whether a column is filled only where a group begins: in the first row, behind a total, with an outer group."""
    titled = any(table[place][column] for place in others if not TOTAL.fullmatch(table[place][column]))
    if not (titled or table[details[0]][column]):
        return False
    before = {row: previous for previous, row in zip([-1, *details], details, strict=False)}
    return all(
        before[row] == -1
        or any(place in others for place in range(before[row] + 1, row))
        or any(table[row][one] for one in outer)
        for row in details
        if table[row][column]
    )


def _fill_down(
    found: list[list[str]], table: list[list[str]], groups: list[int], totals: set[int], titles: set[int]
) -> int:
    """Fill the group columns of rows of data; an outer group that begins ends those inside it."""
    now = dict.fromkeys(groups, "")
    filled = 0
    for place, row in enumerate(table):
        if place in totals or not any(row):
            continue
        for level, column in enumerate(groups):
            if row[column]:
                now |= dict.fromkeys(groups[level:], "")
                now[column] = row[column]
        if place not in titles:
            cells = [*found[place], *[""] * (len(row) - len(found[place]))]
            empty = [column for column in groups if not row[column] and now[column]]
            for column in empty:
                cells[column] = now[column]
            found[place] = cells
            filled += bool(empty)
    return filled
