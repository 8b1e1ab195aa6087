"""The embedded services: found again after any death, shared, stopped by the last, and never in the way of others'."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg2
import pytest
import redis
from django.conf import settings

from revops import services
from revops.services import broker, postgres

HOLD = "import sys; from revops import services; services.ensure_services(); import os; " + (
    "print(os.environ['DATABASE_URL'], os.environ['REDIS_URL'], flush=True); sys.stdin.read()"
)


class Holder:
    """A process that holds the services of a folder until told to let go."""

    def __init__(self, folder: Path, **env: str) -> None:
        clean = {name: value for name, value in os.environ.items() if name not in services.EMBEDDED}
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLD],
            cwd=settings.BASE_DIR,
            env={**clean, "DATA_DIR": str(folder), **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        self.database, self.redis = self.process.stdout.readline().split()

    def let_go(self) -> None:
        self.process.communicate(timeout=60)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def servers(folder: Path) -> list[psutil.Process]:
    return [
        found
        for found in (postgres._find_postmaster(folder / "postgres"), broker._find_process(folder / "redis"))
        if found
    ]


def ask(database: str, statement: str) -> list[tuple[object, ...]]:
    connection = psycopg2.connect(database)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def folder_for_services() -> Iterator[Path]:
    """A folder with a blank and a quote in its path; not one of pytest's, which only root may pass."""
    path = Path(tempfile.mkdtemp(prefix="accord's home "))
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """One data folder for the whole file: making one takes seconds."""
    yield from folder_for_services()


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    yield from folder_for_services()


@pytest.fixture
def hold(home: Path) -> Iterator[Callable[..., Holder]]:
    holders = []

    def begin(folder: Path = home, **env: str) -> Holder:
        holders.append(Holder(folder, **env))
        return holders[-1]

    yield begin
    for holder in holders:
        if holder.process.poll() is None:
            holder.let_go()


def test_the_last_who_holds_the_services_stops_them(hold: Callable[..., Holder], home: Path) -> None:
    first, second = hold(), hold()
    assert (first.database, first.redis) == (second.database, second.redis)
    running = servers(home)
    first.let_go()
    assert servers(home) == running
    assert len(running) == 2
    second.let_go()
    assert servers(home) == []
    assert not any(process.is_running() for process in running)


def test_services_whose_holder_was_killed_are_adopted(hold: Callable[..., Holder], home: Path) -> None:
    hold().kill()
    orphans = servers(home)
    assert len(orphans) == 2
    second = hold()
    assert servers(home) == orphans
    second.let_go()
    assert servers(home) == []


def test_nothing_is_lost_when_everything_is_killed(hold: Callable[..., Holder], home: Path) -> None:
    first = hold()
    ask(first.database, "CREATE TABLE kept AS SELECT 42 AS answer")
    redis.Redis(unix_socket_path=first.redis.removeprefix("unix://")).rpush("bells", "ding")
    time.sleep(1.1)  # Redis writes its data to disk within a second
    for process in [*servers(home), *postgres._find_backends(home / "postgres")]:
        process.kill()
    first.kill()
    second = hold()
    assert ask(second.database, "SELECT answer FROM kept") == [(42,)]
    assert redis.Redis(unix_socket_path=second.redis.removeprefix("unix://")).lrange("bells", 0, -1) == [b"ding"]


def test_a_postgres_that_lost_only_its_head_is_waited_for(hold: Callable[..., Holder], home: Path) -> None:
    first = hold()
    head = postgres._find_postmaster(home / "postgres")
    assert head is not None
    head.kill()
    first.kill()
    assert ask(hold().database, "SELECT 1") == [(1,)]


def test_a_pid_that_is_another_persons_by_now_is_not_trusted(hold: Callable[..., Holder], home: Path) -> None:
    hold().let_go()
    stranger = str(os.getpid())
    (home / "postgres" / "postmaster.pid").write_text(
        f"{stranger}\n{home / 'postgres'}\n1\n5432\n/nowhere\n\n\nready\n"
    )
    (home / "redis" / "redis.pid").write_text(stranger)
    assert servers(home) == []
    assert ask(hold().database, "SELECT 1") == [(1,)]


