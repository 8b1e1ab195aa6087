"""A pull, step by step: sign in, read page after page into files, hand them to the import, then move the cursor.

What a page held is on disk before its checkpoint is committed, and what lies behind the checkpoint is cut off when
another worker goes on; so a worker may be killed at any time. The cursor moves only in the transaction that finds
the import of those rows done. A limit or a cut line never holds a worker: the row is put back until it is due.
"""

from datetime import datetime, timedelta
from time import sleep

from django.db import transaction

from connectors.access import Access, reader_for
from connectors.alerts import tell_of_trouble
from connectors.allowed_hosts import ForbiddenAddress
from connectors.deletions import delete_records
from connectors.errors import Busy, NotPermitted, Refused, UnexpectedResponse, back_off
from connectors.models import ACTIVE, Connector, Pull
from connectors.protocol import Page, Reader, Window
from connectors.registry import UnknownSource, connector_type
from connectors.spool import FilesLost, Spool, discard_files, pulls_with_files
from core.encryption import Unsealable
from core.work import PermanentFailure, Postpone, State
from imports.actions import start_import
from imports.files import storage
from imports.inference.empty_cells import CLEAR, EMPTY
from imports.models import ImportFile, ImportJob

OVERLAP = timedelta(minutes=10)  # what becomes visible late, or was stamped before it was committed
SHORT_WAIT = 2.0  # seconds that a step may sleep
MAX_WAITS = 12  # in a row, about an hour and a half; the schedule then starts over
CHECK_IMPORT_AFTER = 3.0  # seconds between two looks at the import
MAX_RECENT = 2000  # ids remembered of an overlap; with more, its rows are simply imported again
MAX_NOTES = 50


