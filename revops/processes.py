"""The three processes of a running Accord. `make run` and docker-compose.yml start them by the same words:

python -m revops.processes web | worker | beat
python -m revops.processes probe web | worker | beat      (is it well? exit code 0 or 1)
"""

import http.client
import os
import resource
import sys
import time
from collections.abc import Callable

from revops.hosts import reachable_host
from revops.secret_key import ensure_secret_key
from revops.services import data_dir

BEAT_SILENCE_SECONDS = 600  # beat writes its file at least every three minutes
HEADER_MILLISECONDS = 10_000
HEADER_BYTES = 64 * 1024
MAX_CONNECTIONS = 8192
OPEN_FILES = 65_536
NAMES = ("web", "worker", "beat")


def env_variable(name: str, default: str) -> str:
    return os.environ.get(name) or default


def web_command() -> list[str]:
    """granian with the application of revops/asgi.py, whose threads (WEB_THREADS) answer one request at a time each.

    HTTP/1 only: its limit of time for headers does not hold for HTTP/2, which browsers do not speak without TLS anyway.
    A connection costs little, so many may be open; half-sent ones end by the limits of time.
    """
    return [
        "granian", "--interface", "asginl", "--http", "1", "--no-ws", "--loop", "asyncio",
        "--host", env_variable("HOST", "127.0.0.1"), "--port", env_variable("PORT", "8000"),
        "--workers", env_variable("WEB_WORKERS", "2"), "--respawn-failed-workers", "--workers-kill-timeout", "10",
        "--http1-header-read-timeout", str(HEADER_MILLISECONDS), "--http1-buffer-size", str(HEADER_BYTES),
        "--backlog", "2048", "--backpressure", str(connection_limit()),
        "--log-level", "warning", "revops.asgi:application",
    ]  # fmt: skip


def connection_limit() -> int:
    """Return how many connections one process of the web may hold: files and the database need the other half."""
    open_files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(MAX_CONNECTIONS, max(1, open_files // 2))


def raise_open_files() -> None:
    """Let this process, and the one that takes its place, open as many files as the machine allows (within reason)."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if most == resource.RLIM_INFINITY else min(OPEN_FILES, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def worker_command() -> list[str]:
    return [
        "celery", "--app", "revops", "--quiet", "worker", "--concurrency", env_variable("WORKERS", "2"), "--loglevel", "WARNING",
    ]  # fmt: skip


def beat_command() -> list[str]:
    return ["celery", "--app", "revops", "--quiet", "beat", "--pidfile=", "--loglevel", "WARNING"]


COMMANDS: dict[str, Callable[[], list[str]]] = {"web": web_command, "worker": worker_command, "beat": beat_command}


def process_command(name: str) -> list[str]:
    """Return the command line of a process: a module of this Python, so that nothing depends on the PATH."""
    return [sys.executable, "-m", *COMMANDS[name]()]


def web_is_well() -> bool:
    """Ask /healthz the way the outside would, under a host name that Accord answers to."""
    host = env_variable("ALLOWED_HOSTS", "localhost").split(",")[0].strip().lstrip(".*") or "localhost"
    own = reachable_host(env_variable("HOST", "127.0.0.1"))
    connection = http.client.HTTPConnection(own, int(env_variable("PORT", "8000")), timeout=5)
    try:
        connection.request("GET", "/healthz", headers={"Host": host})
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def worker_is_well() -> bool:
    """Ask the worker of this host for a sign over the broker."""
    from revops.celery import app

    return bool(app.control.ping(destination=[f"celery@{os.uname().nodename}"], timeout=5))


def beat_is_well() -> bool:
    """True when beat has written down its schedule lately."""
    written = [file.stat().st_mtime for file in data_dir().glob("beat*")]
    return bool(written) and time.time() - max(written) < BEAT_SILENCE_SECONDS


PROBES: dict[str, Callable[[], bool]] = {"web": web_is_well, "worker": worker_is_well, "beat": beat_is_well}


def main(arguments: list[str]) -> None:
    match arguments:
        case [name] if name in COMMANDS:
            ensure_secret_key()
            raise_open_files()
            line = process_command(name)
            os.execv(line[0], line)  # noqa: S606  # takes this process's place, so that signals reach it
        case ["probe", name] if name in PROBES:
            sys.exit(0 if PROBES[name]() else 1)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
