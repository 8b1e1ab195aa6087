"""What a person may hand us: zips that burst, names that climb, files that lie."""

import gzip
import random
from pathlib import Path
from typing import Any

import pytest

from core import disk
from crm.models import Lead
from imports.files import storage, workbooks
from imports.models import ImportJob
from tests.imports.importing import FIXTURES, bring, given, picture, queue, wipe
from tests.imports.workbooks import zipped

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
LEADS = "Id,LastName,Company,Status\n1,A,X,New\n"


def reason(run: ImportJob, name: str) -> tuple[str, str]:
    file = run.files.get(name=name)
    return file.state, file.reason


def test_a_zip_is_the_same_as_its_folder() -> None:
    bring(FIXTURES / "salesforce")
    whole = picture()
    wipe()
    files: dict[str, str | bytes] = {
        f"export/{path.name}": path.read_bytes() for path in (FIXTURES / "salesforce").iterdir()
    }
    run = bring({"export.zip": zipped(files)})
    assert picture() == whole
    assert reason(run, "export.zip") == ("unpacked", "")
    assert run.files.filter(name="export.zip/export/Lead.csv", state="done").exists()


def test_names_that_climb_lead_nowhere(settings: Any) -> None:
    run = bring(
        {
            "x.zip": zipped(
                {
                    "../../../evil/Lead.csv": LEADS,
                    "/abs/Lead.csv": LEADS.replace("1,", "2,"),
                    "__MACOSX/._Lead.csv": "x",
                }
            )
        }
    )
    assert Lead.objects.count() == 2
    assert {file.name for file in run.files.all()} == {"x.zip", "x.zip/evil/Lead.csv", "x.zip/abs/Lead.csv"}
    root = Path(settings.MEDIA_ROOT)
    assert {path.parent.parent for path in root.rglob("*") if path.is_file()} == {root / "imports"}


def test_a_zip_bomb_is_refused_before_it_is_unpacked(settings: Any) -> None:
    run = bring({"bomb.zip": zipped({"Lead.csv": "Id,LastName\n" + "0" * 300_000_000})})
    assert reason(run, "bomb.zip")[0] == "failed"
    assert "suspiciously high" in reason(run, "bomb.zip")[1]
    assert sum(path.stat().st_size for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()) < 10**6


def test_a_zip_that_lies_about_its_size_is_stopped(settings: Any) -> None:
    data = bytearray(zipped({"Lead.csv": LEADS * 3000}))
    at = data.rfind(b"PK\x01\x02") + 24
    data[at : at + 4] = (10).to_bytes(4, "little")
    run = bring({"liar.zip": bytes(data)})
    state, words = reason(run, "liar.zip")
    assert state == "failed"
    assert "cannot be unpacked" in words or "more than its index says" in words


def test_too_many_files_and_too_many_bytes_are_refused(settings: Any) -> None:
    run = bring({"many.zip": zipped({f"{number}.csv": "a" for number in range(1001)})})
    assert "holds 1001 files; at most 1000" in reason(run, "many.zip")[1]
    settings.UNPACKED_MAX_BYTES = 1024**2
    run = bring({"large.zip": zipped({"Lead.csv": LEADS + "x" * 2 * 1024**2})})
    assert "unpacks to 2 MB; at most 1 MB" in reason(run, "large.zip")[1]


def test_damaged_and_locked_zips_are_named() -> None:
    good = zipped({"Lead.csv": LEADS * 100})
    broken = good[:60] + b"\xff" * 20 + good[80:]
    run = bring({"broken.zip": broken, "no.zip": b"PK\x03\x04 nothing"})
    assert reason(run, "broken.zip")[1].startswith("The zip cannot be unpacked")
    assert reason(run, "no.zip")[0] == "failed"
    locked = bytearray(good)
    locked[6] |= 1
    locked[good.rfind(b"PK\x01\x02") + 8] |= 1
    assert "encrypted" in reason(bring({"locked.zip": bytes(locked)}), "locked.zip")[1]


def test_a_zip_inside_a_zip_is_taken_too() -> None:
    bring({"outer.zip": zipped({"inner.zip": zipped({"Lead.csv": LEADS})})})
    assert Lead.objects.count() == 1


def test_nothing_is_left_when_the_files_cannot_be_kept(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(folder: str, files: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(storage, "store_files", full)
    with pytest.raises(OSError, match="No space left"):
        queue({"Lead.csv": LEADS})
    assert not ImportJob.objects.exists()
    assert list((Path(settings.MEDIA_ROOT) / "imports").iterdir()) == []


def test_old_files_are_discarded_and_the_counts_stay(settings: Any) -> None:
    run = bring({"Lead.csv": LEADS})
    ImportJob.objects.filter(pk=run.pk).update(finished_at="2026-01-01T00:00Z")
    bring({"Lead.csv": LEADS})
    run.refresh_from_db()
    assert (run.folder, run.counts["rows"]) == ("", 1)
    assert len(list((Path(settings.MEDIA_ROOT) / "imports").iterdir())) == 1


def test_hidden_files_of_a_folder_are_left_out(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "Lead.csv").write_text(LEADS)
    (tmp_path / "Lead.csv").write_text(LEADS)
    assert [one.name for one in storage.files_at(tmp_path)] == ["Lead.csv"]
    assert [one.name for one in given({"a": ""})] == ["a"]


def on_disk(settings: Any) -> int:
    return sum(path.stat().st_size for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("name", "text"), [("Lead.csv.gz", LEADS + "x" * 6_000_000), ("rates.xml", "<a>" + " " * 6_000_000)]
)
def test_what_unpacks_to_far_more_is_refused_and_deleted_at_once(
    name: str, text: str, settings: Any, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr(storage, "MAX_RATIO", 5)
    with django_capture_on_commit_callbacks(execute=True):
        run = bring({name: gzip.compress(text.encode(), 9), "other.csv": LEADS})
    state, words = reason(run, name)
    assert state == "failed"
    assert words.startswith("Unpacked it is larger than 5 MB.")
    assert on_disk(settings) < 1000, "only the other file is left"
    assert Lead.objects.count() == 1


def test_what_zips_inside_zips_unpack_to_is_counted_together(settings: Any) -> None:
    settings.UNPACKED_MAX_BYTES = 3 * 1024**2
    noise = random.Random(1).randbytes(900_000).hex()  # 1.8 MB that does not pack away
    inner = zipped({"Lead.csv": LEADS + noise})
    run = bring({"outer.zip": zipped({"one.zip": inner, "two.zip": inner, "three.zip": inner})})
    refused = run.files.filter(state="failed")
    assert refused.count() >= 2
    assert {file.reason for file in refused} == {
        "The upload is larger than the limit when unpacked. Upload it in parts."
    }


def test_files_inside_zips_inside_zips_are_counted_together(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "MAX_MEMBERS", 12)
    inner = zipped({f"{number}.csv": "a" for number in range(5)})
    run = bring({"outer.zip": zipped({"one.zip": inner, "two.zip": inner, "three.zip": inner})})
    assert run.files.filter(state="failed", reason__contains="at most 12 of an upload").count() >= 1
    assert run.files.count() < 16


def test_an_import_stops_before_the_disk_is_full(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "RESERVE_BYTES", 10**18)
    with pytest.raises(disk.NoSpace):
        queue({"Lead.csv": LEADS})
    assert not ImportJob.objects.exists()
    assert on_disk(settings) == 0


def test_a_workbook_gets_time_by_its_size() -> None:
    assert workbooks.seconds_allowed(1024**2) == 30
    assert workbooks.seconds_allowed(512 * 1024**2) < 150