class PullRunner:
    """One claim's work on a pull; what it holds in memory can be lost at any time."""

    def __init__(self, pull: Pull) -> None:
        self.pull = pull
        self.connector = pull.connector
        self._reader: Reader | None = None
        self._spool: Spool | None = None

    def close(self) -> None:
        if self._reader:
            self._reader.close()
        self._reader = None

    def step(self) -> bool:
        """Do one step; True when nothing is left.

        Raises:
            Postpone: the source, or the import, is not ready.
            PermanentFailure: the pull cannot end well.
        """
        try:
            return self._run_phase()
        except Busy as fault:
            return self._wait_for_source(fault)
        except (Refused, Unsealable, UnknownSource) as error:
            switch_off(self.connector, str(error))
            raise PermanentFailure(f"The sign-in is refused: {error}") from None
        except NotPermitted as fault:
            raise PermanentFailure(f"{self.connector} denies access: {fault}") from None
        except (UnexpectedResponse, ForbiddenAddress) as error:
            raise PermanentFailure(str(error)) from None
        except FilesLost:
            self._restart()
            return False

    def _run_phase(self) -> bool:
        match self.pull.checkpoint.get("phase", "begin"):
            case "begin":
                self._sign_in()
            case "read":
                self._read_page()
            case "hand over":
                self._hand_over()
            case "import":
                self._check_import()
            case "over":
                self._raise_failures()
                return True
        return False

    # begin

    def _sign_in(self) -> None:
        """Find out that we may come in, and what time it is there: the pull takes what changed before now."""
        discard_unused_files(self.pull.pk)
        self.reader.greet()
        clock = self._access.source_time
        self.pull.advance({"phase": "read", "until": clock.isoformat(), "kinds": self._selected_kinds()})

    def _selected_kinds(self) -> list[str]:
        """Return what is to be read, in the order of the source: what others point to comes first."""
        return [kind for kind in connector_type(self.connector.source).objects if kind in self.connector.kinds]

    def _restart(self) -> None:
        discard_files(self.pull.pk)
        self._spool = None
        self.pull.advance({}, done_units=0)

    # read

    def _read_page(self) -> None:
        """Read one page, or find that the next kind is not open to us."""
        checkpoint = self.pull.checkpoint
        if not checkpoint["kinds"]:
            self.pull.advance({**checkpoint, "phase": "hand over"})
            return
        kind = checkpoint["kinds"][0]
        try:
            page = self.reader.page(kind, self._window_of(kind), checkpoint.get("position", {}))
        except NotPermitted as fault:
            self._leave_out(kind, str(fault))
            return
        self._store_page(kind, page)
        if page.wait:
            raise Postpone(page.wait, f"Waits for {self.connector.get_source_display()} to gather {kind}")

    def _window_of(self, kind: str) -> Window:
        until = datetime.fromisoformat(self.pull.checkpoint["until"])
        last = self.connector.pulled_until(kind)
        seen = self.connector.cursors.get(kind, {}).get("recent", {})
        return Window(last - OVERLAP if last else None, until, until - OVERLAP, seen)

    def _store_page(self, kind: str, page: Page) -> None:
        """Put a page on disk, then commit where the next one begins."""
        # on disk first: a checkpoint may never promise rows that a crash could lose
        self.spool.append(kind, page.tables, page.gone)
        checkpoint = dict(self.pull.checkpoint)
        recent = {**checkpoint.get("recent", {}).get(kind, {}), **page.recent}
        over = page.is_last
        rows = self.pull.done_units + sum(len(table.rows) for table in page.tables)
        self.pull.advance(
            {
                **checkpoint,
                "kinds": checkpoint["kinds"][1:] if over else checkpoint["kinds"],
                "position": {} if over else page.position,
                "files": self.spool.sizes,
                "recent": {**checkpoint.get("recent", {}), kind: recent if len(recent) <= MAX_RECENT else {}},
                "read": [*checkpoint.get("read", []), *([kind] if over else [])],
                "waits": 0,
            },
            done_units=rows,
        )

    def _leave_out(self, kind: str, why: str) -> None:
        checkpoint = self.pull.checkpoint
        declared = connector_type(self.connector.source)
        if kind not in declared.optional_objects:
            self._add_note(f"{declared.objects[kind]} left out: {why}")
        self.pull.advance(
            {**checkpoint, "kinds": checkpoint["kinds"][1:], "position": {}, "waits": 0}, notes=self.pull.notes
        )

    # import

    def _hand_over(self) -> None:
        """Give the files to the import, in the transaction of the checkpoint, so that they are given once."""
        paths = self.spool.paths()
        with transaction.atomic():
            run = None
            if paths:
                files = [given for path in paths for given in storage.files_at(path)]
                name = f"{self.connector} ({self.connector.get_source_display()}), pull {self.pull.pk}"
                run = start_import(files=files, source=self.connector.source, name=name, user=self.pull.asked_by)
                run.files.update(answers={EMPTY: CLEAR})  # the API tells all columns: what it leaves empty is empty
            point = {**self.pull.checkpoint, "phase": "import", "run": run.pk if run else None}
            self.pull.advance(point, run=run)

    def _check_import(self) -> None:
        run = ImportJob.objects.filter(pk=self.pull.checkpoint["run"]).first()
        if run is None and self.pull.checkpoint["run"]:
            raise PermanentFailure("The import of the read data no longer exists")
        if run is not None:
            if not run.is_over:
                raise Postpone(CHECK_IMPORT_AFTER, "Waits for the import of the read data")
            if run.state != State.DONE:
                raise PermanentFailure(
                    f"The import of the read data ended as {run.get_state_display().lower()}: {run.last_error}"
                )
        self._move_cursors(run)

    def _move_cursors(self, run: ImportJob | None) -> None:
        """Forget what the source deleted and move the cursor of each kind that is in, all at once."""
        failed = self._unread_files(run)
        with transaction.atomic():
            row = Connector.objects.select_for_update().get(pk=self.connector.pk)
            gone = delete_records(row.source, self.spool.gone())
            until = self.pull.checkpoint["until"]
            recent = self.pull.checkpoint.get("recent", {})
            for kind in self.pull.checkpoint.get("read", []):
                if kind not in failed:
                    row.cursors[kind] = {"until": until, "recent": recent.get(kind, {})}
            row.save(update_fields=["cursors"])
            point = {"phase": "over", "until": until, "failed": sorted(failed.values())}
            self._count_rejected(run)
            self.pull.advance(point, gone=gone, notes=self.pull.notes)
        # after the commit: a crash before it reads the files again
        discard_files(self.pull.pk)

    def _unread_files(self, run: ImportJob | None) -> dict[str, str]:
        """Return {kind: why} of files that the import could not take at all."""
        if run is None:
            return {}
        files = self.pull.checkpoint["files"]
        unread = run.files.exclude(state=ImportFile.State.DONE)
        return {files[file.name]["kind"]: f"{file.name}: {file.reason}" for file in unread if file.name in files}

    def _count_rejected(self, run: ImportJob | None) -> None:
        rejected = run.counts["rejected"] if run else 0
        if rejected:
            self._add_note(f"{rejected} rows were rejected; the import lists them with the reason")

    def _raise_failures(self) -> None:
        failed = self.pull.checkpoint.get("failed")
        if failed:
            raise PermanentFailure(f"Not all data could be imported; it will be read again: {'; '.join(failed)}")

    # waiting

    def _wait_for_source(self, fault: Busy) -> bool:
        """Wait as long as the source asks, or else longer each time; only a moment is waited here and now."""
        waits = self.pull.checkpoint.get("waits", 0) + 1
        if waits > MAX_WAITS:
            raise PermanentFailure(
                f"{fault}. Tried {MAX_WAITS} times in a row; the next pull continues from the same place"
            )
        seconds = fault.wait or back_off(waits)
        point = {**self.pull.checkpoint, "waits": waits}
        if seconds > SHORT_WAIT:
            raise Postpone(seconds, str(fault), checkpoint=point)
        self.pull.advance(point)
        sleep(seconds)
        return False

    def _add_note(self, note: str) -> None:
        self.pull.notes = [*self.pull.notes, note][:MAX_NOTES]

    @property
    def reader(self) -> Reader:
        if self._reader is None:
            self._access = Access.for_connector(self.connector)
            self._reader = reader_for(self._access)
        return self._reader

    @property
    def spool(self) -> Spool:
        if self._spool is None:
            self._spool = Spool(self.pull.pk, self.pull.checkpoint.get("files", {}))
        return self._spool


def switch_off(connector: Connector, why: str) -> None:
    """Stop a connector whose sign-in is refused, and notify those who can repair it."""
    with transaction.atomic():
        row = Connector.objects.select_for_update().get(pk=connector.pk)
        row.is_enabled, row.trouble = False, why
        row.save(update_fields=["is_enabled", "trouble"])
        tell_of_trouble(row)


def discard_unused_files(own: int) -> None:
    """Delete the files of pulls that ended or are not known."""
    others = set(pulls_with_files()) - {own}
    active = set(Pull.objects.filter(pk__in=others, state__in=ACTIVE).values_list("pk", flat=True))
    for pk in others - active:
        discard_files(pk)
