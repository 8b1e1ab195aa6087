"""What an import that waits would do, in the words of the page: as far as it is counted."""

from dataclasses import dataclass
from typing import Any

from core.formatting import format_count
from imports.inference.empty_cells import CLEAR, EMPTY, LEAVE
from imports.inference.occurrences import EACH, EQUAL_ROWS, ONE
from imports.mapping.targets import find_target, title_of
from imports.models import ImportFile, ImportJob, Likeness, Preview, Treatment
from imports.models.jobs import LEFT_OUT_COUNTS
from imports.parsing.notes import EQUAL_EACH, EQUAL_ONE, WOULD_CLEAR, WOULD_LEAVE, note_sentences
from imports.preview.counting import COUNTS, Totals, sum_totals

EXAMPLES = 5


@dataclass(frozen=True)
class KindLine:
    """What would become of one kind of record."""

    title: str
    created: int
    updated: int
    unchanged: int
    repeated: int
    duplicates: int
    older: int
    removed: int
    merged: int


@dataclass(frozen=True)
class LinkLine:
    """A link behind which rows find nothing, or that makes records."""

    title: str
    label: str
    rows: int
    made: int
    examples: list[tuple[str, int]]


@dataclass(frozen=True)
class AlikeLine:
    """New rows that seem to be there already, for one reason, and what is to be done with them."""

    why: str
    label: str
    rows: int
    pairs: list[list[str]]
    is_skipped: bool


@dataclass(frozen=True)
class NoteLine:
    """What is made of some rows of a file, and the other way where there is one: (question, answer, label)."""

    file: ImportFile
    sentence: str
    other: tuple[str, str, str] | None


@dataclass(frozen=True)
class PreviewSummary:
    """Everything that is known of an import before it goes in."""

    totals: Totals
    coming: int  # rows that would come in; 0 while that is not known
    percent: int
    about: int  # rows there are, by what was read so far
    is_counted: bool
    fault: str
    kinds: list[KindLine]
    links: list[LinkLine]
    alike: list[AlikeLine]
    refused: list[tuple[str, dict[str, Any]]]
    notes: list["NoteLine"]
    currency: str

    @property
    def left_out(self) -> int:
        """Rows that are read and left out; the kinds of record and the notes say why."""
        return sum(getattr(self.totals, name) for name in LEFT_OUT_COUNTS)

    @property
    def counting(self) -> str:
        if self.is_counted:
            return (
                f"All {format_count(self.totals.rows)} rows are counted"
                if self.totals.rows != 1
                else "The one row is counted"
            )
        return (
            f"Counted {format_count(self.totals.rows)} of about {format_count(self.about)} rows"
            if self.totals.rows
            else "Counting the rows"
        )


def summarise_preview(run: ImportJob, files: list[ImportFile]) -> PreviewSummary:
    """Return what would come of an import, as far as it is counted."""
    row = Preview.objects.filter(run=run).first()
    total = sum_totals(files)
    fraction = (row.fraction_done if row else None) or 0.0
    counted_files = [file for file in files if file.preview]
    return PreviewSummary(
        totals=total,
        coming=sum(_count_coming(file.preview) for file in counted_files) if row and row.state == "done" else 0,
        percent=int(100 * fraction),
        about=_estimate_rows(total.rows, fraction),
        is_counted=bool(row and row.state == "done"),
        fault=row.last_error if row and row.state == "failed" else "",
        kinds=_kind_lines(counted_files),
        links=_link_lines(counted_files),
        alike=_duplicate_lines(run, counted_files),
        refused=[(file.name, refused_row) for file in counted_files for refused_row in file.preview["refused"]][:20],
        notes=[line for file in counted_files for line in _note_lines(file)],
        currency=(row.checkpoint.get("currency", "") if row else "") or "",
    )


def _note_lines(file: ImportFile) -> list[NoteLine]:
    notes = {**file.notes, **file.preview.get("notes", {})}
    others = {
        EQUAL_EACH: (EQUAL_ROWS, ONE, "Count equal rows as one record"),
        EQUAL_ONE: (EQUAL_ROWS, EACH, "Take each row"),
        WOULD_CLEAR: (EMPTY, LEAVE, "Leave the values"),
        WOULD_LEAVE: (EMPTY, CLEAR, "Empty the values"),
    }
    return [
        NoteLine(file, sentence, others.get(what)) for what in notes for sentence in note_sentences({what: notes[what]})
    ]


def _count_coming(figures: dict[str, Any]) -> int:
    """Return how many rows of a file come in; one is left out as a duplicate where nothing of it does."""
    left_out = min((counts["duplicates"] + counts.get("older", 0) for counts in figures["kinds"].values()), default=0)
    return int(figures["rows"] - figures["rejected"] - figures["dropped"] - left_out)


def _estimate_rows(rows: int, fraction: float) -> int:
    """Compute how many rows there are from those in the part that was read, to three figures."""
    if not fraction:
        return 0
    exact = round(rows / fraction)
    return round(exact, -max(0, len(str(exact)) - 3)) if fraction < 1 else rows


def _kind_lines(files: list[ImportFile]) -> list[KindLine]:
    totals_by_kind: dict[str, dict[str, int]] = {}
    for file in files:
        for kind, counts in file.preview["kinds"].items():
            total = totals_by_kind.setdefault(kind, dict.fromkeys(COUNTS, 0))
            for name, number in counts.items():
                total[name] += number
    return [KindLine(title=title_of(kind), **counts) for kind, counts in totals_by_kind.items()]


def _link_lines(files: list[ImportFile]) -> list[LinkLine]:
    totals_by_link: dict[str, dict[str, Any]] = {}
    for file in files:
        for key, link in file.preview["links"].items():
            total = totals_by_link.setdefault(key, {"rows": 0, "made": 0, "named": {}})
            total["rows"] += link["rows"]
            total["made"] += link["made"]
            for word, number in link["named"].items():
                total["named"][word] = total["named"].get(word, 0) + number
    return [_link_line(key, total) for key, total in sorted(totals_by_link.items(), key=lambda item: -item[1]["rows"])]


def _link_line(key: str, total: dict[str, Any]) -> LinkLine:
    kind, _, name = key.partition(".")
    link_target = find_target(kind, f"link:{name}")
    examples = sorted(total["named"].items(), key=lambda item: (-item[1], item[0]))[:EXAMPLES]
    return LinkLine(title_of(kind), link_target.label if link_target else name, total["rows"], total["made"], examples)


def _duplicate_lines(run: ImportJob, files: list[ImportFile]) -> list[AlikeLine]:
    lines = []
    for why in Likeness:
        matches = [file.preview["alike"][why] for file in files if why in file.preview["alike"]]
        rows = sum(match["rows"] for match in matches)
        if rows:
            pairs = [pair for match in matches for pair in match["pairs"]][:EXAMPLES]
            lines.append(AlikeLine(why, why.label, rows, pairs, run.duplicates.get(why) == Treatment.SKIP))
    return lines
