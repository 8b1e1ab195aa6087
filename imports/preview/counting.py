"""What an import would do, counted block by block while the user reviews it; no record is written.

Each block is checked and staged as if it went in, and then compared with what is there. What the blocks before
would have brought is known by the hashes of ids, so that an id which comes again is not new a second time.
"""

from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction

from imports.inference.currency import assumed_currency
from imports.load import duplicates
from imports.load.checks import Prepared
from imports.load.plan_builder import plans_of, position_after, position_in, prepare_from
from imports.load.read_ahead import Prefetcher
from imports.models import ImportFile, Preview, SeenKey
from imports.models.jobs import RECORD_COUNTS, ROW_COUNTS
from imports.parsing.notes import OLDER, WOULD_CLEAR, WOULD_LEAVE, add_note, add_notes
from imports.preview.dry_run import dry_run

SHOWN = 20
PAIRS = 5
COUNTS = (*ROW_COUNTS, *RECORD_COUNTS)


class PreviewCounter:
    """One claim's work on a preview."""

    def __init__(self, row: Preview) -> None:
        self.row = row
        self.file: ImportFile | None = None
        self.ahead: Prefetcher[Prepared] | None = None

    def step(self) -> bool:
        if not self.row.checkpoint:
            return self._begin_counting()
        if self.file is None:
            self.file = self._next_file()
            if self.file is None:
                SeenKey.objects.filter(preview=self.row).delete()
                return True
            position = position_in(self.row.checkpoint, self.file)
            self.ahead = Prefetcher(prepare_from(position, self.file, self.row.checkpoint["currency"]))
        assert self.ahead
        prepared = self.ahead.next()
        if prepared is None:
            self._end_file()
        else:
            self._count_block(self.file, prepared)
        return False

    def close(self) -> None:
        if self.ahead:
            self.ahead.close()
        self.ahead = self.file = None

    def _begin_counting(self) -> bool:
        files = self._reading_files()
        currency = assumed_currency(files, self.row.run.currency_asked)
        with transaction.atomic():
            SeenKey.objects.filter(preview=self.row).delete()
            size = sum(file.bytes - file.start for file in files)
            kinds = {
                reference.rule.to
                for file in files
                for plan in plans_of(file, currency)
                for reference in plan.references
                if reference.rule.by != "external_id"
            }
            self.row.advance(
                {"currency": currency, "named": sorted(kinds), "counted": []}, done_units=0, total_units=size
            )
        return False

    def _reading_files(self) -> list[ImportFile]:
        return list(self.row.run.files.filter(state=ImportFile.State.READING).order_by("rank", "pk"))

    def _next_file(self) -> ImportFile | None:
        counted_ids = self.row.checkpoint["counted"]
        return next((file for file in self._reading_files() if file.pk not in counted_ids), None)

    def _count_block(self, file: ImportFile, prepared: Prepared) -> None:
        done = self.row.done_units + prepared.end - position_in(self.row.checkpoint, file).offset
        with transaction.atomic():
            figures = add_block(file.preview, prepared)
            for staged in prepared.staged:
                result = dry_run(staged, self.row.pk, set(self.row.checkpoint["named"]), self.row.run.duplicates)
                more = {**asdict(result.counts), "repeated": staged.repeated, "duplicates": result.left_out}
                add_kind(figures, staged.plan.mapping.object, more)
                add_note(figures["notes"], OLDER, result.counts.older)
                add_note(figures["notes"], WOULD_LEAVE if staged.plan.leaves_empty else WOULD_CLEAR, *result.empty)
                add_links(figures, staged.plan.mapping.object, result.links)
                add_alike(figures, staged.plan.mapping.object, result.alike)
            file.preview = figures
            file.save(update_fields=["preview"])
            self.row.advance({**self.row.checkpoint, **position_after(prepared, file)}, done_units=done)

    def _end_file(self) -> None:
        assert self.file
        with transaction.atomic():
            self.row.advance({**self.row.checkpoint, "counted": [*self.row.checkpoint["counted"], self.file.pk]})
        self.close()


def add_block(before: dict[str, Any], prepared: Prepared) -> dict[str, Any]:
    """Return the figures of a file with those of one more block, kinds and links left out."""
    figures = {
        "rows": 0,
        "rejected": 0,
        "dropped": 0,
        "kinds": {},
        "links": {},
        "alike": {},
        "refused": [],
        "notes": {},
        **before,
    }
    figures["rows"] += prepared.rows
    figures["rejected"] += len(prepared.refused)
    figures["dropped"] += prepared.dropped
    add_notes(figures["notes"], prepared.notes)
    room = SHOWN - len(figures["refused"])
    figures["refused"] += [
        {"line": row.line, "column": row.column[:255], "reason": row.reason[:500]}
        for row in prepared.refused[: max(0, room)]
    ]
    return figures


def add_kind(figures: dict[str, Any], kind: str, counts: dict[str, int]) -> None:
    total = figures["kinds"].setdefault(kind, dict.fromkeys(COUNTS, 0))
    for name, number in counts.items():
        total[name] += number


def add_alike(figures: dict[str, Any], kind: str, matches: duplicates.DuplicateMatches) -> None:
    """Add the rows that seem to be there already, by why, with the first pairs."""
    for why, number in matches.counts.items():
        total = figures["alike"].setdefault(why, {"rows": 0, "pairs": []})
        total["rows"] += number
        room = max(0, PAIRS - len(total["pairs"]))
        pairs = [pair for pair in matches.examples if pair.why == why][:room]
        total["pairs"] += [
            [kind, pair.name or pair.external_id, pair.other_name or pair.other_external_id] for pair in pairs
        ]


def add_links(figures: dict[str, Any], kind: str, links: dict[str, dict[str, Any]]) -> None:
    """Add what links would find nothing, and what they would make."""
    for name, link in links.items():
        total = figures["links"].setdefault(f"{kind}.{name}", {"rows": 0, "made": 0, "named": {}})
        total["rows"] += link["rows"]
        total["made"] += link["made"]
        for word, number in link["named"]:
            if word in total["named"] or len(total["named"]) < SHOWN:
                total["named"][word] = total["named"].get(word, 0) + number


@dataclass(frozen=True)
class Totals:
    """What is counted of an import so far."""

    rows: int
    created: int
    updated: int
    unchanged: int
    repeated: int
    duplicates: int
    older: int
    removed: int
    merged: int
    rejected: int
    dropped: int

    @property
    def taken(self) -> int:
        return self.rows - self.rejected - self.dropped


def sum_totals(files: list[ImportFile]) -> Totals:
    """Return the figures over all files."""
    previews = [file.preview for file in files if file.preview]
    kinds = [counts for figures in previews for counts in figures["kinds"].values()]
    return Totals(
        **{name: sum(figures[name] for figures in previews) for name in ("rows", "rejected", "dropped")},
        **{name: sum(counts[name] for counts in kinds) for name in COUNTS},
    )
