"""No thread waits for a client: bodies have limits of size and time, answers are sent by the event loop."""

import asyncio
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core import signals
from django.db import close_old_connections
from django.test import Client

from core import database
from revops.server import bodies, bridge
from revops.server.application import Server
from revops.server.bodies import ANYONE_BYTES, Body, BodyReader
from revops.server.bridge import build_environ
from revops.server.limits import largest_body
from revops.server.scopes import client_network
from team.models import Role, User
from team.tokens import create_token
from tests import make

Sent = list[dict[str, Any]]


def scope_of(path: str = "/", method: str = "POST", client: str = "198.51.100.7", **headers: str) -> dict[str, Any]:
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "http_version": "1.1",
        "scheme": "http",
        "server": ("127.0.0.1", 8000),
        "client": (client, 4711),
        "headers": [(name.replace("__", "-").lower().encode(), value.encode()) for name, value in headers.items()],
    }


class Sender:
    """A client that sends its pieces, and then nothing more where it is said to stall."""

    def __init__(self, *pieces: bytes, stalls: bool = False, pause: float = 0) -> None:
        self.pieces = list(pieces) or [b""]
        self.stalls, self.pause = stalls, pause
        self.asked = 0

    async def __call__(self) -> dict[str, Any]:
        self.asked += 1
        if self.pause:
            await asyncio.sleep(self.pause)
        if self.pieces:
            piece = self.pieces.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(self.pieces) or self.stalls}
        await asyncio.sleep(3600)
        raise AssertionError


def echo(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    content = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start("200 OK", [("Content-Type", "text/plain"), ("X-Length", str(len(content)))])
    return [content]


def ask(scope: dict[str, Any], sender: Sender, app: Any = echo, limit: int = ANYONE_BYTES) -> Sent:
    return asyncio.run(answer_of(scope, sender, app, limit))


async def answer_of(scope: dict[str, Any], sender: Sender, app: Any = echo, limit: int = ANYONE_BYTES) -> Sent:
    server, sent = Server(app, threads=2), []

    async def say(_: Any) -> int:
        return limit

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    server.bodies = BodyReader(say)
    await server(scope, sender, send)
    server.bridge.threads.shutdown()
    return sent


def content_of(sent: Sent) -> bytes:
    return b"".join(message["body"] for message in sent[1:])


def test_a_whole_request_is_answered_in_one_piece() -> None:
    sent = ask(scope_of(content__length="5"), Sender(b"he", b"llo"))
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert (sent[0]["status"], content_of(sent), sent[1]["more_body"]) == (200, b"hello", False)


def test_a_body_that_states_too_large_a_size_is_refused_before_a_byte_is_read() -> None:
    sender = Sender(b"x" * 1024)
    sent = ask(scope_of(content__length=str(700 * 1024**2)), sender)
    assert (sent[0]["status"], sender.asked) == (413, 0)
    assert b"At most 64 kB are taken here. Sign in to send more" in content_of(sent)


def test_a_body_that_grows_too_large_is_refused_on_the_way() -> None:
    sender = Sender(*[b"x" * 1024] * 1000)
    sent = ask(scope_of(transfer__encoding="chunked"), sender)
    assert (sent[0]["status"], sender.asked) == (413, 65)


def test_who_may_send_more_sends_more_through_the_disk() -> None:
    pieces = [bytes([number]) * 1024**2 for number in range(3)]
    sent = ask(scope_of(content__length=str(3 * 1024**2)), Sender(*pieces), limit=4 * 1024**2)
    assert sent[0]["status"] == 200
    assert content_of(sent) == b"".join(pieces)


def test_a_person_who_sends_too_much_reads_why() -> None:
    sender = Sender(*[b"x" * 1024**2] * 3)
    sent = ask(scope_of(content__length=str(3 * 1024**2)), sender, limit=2 * 1024**2)
    assert (sent[0]["status"], sender.asked) == (413, 3)
    assert b"At most 2 MB are taken here. Send it in parts." in content_of(sent)


def test_no_upload_is_taken_onto_a_disk_that_is_nearly_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 9 * 10**8, 10**8))  # type: ignore[attr-defined]
    sender = Sender(b"x")
    sent = ask(scope_of(content__length=str(50 * 1024**2)), sender, limit=500 * 1024**2)
    assert (sent[0]["status"], sender.asked) == (507, 0)
    assert b"The disk is nearly full" in content_of(sent)


def test_a_length_that_is_no_number_is_refused() -> None:
    assert ask(scope_of(content__length="²"), Sender())[0]["status"] == 400


