"""`make run`: services, migrations, demo company, then web, worker and beat, watched until Ctrl-C."""

import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from revops import secret_key, services
from revops.hosts import reachable_host

PROCESSES = ("web", "worker", "beat")
PR_SET_PDEATHSIG = 1
ROOT_IS_KNOWN = "ignore:You're running the worker with superuser privileges"
GRACE_SECONDS = 8  # what is cut off is taken up again from its last checkpoint
PATIENCE_SECONDS = 15  # what a killed run leaves behind ends by itself, and lets go of the port
READY_SECONDS = 120
NEW_KEY = (
    "This data folder was made before Accord kept a secret key in it; it gets one now. Everyone signs in again. "
    "Credentials of connectors that were stored before must be entered again, on the page of each connector."
)
MEND_SECONDS = 5


def main() -> None:
    os.chdir(services.BASE_DIR)
    port = wanted_port()
    os.environ["PORT"] = str(port)
    os.environ.setdefault("SITE_URL", f"http://localhost:{port}")
    bind_port()
    with contextlib.suppress(KeyboardInterrupt), single_instance() as was_killed:
        wait_for_port(port, PATIENCE_SECONDS if was_killed else 0)
        run(port)
    turn_deaf()
    services.stop_services()
    print_line("Accord has stopped. All data is kept.")


def bind_port() -> None:
    """Stop in good order on Ctrl-C, on a signal, when the terminal closes, and when make is killed."""
    signal.signal(signal.SIGINT, _raise_interrupt)  # also where a shell started us in the background, deaf to it
    signal.signal(signal.SIGTERM, _raise_interrupt)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup
        signal.signal(signal.SIGHUP, _raise_interrupt)
    die = _die_with_parent()
    if die and "MAKELEVEL" in os.environ:
        die()


def turn_deaf() -> None:
    """The end is near: a second Ctrl-C must not cut it short."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)


def run(port: int) -> None:
    embedded = [name for name in services.EMBEDDED if not services.is_named(name)]
    if embedded:
        print_line(f"Starting PostgreSQL and Redis in {services.data_dir()} …")
    if secret_key.is_older_than_its_key(services.data_dir()):
        print_line(NEW_KEY)
    services.ensure_services()
    secret_key.ensure_secret_key()
    prepare_database()
    children: dict[str, subprocess.Popen[bytes]] = {}
    try:
        print_line("Starting web, worker and beat …")
        for name in PROCESSES:
            children[name] = start_process(name)
        print_welcome(port)
        supervise_processes(children)
    finally:
        stop_processes(children)


def wanted_port() -> int:
    text = os.environ.get("PORT") or "8000"
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise SystemExit(f"PORT={text} is not a port. Use a number from 1 to 65535.")
    return int(text)


@contextlib.contextmanager
def single_instance() -> Iterator[bool]:
    """Hold the one place there is for `make run` in a data folder; tells whether its last holder was killed."""
    with (services.private_folder(services.data_dir()) / "run.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit(
                f"Accord already runs on {services.data_dir()}. Stop it first, or start another copy: "
                "make run DATA_DIR=/another/folder PORT=8001"
            ) from None
        file.seek(0)
        was_killed = bool(file.read())
        file.write(str(os.getpid()))
        file.flush()
        try:
            yield was_killed
        finally:
            file.truncate(0)


def host_of_this_run() -> str:
    return (os.environ.get("HOST") or "127.0.0.1").strip("[]")


def wait_for_port(port: int, patience: float) -> None:
    """Return once the port is free.

    Raises:
        SystemExit: it stays taken.
    """
    until = time.monotonic() + patience
    while complaint := complaint_about(port):
        if time.monotonic() >= until:
            raise SystemExit(
                f"Port {port} cannot be used ({complaint}). Choose another: make run PORT={port % 65535 + 1}"
            )
        time.sleep(0.3)


def complaint_about(port: int) -> str | None:
    host = host_of_this_run()
    with contextlib.closing(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.strerror or str(error)
    return None


def prepare_database() -> None:
    """Migrate, compress, found the demo company: in a process of its own, whose memory is given back."""
    done = subprocess.run(
        [sys.executable, "manage.py", "prepare"], preexec_fn=_die_with_parent(), start_new_session=True
    )
    if done.returncode:
        raise SystemExit(done.returncode)


def command_of(name: str) -> list[str]:
    return [sys.executable, "-m", "revops.processes", name]


def start_process(name: str) -> subprocess.Popen[bytes]:
    """Start a process as the head of a group of its own: Ctrl-C reaches us alone, and nothing of it outlives us."""
    env = {**os.environ, "PYTHONWARNINGS": ROOT_IS_KNOWN}
    return subprocess.Popen(command_of(name), env=env, preexec_fn=_die_with_parent(), start_new_session=True)


def _die_with_parent() -> Callable[[], None] | None:
    """Return what makes the kernel end a child whose parent was killed (Linux), so that no port stays taken."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM) and None


def print_welcome(port: int) -> None:
    """Say the way in as soon as the web answers; its words are prepared meanwhile."""
    welcome = subprocess.Popen([sys.executable, "manage.py", "welcome"], stdout=subprocess.PIPE, start_new_session=True)
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and not is_answering(port):
        time.sleep(0.1)
    print(welcome.communicate()[0].decode(), end="", flush=True)


def is_answering(port: int) -> bool:
    host = reachable_host(host_of_this_run())
    with contextlib.closing(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)) as probe:
        return probe.connect_ex((host, port)) == 0


def supervise_processes(children: dict[str, subprocess.Popen[bytes]]) -> None:
    """Wait for Ctrl-C; start again what ends by itself."""
    last_check = time.monotonic()
    while True:
        time.sleep(1)
        for name, child in children.items():
            if child.poll() is not None:
                print_line(f"{name} ended ({child.returncode}); starting it again.")
                end_group(child)
                time.sleep(1)
                children[name] = start_process(name)
        if time.monotonic() - last_check > MEND_SECONDS:
            for name in services.restart_dead_services():
                print_line(f"What {name} names had died; it runs again.")
            last_check = time.monotonic()


def stop_processes(children: dict[str, subprocess.Popen[bytes]]) -> None:
    turn_deaf()
    print_line("\nStopping …")
    for child in children.values():
        child.terminate()
    until = time.monotonic() + GRACE_SECONDS
    for child in children.values():
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(max(0.1, until - time.monotonic()))
        end_group(child)


def end_group(child: subprocess.Popen[bytes]) -> None:
    """End whatever is left of a process and its own children."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)


def print_line(text: str) -> None:
    print(text, flush=True)


def _raise_interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
