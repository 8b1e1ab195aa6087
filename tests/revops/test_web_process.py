"""The web process as it is started for users: it answers while hundreds of clients leave their requests half sent."""

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection

pytestmark = pytest.mark.slow

HALF_OPEN = 200
SECONDS = 6
POST = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
BEGINNINGS = {
    "half-sent headers": b"POST / HTTP/1.1\r\nHost: local",
    "half-sent body": POST + b"Content-Length: 1000\r\n\r\nabc",
    "dripping headers": b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    "dripping body": POST + b"Content-Length: 1000\r\n\r\na",
    "large body": POST + b"Content-Length: 700000000\r\n\r\na",
}


@pytest.fixture
def port(transactional_db: None) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number = int(probe.getsockname()[1])
    names = connection.settings_dict
    host = quote(names["HOST"], safe="")
    user = names["USER"] + (f":{quote(names['PASSWORD'], safe='')}" if names["PASSWORD"] else "")
    url = f"postgresql://{user}@{host}:{names['PORT'] or 5432}/{names['NAME']}"
    # DEBUG: pages link static files by their plain names, and none need be collected
    env = {
        **os.environ,
        "DEBUG": "1",
        "PORT": str(number),
        "HOST": "127.0.0.1",
        "DATABASE_URL": url,
        "WEB_WORKERS": "1",
    }
    process = subprocess.Popen([sys.executable, "-m", "revops.processes", "web"], cwd=settings.BASE_DIR, env=env)
    until = time.monotonic() + 60
    while time.monotonic() < until and not answers(number):
        time.sleep(0.2)
    yield number
    process.terminate()
    process.wait(20)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def seconds_for(port: int, path: str) -> float:
    began = time.monotonic()
    client = http.client.HTTPConnection("localhost", port, timeout=20)
    client.request("GET", path)
    answer = client.getresponse()
    answer.read()
    client.close()
    assert answer.status == 200, path
    return time.monotonic() - began


def test_half_open_connections_hold_no_one_up(port: int) -> None:
    pages = ("/healthz", "/accounts/login/")
    for page in pages:
        seconds_for(port, page)  # the first page loads what all need
    beginnings = list(BEGINNINGS.values())
    clients = [half_open(port, beginnings[number % len(beginnings)]) for number in range(HALF_OPEN)]
    slowest = dict.fromkeys(pages, 0.0)
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        for client in clients:
            drip(client)
        for page in pages:
            slowest[page] = max(slowest[page], seconds_for(port, page))
        time.sleep(0.3)
    large = beginnings.index(BEGINNINGS["large body"])
    assert clients[large].recv(12) == b"HTTP/1.1 413", "what is too large is refused by what its headers say"
    for client in clients:
        client.close()
    assert slowest["/healthz"] < 1
    assert slowest["/accounts/login/"] < 2


def half_open(port: int, beginning: bytes) -> socket.socket:
    client = socket.create_connection(("localhost", port), timeout=5)
    client.sendall(beginning)
    return client


def drip(client: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the server has ended it
        client.send(b"a")


@pytest.mark.parametrize("first", ["Content-Length", "Transfer-Encoding"])
def test_a_request_with_two_lengths_is_the_last_of_its_connection(port: int, first: str) -> None:
    """A proxy that went by the other length would take what follows for a request of its next client (RFC 9112, 6.1)."""
    lengths = {"Content-Length": "5", "Transfer-Encoding": "chunked"}
    headers = "".join(f"{name}: {lengths[name]}\r\n" for name in sorted(lengths, key=lambda name: name != first))
    request = f"POST /healthz HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n0\r\n\r\n"
    smuggled = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    client = half_open(port, f"{request}{smuggled}".encode())
    received = b""
    while piece := client.recv(4096):  # a TimeoutError: the connection was left open
        received += piece
    client.close()
    assert received.count(b"HTTP/1.1 ") == 1
