"""`make run`: services, migrations, demo company, web, worker and beat in one foreground process."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable

from revops.services import BASE_DIR, ensure_services

PR_SET_PDEATHSIG = 1
GRACE_SECONDS = 20


def main() -> None:
    os.chdir(BASE_DIR)
    port = _port()
    os.environ.setdefault("SITE_URL", f"http://localhost:{port}")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "revops.settings")
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        ensure_services()
        _prepare()
        _serve(port)
    except KeyboardInterrupt:
        print("\nAccord has stopped.", flush=True)


def _port() -> int:
    text = os.environ.get("PORT") or "8000"
    if not (text.isdigit() and 0 < int(text) < 65536):
        raise SystemExit(f"PORT={text} is no port. Use a number from 1 to 65535.")
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((os.environ.get("HOST", "0.0.0.0"), int(text)))  # noqa: S104
        except OSError as error:
            raise SystemExit(
                f"Port {text} cannot be used ({error.strerror}). Choose another: make run PORT={int(text) + 1}"
            ) from error
    return int(text)


def _prepare() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("assets")
    call_command("first_run")


def _serve(port: int) -> None:
    host = os.environ.get("HOST", "0.0.0.0")  # noqa: S104
    python = sys.executable
    commands = {
        "web": [python, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port), "--workers",
                os.environ.get("WEB_WORKERS", "2"), "--blocking-threads", "3", "--no-ws", "--log-level", "warning",
                "--respawn-failed-workers", "revops.wsgi:application"],
        "worker": [python, "-m", "celery", "-A", "revops", "worker", "--concurrency", os.environ.get("WORKERS", "2"), "--loglevel", "WARNING"],
        "beat": [python, "-m", "celery", "-A", "revops", "beat", "--pidfile=", "--loglevel", "WARNING"],
    }  # fmt: skip
    children = {name: _start(command) for name, command in commands.items()}
    try:
        _announce(port)
        _watch(children, commands)
    finally:
        _stop(children)


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, preexec_fn=_die_with_parent(), start_new_session=True)


def _die_with_parent() -> Callable[[], None] | None:
    """Return what makes the kernel end a child whose parent was killed (Linux), so that no port stays taken."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM) and None


def _announce(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with contextlib.closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    from django.core.management import call_command

    call_command("welcome")


def _watch(children: dict[str, subprocess.Popen[bytes]], commands: dict[str, list[str]]) -> None:
    """Wait for Ctrl-C; start again what ended by itself."""
    while True:
        time.sleep(1)
        for name, child in children.items():
            if child.poll() is not None:
                print(f"{name} ended with {child.returncode}; starting it again.", flush=True)
                time.sleep(1)
                children[name] = _start(commands[name])


def _stop(children: dict[str, subprocess.Popen[bytes]]) -> None:
    for child in children.values():
        child.terminate()
    until = time.monotonic() + GRACE_SECONDS
    for child in children.values():
        try:
            child.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
