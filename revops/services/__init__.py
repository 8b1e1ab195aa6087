"""The embedded services: a real PostgreSQL and a real Redis under DATA_DIR, used only where none are named.

`DATABASE_URL` and `REDIS_URL` name services of one's own; then nothing here starts anything. Otherwise each
process of Accord takes a shared lock on `DATA_DIR/services.lock`, starts what is not running, and puts the two
addresses into the environment. Anyone who lets go of the lock last stops the services. The kernel drops the lock
of a killed process, so nothing is left to clean up after `kill -9`: the next start adopts what still runs.
"""

import atexit
import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from revops.services import broker, postgres

BASE_DIR = Path(__file__).resolve().parent.parent.parent
WITHOUT_SERVICES = {
    "assets",
    "check",
    "collectstatic",
    "compilemessages",
    "help",
    "makemigrations",
    "spectacular",
    "version",
}
EMBEDDED = {"DATABASE_URL": postgres, "REDIS_URL": broker}

_held: dict[str, IO[str]] = {}  # the lock of this process, while it has one
_started: list[str] = []  # the variables that name services of Accord


def data_dir() -> Path:
    """Return the folder that holds everything Accord keeps on disk."""
    return Path(os.environ.get("DATA_DIR") or BASE_DIR / "data").expanduser().resolve()


def needs_services(argv: list[str]) -> bool:
    """Tell whether a manage.py call talks to the database or the broker."""
    asks_for_help = {"--help", "-h", "--version"} & set(argv)
    return len(argv) > 1 and argv[1] not in WITHOUT_SERVICES and not asks_for_help


def is_named(service: str) -> bool:
    """Tell whether the environment names a service of one's own, by address or by a file that holds it."""
    return bool(os.environ.get(service) or os.environ.get(f"{service}_FILE"))


def ensure_services() -> None:
    """Start PostgreSQL and Redis, or find them running, unless the environment names others."""
    missing = [variable for variable in EMBEDDED if not is_named(variable)]
    if not missing:
        return
    folder = private_folder(data_dir())
    lock = (folder / "services.lock").open("a+")
    with startup_lock(folder):
        fcntl.flock(lock, fcntl.LOCK_SH)
        _held["lock"] = lock
        for variable in missing:
            os.environ[variable] = EMBEDDED[variable].start(folder)
    _started.extend(missing)
    atexit.register(stop_services, os.getpid())


def private_folder(folder: Path) -> Path:
    """Make the data folder, or say in one sentence why it cannot be used."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "services.lock").open("a+").close()
    except OSError as error:
        raise SystemExit(
            f"{folder} cannot be written ({error.strerror}). Name another folder: DATA_DIR=… make run"
        ) from None
    return folder


@contextlib.contextmanager
def startup_lock(folder: Path) -> Iterator[None]:
    """Hold the lock under which services are started and stopped, one process at a time."""
    with (folder / "services.starting").open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def restart_dead_services() -> list[str]:
    """Start again what of our services has died; returns the names of the variables that named it."""
    dead = [variable for variable in _started if not EMBEDDED[variable].is_well(data_dir())]
    if dead:
        with startup_lock(data_dir()):
            for variable in dead:
                EMBEDDED[variable].start(data_dir())
    return dead


def stop_services(owner: int | None = None) -> None:
    """Let go of the services; they stop when no one else holds them."""
    if owner not in (None, os.getpid()) or "lock" not in _held:  # a forked child ends; its parent still holds them
        return
    lock, folder = _held.pop("lock"), data_dir()
    with startup_lock(folder), lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        for service in EMBEDDED.values():
            service.stop(folder)
