"""`make run` watches its processes, ends all of them, and says in one sentence what is wrong."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db.migrations.exceptions import InconsistentMigrationHistory

from revops import run
from revops.management.commands import prepare

PARENT = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99)']); time.sleep(99)"


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """A process with a child of its own, in the place of web, worker and beat."""
    monkeypatch.setattr(run, "command_of", lambda name: [sys.executable, "-c", PARENT])
    monkeypatch.setattr(run, "turn_deaf", lambda: None)
    started = {"web": run.start_process("web")}
    until = time.monotonic() + 10
    while not psutil.Process(started["web"].pid).children() and time.monotonic() < until:
        time.sleep(0.05)
    yield started
    for child in started.values():
        run.end_group(child)
        child.wait()


def family(child: subprocess.Popen[bytes]) -> list[psutil.Process]:
    head = psutil.Process(child.pid)
    return [head, *head.children(recursive=True)]


def test_stopping_leaves_no_process(children: dict[str, subprocess.Popen[bytes]]) -> None:
    everybody = family(children["web"])
    assert len(everybody) == 2
    run.stop_processes(children)
    _gone, alive = psutil.wait_procs(everybody, timeout=5)
    assert not alive


def test_a_process_that_dies_is_started_again_and_its_orphans_end(
    children: dict[str, subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = children["web"]
    orphan = family(first)[1]
    first.kill()

    def until_restarted() -> list[str]:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "MEND_SECONDS", 1.5)
    monkeypatch.setattr(run.services, "restart_dead_services", until_restarted)
    with pytest.raises(KeyboardInterrupt):
        run.supervise_processes(children)
    assert children["web"].pid != first.pid
    assert children["web"].poll() is None
    assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel of Linux ends children of the dead")
def test_nothing_outlives_a_run_that_is_killed() -> None:
    script = "from revops import run; run.command_of = lambda name: ['sleep', '99']; print(run.start_process('web').pid, flush=True); import time; time.sleep(99)"
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.communicate()
    _gone, alive = psutil.wait_procs([child], timeout=5)
    assert not alive


def make_run(**env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "revops.run"]
    return subprocess.run(
        command, cwd=settings.BASE_DIR, env={**os.environ, **env}, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize("port", ["0", "70000", "http", "٨٠", "-1"])
def test_a_port_that_is_none_gets_one_sentence(port: str, tmp_path: Path) -> None:
    refused = make_run(PORT=port, DATA_DIR=str(tmp_path))
    assert refused.stderr.strip() == f"PORT={port} is not a port. Use a number from 1 to 65535."
    assert refused.returncode == 1


def test_a_port_that_is_taken_gets_one_sentence(taken_port: int, tmp_path: Path) -> None:
    refused = make_run(PORT=str(taken_port), DATA_DIR=str(tmp_path))
    assert refused.stderr.strip().startswith(
        f"Port {taken_port} cannot be used (Address already in use). Choose another"
    )
    assert refused.returncode == 1
    assert not (tmp_path / "postgres").exists()


def test_one_folder_holds_one_accord(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    with run.single_instance() as was_killed:
        assert not was_killed
        refused = make_run(PORT="1", DATA_DIR=str(tmp_path))
    assert refused.stderr.startswith(f"Accord already runs on {tmp_path}.")
    assert refused.returncode == 1
    with run.single_instance() as was_killed:
        assert not was_killed


def test_a_run_that_was_killed_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    (tmp_path / "run.lock").write_text("4711")
    with run.single_instance() as was_killed:
        assert was_killed


def test_a_port_that_is_being_left_is_waited_for() -> None:
    leaving = socket.socket()
    leaving.bind(("127.0.0.1", 0))
    leaving.listen()
    port = leaving.getsockname()[1]
    with pytest.raises(SystemExit, match="cannot be used"):
        run.wait_for_port(port, 0)
    threading.Timer(0.5, leaving.close).start()
    run.wait_for_port(port, 10)
    assert run.complaint_about(port) is None


def test_a_database_whose_migrations_were_replaced_is_refused_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    def migrate(name: str, **options: object) -> None:
        raise InconsistentMigrationHistory("kpis.0002_benchmarks is applied before kpis.0001_initial")

    monkeypatch.setattr(prepare, "call_command", migrate)
    with pytest.raises(CommandError, match="another DATA_DIR"):
        call_command("prepare")