@pytest.mark.parametrize("pieces", [(), (b"a",)])
def test_a_body_whose_chunks_are_malformed_is_no_fault_of_the_server(pieces: tuple[bytes, ...]) -> None:
    class Broken(Sender):
        async def __call__(self) -> dict[str, Any]:
            if self.pieces:
                return {"type": "http.request", "body": self.pieces.pop(0), "more_body": True}
            return {"type": "http.disconnect"}  # what granian says of a chunk that is none, too

    sender = Broken()
    sender.pieces = list(pieces)
    sent = ask(scope_of(transfer__encoding="chunked"), sender)
    assert sent[0]["status"] == 400
    assert b"chunks are malformed" in content_of(sent)


def test_a_half_sent_body_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "GRACE_SECONDS", 0.05)
    sent = ask(scope_of("/api/v1/leads/", content__length="5"), Sender(b"he", stalls=True))
    assert sent[0]["status"] == 408
    assert json.loads(content_of(sent))["code"] == "too_slow"


def test_a_dripping_body_is_given_up_though_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "GRACE_SECONDS", 0.1)
    sender = Sender(*[b"x"] * 5000, pause=0.02)
    assert ask(scope_of(content__length="5000"), sender)[0]["status"] == 408
    assert sender.asked < 50


def test_one_address_leaves_so_many_bodies_half_sent_and_the_oldest_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bodies, "HALF_SENT_PER_ADDRESS", 3)

    async def attempt() -> tuple[list[int], int]:
        reader = BodyReader(lambda _: asyncio.sleep(0, 0))
        refused: list[int] = []

        async def read(number: int, client: str, sender: Sender) -> int:
            try:
                async with reader.read(scope_of(content__length="5", client=client), sender) as body:
                    return body.size
            except bodies.Refused:
                refused.append(number)
                return -1

        stalled = []
        for number in range(5):
            stalled.append(asyncio.create_task(read(number, "198.51.100.7", Sender(b"he", stalls=True))))
            await asyncio.sleep(0.01)
        stalled.append(asyncio.create_task(read(5, "203.0.113.9", Sender(b"he", stalls=True))))
        honest = await read(6, "198.51.100.7", Sender(b"he", b"llo"))
        await asyncio.sleep(0.01)
        for task in stalled:
            task.cancel()
        return refused, honest

    assert asyncio.run(attempt()) == ([0, 1, 2], 5)


def test_ipv6_addresses_of_one_network_count_together() -> None:
    assert client_network(scope_of(client="2001:db8:1:2::1")) == client_network(scope_of(client="2001:db8:1:2:ffff::9"))


def test_behind_a_proxy_the_address_is_the_one_that_the_proxy_saw(settings: Any) -> None:
    forged = scope_of(client="10.0.0.1", x__forwarded__for="1.2.3.4, 203.0.113.9")
    assert client_network(forged) == "10.0.0.1"
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert client_network(forged) == "203.0.113.9"


def test_health_is_answered_while_every_thread_is_busy() -> None:
    async def attempt() -> float:
        server = Server(lambda environ, start: (time.sleep(0.5), echo(environ, start))[1], threads=1)
        sent: Sent = []

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        slow = [asyncio.create_task(server(scope_of(method="GET"), Sender(), send)) for _ in range(2)]
        await asyncio.sleep(0.05)
        began = time.monotonic()
        own: Sent = []

        async def note(message: dict[str, Any]) -> None:
            own.append(message)

        await server(scope_of("/healthz", "GET"), Sender(), note)
        seconds = time.monotonic() - began
        assert (own[0]["status"], content_of(own)) == (200, b"ok")
        await asyncio.gather(*slow)
        server.bridge.threads.shutdown()
        return seconds

    assert asyncio.run(attempt()) < 0.2


def test_when_too_much_waits_a_request_is_asked_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge, "WAITING", 0)
    sent = ask(scope_of(method="GET"), Sender())
    headers = dict(sent[0]["headers"])
    assert (sent[0]["status"], headers[b"retry-after"]) == (503, b"5")
    assert b"Accord is busy" in content_of(sent)