def test_another_temporary_folder_leads_to_the_same_services(hold: Callable[..., Holder], tmp_path: Path) -> None:
    first, second = hold(), hold(TMPDIR=str(tmp_path))
    assert (first.database, first.redis) == (second.database, second.redis)


def test_a_founding_that_was_cut_short_begins_again(hold: Callable[..., Holder], elsewhere: Path) -> None:
    half = elsewhere / "postgres.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    copy = hold(elsewhere)
    assert ask(copy.database, "SELECT count(*) FROM pg_database WHERE datname = 'accord'") == [(1,)]
    assert not half.exists()
    copy.let_go()


def test_two_copies_run_side_by_side_on_sockets_of_their_own(
    hold: Callable[..., Holder], home: Path, elsewhere: Path
) -> None:
    one, other = hold(), hold(elsewhere)
    assert one.database != other.database
    assert one.redis != other.redis
    ask(other.database, "CREATE TABLE mine (id int)")
    assert ask(one.database, "SELECT to_regclass('mine')") == [(None,)]
    other.let_go()
    assert len(servers(home)) == 2
    listening = [each for process in servers(home) for each in process.net_connections(kind="inet")]
    assert listening == [], "no port is taken: nothing of ours is in the way of a PostgreSQL or Redis of the machine"


def test_only_its_owner_reaches_the_socket(hold: Callable[..., Holder], home: Path) -> None:
    hold()
    sockets = [*postgres._own_sockets(home / "postgres").glob(".s.PGSQL.5432"), broker._socket_path(home / "redis")]
    assert [socket.stat().st_mode & 0o077 for socket in sockets] == [0, 0]


def test_words_sort_and_fold_the_same_on_every_machine(hold: Callable[..., Holder]) -> None:
    holder = hold(LANG="xx_YY.UTF-8", LC_ALL="xx_YY.UTF-8")
    assert ask(holder.database, "SELECT upper('äß'), 'Z' < 'a', current_setting('server_encoding')") == [
        ("Äß", True, "UTF8")
    ]


@pytest.mark.parametrize("suffix", ["", "_FILE"])
def test_named_services_are_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, suffix: str) -> None:
    for variable in services.EMBEDDED:
        monkeypatch.delenv(variable)
        monkeypatch.setenv(f"{variable}{suffix}", "somewhere-else")
    folder = tmp_path / "untouched"
    monkeypatch.setenv("DATA_DIR", str(folder))
    services.ensure_services()
    assert not folder.exists()


def test_a_folder_that_cannot_be_written_gets_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit, match="cannot be written"):
        services.private_folder(tmp_path / "file" / "data")


def test_files_that_are_not_ours_are_not_touched(tmp_path: Path) -> None:
    stranger = tmp_path / "postgres" / "precious.txt"
    stranger.parent.mkdir()
    stranger.touch()
    with pytest.raises(SystemExit, match="not ours"):
        postgres.start(tmp_path)
    assert stranger.exists()


@pytest.mark.parametrize(
    ("words", "needed"),
    [("migrate", True), ("import_crm --help", False), ("--version", False), ("", False), ("assets", False), ("metric smroi", True)],
)  # fmt: skip
def test_only_commands_that_ask_the_database_start_one(words: str, needed: bool) -> None:
    assert services.needs_services(["manage.py", *words.split()]) is needed


def test_a_service_that_dies_under_a_running_accord_is_started_again(home: Path) -> None:
    script = (
        "from revops import services; from revops.services import postgres, broker; "
        "services.ensure_services(); home = services.data_dir(); "
        "assert services.restart_dead_services() == []; "
        "dead = [postgres._find_postmaster(home / 'postgres'), broker._find_process(home / 'redis')]; "
        "[process.kill() for process in dead]; [process.wait(10) for process in dead]; "
        "assert sorted(services.restart_dead_services()) == ['DATABASE_URL', 'REDIS_URL']; assert services.restart_dead_services() == []; print('restarted')"
    )
    clean = {name: value for name, value in os.environ.items() if name not in services.EMBEDDED}
    env = {**clean, "DATA_DIR": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=settings.BASE_DIR, env=env, capture_output=True, text=True
    )
    assert done.stdout.strip() == "restarted", done.stderr
    assert servers(home) == []
