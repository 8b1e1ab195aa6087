"""A small HTTP server that plays a source: its wire format, its limits, and what goes wrong with it when we say so."""

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Question:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass
class Reply:
    body: Any = None  # bytes go as they are, anything else as JSON
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def bytes(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass
class Trouble:
    """What goes wrong with the next `times` answers to questions whose path matches."""

    kind: str  # status | cut | half
    path: str = ".*"
    times: int = 1
    reply: Reply = field(default_factory=Reply)
    skip: int = 0  # this many questions go well before


class Source:
    """A source in memory. A subclass answers; this one holds the clock, the tokens, the troubles and the log."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 12, tzinfo=UTC)
        self.token = "token-1-of-the-hour"
        self.troubles: list[Trouble] = []
        self.log: list[Question] = []
        self.after: Callable[[Question], None] = lambda _: None  # called behind each answer
        self.lock = threading.Lock()

    def answer(self, question: Question) -> Reply:
        raise NotImplementedError

    def go_wrong(self, kind: str, path: str = ".*", **options: Any) -> None:
        self.troubles.append(Trouble(kind, path, **options))

    def limit(self, path: str = ".*", times: int = 1, **headers: str) -> None:
        """Answer 429."""
        body = {"status": "error", "message": "You have reached your secondly limit.", "errorType": "RATE_LIMIT"}
        self.go_wrong("status", path, times=times, reply=Reply(body, 429, headers))

    def fail(self, path: str = ".*", times: int = 1, status: int = 500) -> None:
        self.go_wrong("status", path, times=times, reply=Reply(b"<html>oops</html>", status))

    def asked(self, path: str) -> list[Question]:
        return [question for question in self.log if re.search(path, question.path)]

    def _trouble(self, question: Question) -> Trouble | None:
        for trouble in self.troubles:
            if trouble.times and re.search(trouble.path, question.path):
                if trouble.skip:
                    trouble.skip -= 1
                    return None
                trouble.times -= 1
                return trouble
        return None

    def play(self, question: Question) -> tuple[Reply, int]:
        """Return the answer and how many of its bytes go over the line."""
        with self.lock:
            self.log.append(question)
            trouble = self._trouble(question)
            if trouble and trouble.kind == "status":
                return trouble.reply, len(trouble.reply.bytes)
            reply = self.answer(question)
            whole = len(reply.bytes)
            if trouble and trouble.kind == "cut":
                return reply, whole // 2
            if trouble:  # half: what there is claims to be all
                reply = Reply(reply.bytes[: whole // 2], reply.status, reply.headers)
                whole = len(reply.bytes)
            self.after(question)
            return reply, whole


class Stage:
    """A source played on a port of this machine."""

    def __init__(self, source: Source) -> None:
        self.source = source

        class Handler(BaseHTTPRequestHandler):
            disable_nagle_algorithm = True
            protocol_version = "HTTP/1.1"

            def play(self) -> None:
                parts = urlsplit(self.path)
                size = int(self.headers.get("content-length") or 0)
                query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
                headers = {name.lower(): value for name, value in self.headers.items()}
                reply, size = source.play(Question(self.command, parts.path, query, headers, self.rfile.read(size)))
                self.send_response_only(reply.status)
                kind = "text/csv" if isinstance(reply.body, bytes) else "application/json"
                named = {
                    "content-type": kind,
                    "content-length": str(len(reply.bytes)),
                    "date": format_datetime(source.now),
                }
                for name, value in {**named, **reply.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.bytes[:size])
                if size < len(reply.bytes):
                    self.wfile.flush()
                    self.close_connection = True

            do_GET = do_POST = do_PATCH = do_DELETE = play

            def log_message(self, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: Any) -> None:
                """Who asked may have been killed meanwhile."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self) -> "Stage":
        self.thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
