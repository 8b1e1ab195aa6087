"""Accord listens to this machine alone, answers to its own names alone, and its mails lead to SITE_URL."""

import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings as project
from django.core import mail
from django.core.management import call_command
from django.test import Client

from revops import processes
from revops.hosts import is_any, is_loopback, own_hosts, reachable_host
from team.models import Company
from tests import make


@pytest.mark.parametrize(
    ("host", "loopback", "wildcard"),
    [("127.0.0.1", True, False), ("localhost", True, False), ("::1", True, False), ("[::1]", True, False),
     ("0.0.0.0", False, True), ("::", False, True), ("192.168.1.5", False, False), ("accord.example", False, False)],
)  # fmt: skip
def test_who_can_reach_a_host(host: str, loopback: bool, wildcard: bool) -> None:
    assert (is_loopback(host), is_any(host)) == (loopback, wildcard)


def test_its_own_names_are_those_of_the_machine_and_those_it_was_given() -> None:
    local = ["localhost", "127.0.0.1", "[::1]"]
    assert own_hosts("http://localhost:8000", "127.0.0.1") == local
    assert own_hosts("http://accord.lan:8000", "0.0.0.0") == [*local, "accord.lan"]
    assert own_hosts("http://[2001:db8::1]:8000", "192.168.1.5") == [*local, "[2001:db8::1]", "192.168.1.5"]
    assert [reachable_host(host) for host in ("0.0.0.0", "::", "10.0.0.1")] == ["127.0.0.1", "::1", "10.0.0.1"]


def test_the_web_listens_on_this_machine_alone_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOST", raising=False)
    line = processes.web_command()
    assert line[line.index("--host") + 1] == "127.0.0.1"
    monkeypatch.setenv("HOST", "0.0.0.0")
    line = processes.web_command()
    assert line[line.index("--host") + 1] == "0.0.0.0"


def settings_with(**changes: str) -> str:
    env = {
        name: value for name, value in os.environ.items() if name not in {"DEMO", "HOST", "SITE_URL", "ALLOWED_HOSTS"}
    }
    script = "from revops import settings as s; print(s.ALLOWED_HOSTS, s.DEMO, s.DEMO_OPEN)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=project.BASE_DIR, env={**env, **changes}, capture_output=True, text=True
    )
    assert not done.returncode, done.stderr
    return done.stdout.strip()


def test_an_open_accord_has_no_one_click_sign_in_unless_told() -> None:
    local = "'localhost', '127.0.0.1', '[::1]'"
    assert settings_with() == f"[{local}] True True"
    opened = settings_with(HOST="0.0.0.0", SITE_URL="http://accord.lan:8000", ALLOWED_HOSTS="other.lan")
    assert opened == f"[{local}, 'accord.lan', 'other.lan'] True False"
    assert settings_with(HOST="0.0.0.0", DEMO_OPEN="1") == f"[{local}] True True"


@pytest.mark.django_db
def test_the_open_demo_does_not_sign_anyone_in(client: Client, company: Company, settings: Any) -> None:
    company.is_demo = True
    company.save()
    person = make.user()
    settings.DEMO, settings.DEMO_OPEN = True, False
    assert client.post("/demo/sign-in/", {"email": person.email}).status_code == 404
    assert b"demo-person" not in client.get("/accounts/login/").content


@pytest.mark.django_db
def test_what_others_reach_is_announced(settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    settings.HOST, settings.DEMO, settings.DEMO_OPEN = "0.0.0.0", True, False
    call_command("welcome")
    announced = capsys.readouterr().out
    assert "others on the network can reach it" in announced
    assert "SITE_URL=http://NAME:PORT" in announced
    assert "DEMO_OPEN=1 turns it on" in announced


@pytest.mark.django_db
@pytest.mark.parametrize("host", [{"HTTP_HOST": "evil.example"}, {"HTTP_HOST": "localhost:8000@evil.example"}])
def test_a_foreign_host_is_not_answered(client: Client, host: dict[str, str]) -> None:
    assert client.get("/accounts/login/", **host).status_code == 400  # type: ignore[arg-type]


@pytest.mark.django_db
@pytest.mark.parametrize("host", [{"HTTP_HOST": "other.accord.lan"}, {"HTTP_X_FORWARDED_HOST": "evil.example"}])
def test_a_link_to_reset_a_password_leads_to_this_site(client: Client, settings: Any, host: dict[str, str]) -> None:
    settings.ALLOWED_HOSTS = [".accord.lan", "testserver"]
    settings.SITE_URL = "https://accord.lan"
    person = make.user()
    person.set_password("correct horse battery")
    person.save()
    client.post("/accounts/password/reset/", {"email": person.email}, **host)  # type: ignore[arg-type]
    assert "https://accord.lan/accounts/password/reset/key/" in mail.outbox[0].body
    assert "evil.example" not in mail.outbox[0].body
    assert "other.accord.lan" not in f"{mail.outbox[0].subject} {mail.outbox[0].body}"