def test_a_client_that_reads_slowly_holds_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """The application writes to its end while nothing of its answer has been read."""
    finished = []

    def long(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        start("200 OK", [])
        for _ in range(40):
            yield b"x" * 100_000
        finished.append(time.monotonic())

    monkeypatch.setattr(bridge, "PIECE_SECONDS", 0.3)

    async def attempt() -> None:
        server = Server(long, threads=1)
        sizes = []

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.body":
                sizes.append(len(message["body"]))
                await asyncio.sleep(3600)

        await server(scope_of(method="GET"), Sender(), send)
        server.bridge.threads.shutdown()
        assert len(sizes) == 1, "the client is left when it does not read"

    asyncio.run(attempt())
    assert finished


def test_a_long_answer_arrives_whole_while_it_is_made() -> None:
    def long(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        start("200 OK", [("X-Kind", "stream")])
        for number in range(30):
            yield bytes([number]) * 100_000

    sent = ask(scope_of(method="GET"), Sender(), long)
    assert len(sent) > 10
    assert content_of(sent) == b"".join(bytes([number]) * 100_000 for number in range(30))
    assert [message["more_body"] for message in sent[1:]] == [True] * (len(sent) - 2) + [False]


def test_a_file_is_sent_without_a_copy_and_closed_at_its_end() -> None:
    closed = []

    def download(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        file = tempfile.TemporaryFile()  # noqa: SIM115
        file.write(b"y" * 300_000)
        file.seek(0)
        wrapper = environ["wsgi.file_wrapper"](file, 4096)
        wrapper.close = lambda: closed.append(file.close())
        start("200 OK", [])
        return wrapper  # type: ignore[no-any-return]

    sent = ask(scope_of(method="GET"), Sender(), download)
    assert content_of(sent) == b"y" * 300_000
    assert closed == [None]


def test_a_whole_file_is_left_to_a_server_that_can_send_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"0123456789")

    def download(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        file = (tmp_path / "file").open("rb")
        file.seek(int(environ["HTTP_FROM"]))
        start("200 OK", [])
        return environ["wsgi.file_wrapper"](file, 4096)  # type: ignore[no-any-return]

    whole = {**scope_of(method="GET", **{"from": "0"}), "extensions": {"http.response.pathsend": {}}}
    assert ask(whole, Sender(), download)[1] == {"type": "http.response.pathsend", "path": str(tmp_path / "file")}
    part = {**scope_of(method="GET", **{"from": "6"}), "extensions": {"http.response.pathsend": {}}}
    assert content_of(ask(part, Sender(), download)) == b"6789"


def test_an_answer_to_head_has_no_body() -> None:
    assert content_of(ask(scope_of(method="HEAD"), Sender(), lambda e, s: (s("200 OK", []), [b"body"])[1])) == b""


def test_headers_with_underscores_do_not_pass_for_others() -> None:
    scope = scope_of("/a%ff", content__length="9")
    scope["headers"] += [
        (b"x_forwarded_for", b"1.2.3.4"),
        (b"x-forwarded-host", b"a"),
        (b"accept", b"b"),
        (b"accept", b"c"),
    ]
    environ = build_environ(scope, Body(BytesIO(b"abc"), 3))
    assert "HTTP_X_FORWARDED_FOR" not in environ
    assert environ["HTTP_X_FORWARDED_HOST"] == "a"
    assert (environ["HTTP_ACCEPT"], environ["CONTENT_LENGTH"]) == ("b,c", "3")
    assert environ["PATH_INFO"] == "/a\xff"


def environ_of(path: str, user: User | None = None, token: str = "") -> dict[str, Any]:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    if user:
        browser = Client()
        browser.force_login(user)
        headers["cookie"] = "; ".join(f"{name}={morsel.value}" for name, morsel in browser.cookies.items())
    return build_environ(scope_of(path, **headers), Body(BytesIO(), 0))


@pytest.fixture
def connections_stay() -> Iterator[None]:
    """Keep the connection of the test, as the test client does around its requests."""
    signals.request_started.disconnect(close_old_connections)
    signals.request_finished.disconnect(close_old_connections)
    yield
    signals.request_started.connect(close_old_connections)
    signals.request_finished.connect(close_old_connections)


@pytest.mark.usefixtures("db", "connections_stay")
def test_how_much_is_taken_depends_on_who_sends_it_and_where_to(settings: Any) -> None:
    ops, rep = make.user(role=Role.OPS), make.user(role=Role.REP)
    _, secret = create_token(owner=rep, name="push")
    form = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    assert largest_body(environ_of("/imports/")) == ANYONE_BYTES
    assert largest_body(environ_of("/imports/", token="accord_wrong")) == ANYONE_BYTES
    assert largest_body(environ_of("/imports/", rep)) == form
    assert largest_body(environ_of("/people/", ops)) == form
    assert largest_body(environ_of("/api/v1/leads/", token=secret)) == form
    assert largest_body(environ_of("/imports/", ops)) >= settings.UPLOAD_MAX_BYTES
    rep.is_active = False
    rep.save()
    assert largest_body(environ_of("/api/v1/leads/", token=secret)) == ANYONE_BYTES


def test_a_database_that_is_away_is_named_to_who_sends_much(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(environ: dict[str, Any]) -> int:
        raise database.OperationalError("connection refused")

    async def attempt() -> Sent:
        monkeypatch.setattr("revops.server.application.largest_body", away)
        server, sent = Server(echo, threads=1), []

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await server(scope_of(content__length="100000"), Sender(), send)
        server.bridge.threads.shutdown()
        return sent

    sent = asyncio.run(attempt())
    assert sent[0]["status"] == 503
    assert b"The database is restarting" in content_of(sent)
