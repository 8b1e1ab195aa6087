"""A secret key of its own for each data folder, where the environment names none. Production must name one."""

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from revops.services import data_dir, is_named, private_folder

NAME = "secret_key"
LEAST_CHARACTERS = 50
OFF = {"", "0", "false", "no", "off", "n", "f"}


def ensure_secret_key() -> None:
    """Put the key of the data folder into the environment, for this process and those it starts."""
    if not is_named("SECRET_KEY") and os.environ.get("PRODUCTION", "").strip().lower() in OFF:
        os.environ["SECRET_KEY"] = read_or_make(private_folder(data_dir()) / NAME)


def read_or_make(path: Path) -> str:
    """Return the key in a file that only its owner reads; the first call writes it.

    Raises:
        SystemExit: what is there cannot be a key, or cannot be read.
    """
    if not path.exists():
        _create_key(path)
    try:
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
        key = path.read_text().strip()
    except OSError as error:
        raise SystemExit(f"{path} cannot be read ({error.strerror}). Run Accord as the user that owns it.") from None
    if len(key) < LEAST_CHARACTERS:
        raise SystemExit(
            f"{path} does not hold a secret key. Restore it from a backup, or delete it: Accord makes a new one, "
            "everyone signs in again, and credentials of connectors must be entered again."
        )
    return key


def is_older_than_its_key(folder: Path) -> bool:
    """Tell whether a data folder was used before Accord kept a key in it: what it encrypted cannot be read any more."""
    return (folder / "postgres").exists() and not (folder / NAME).exists() and not is_named("SECRET_KEY")


def _create_key(path: Path) -> None:
    """Write the key beside its place and move it there whole; of two processes, the first one's key stays."""
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{NAME}")  # mode 0600
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(64) + "\n")
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        Path(draft).unlink()
