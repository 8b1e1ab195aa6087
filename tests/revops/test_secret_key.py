"""Each data folder has a secret key of its own, that only its owner reads."""

import os
import stat
import threading
from pathlib import Path

import pytest

from revops.secret_key import NAME, ensure_secret_key, is_older_than_its_key, read_or_make


def test_a_key_is_made_once_and_used_again(tmp_path: Path) -> None:
    key = read_or_make(tmp_path / NAME)
    assert len(key) > 80
    assert read_or_make(tmp_path / NAME) == key
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == [NAME]


def test_two_folders_have_two_keys(tmp_path: Path) -> None:
    assert read_or_make(tmp_path / "a") != read_or_make(tmp_path / "b")


def test_processes_that_start_together_agree(tmp_path: Path) -> None:
    keys: list[str] = []
    threads = [threading.Thread(target=lambda: keys.append(read_or_make(tmp_path / NAME))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1


def test_a_key_that_others_can_read_is_closed(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("k" * 60)
    (tmp_path / NAME).chmod(0o644)
    assert read_or_make(tmp_path / NAME) == "k" * 60
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600


def test_a_file_without_a_key_is_not_taken_for_one(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("short")
    with pytest.raises(SystemExit, match="does not hold a secret key"):
        read_or_make(tmp_path / NAME)


@pytest.mark.parametrize(
    ("given", "makes"), [({}, True), ({"SECRET_KEY": "k" * 60}, False), ({"PRODUCTION": "1"}, False)]
)
def test_only_a_copy_that_names_none_and_is_not_in_production_makes_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], makes: bool
) -> None:
    for name in ("SECRET_KEY", "SECRET_KEY_FILE", "PRODUCTION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    ensure_secret_key()
    assert (tmp_path / NAME).exists() == makes
    if makes:
        assert os.environ["SECRET_KEY"] == (tmp_path / NAME).read_text().strip()


def test_a_folder_from_before_keys_were_kept_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    assert not is_older_than_its_key(tmp_path), "a new folder"
    (tmp_path / "postgres").mkdir()
    assert is_older_than_its_key(tmp_path)
    read_or_make(tmp_path / NAME)
    assert not is_older_than_its_key(tmp_path)
