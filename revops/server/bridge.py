"""Runs Django (WSGI) in a few threads for ASGI. A thread works on a request; it never waits for a client."""

import asyncio
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any
from urllib.parse import unquote_to_bytes

from core.problems import Problem
from revops.server.bodies import Body, Refused
from revops.server.scopes import ClientGone, Scope, Send

IN_MEMORY_BYTES = 1024 * 1024
AT_ONCE_BYTES = 256 * 1024  # an answer up to here is sent in one piece
PIECE_BYTES = 64 * 1024
PIECE_SECONDS = 20  # a client that does not read a piece in this time is left
WAITING = 500  # requests that may wait for a thread
RETRY_SECONDS = 5
BUSY = Problem(503, "busy", "Accord is busy", "More requests are waiting than can be served soon.", RETRY_SECONDS)

Environ = dict[str, Any]


class FileToSend:
    """An open file that is the answer (`wsgi.file_wrapper`): it is read by the event loop, and no thread copies it."""

    def __init__(self, file: IO[bytes], block_size: int = 0) -> None:
        self.file = file
        self.read = file.read
        self.close = file.close  # Django's: it ends the request

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self.read(PIECE_BYTES), b"")

    @property
    def path(self) -> str:
        """Return where the file lies when it is to be sent whole, else nothing."""
        name = getattr(self.file, "name", "")
        return name if isinstance(name, str) and os.path.isabs(name) and self.file.tell() == 0 else ""


class Answer:
    """What Django answers: written by its thread, read by the event loop, beyond a megabyte through a file on disk."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.changed = asyncio.Event()
        self.status = 500
        self.headers: list[tuple[bytes, bytes]] = []
        self.file_to_send: FileToSend | None = None
        self.is_whole = False
        self.is_abandoned = False
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115  # closed by close()
        self._lock = threading.Lock()
        self._written = self._read = 0

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        """Take status and headers, as WSGI's start_response."""
        self.status = int(status.split(" ", 1)[0])
        self.headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        return self.write

    def write(self, piece: bytes) -> None:
        with self._lock:
            if self.is_abandoned:
                raise ClientGone
            self._file.seek(self._written)
            self._file.write(piece)
            self._written += len(piece)
        if self._written > AT_ONCE_BYTES:
            self._announce()

    def finish(self) -> None:
        self.is_whole = True
        self._announce()

    def _announce(self) -> None:
        self.loop.call_soon_threadsafe(self.changed.set)

    def next_piece(self) -> tuple[bytes, bool]:
        """Return (bytes, whether they are the last)."""
        if self.file_to_send:
            piece = self.file_to_send.read(PIECE_BYTES)
            return piece, not piece
        with self._lock:
            at_once = self.is_whole and not self._read and self._written <= AT_ONCE_BYTES
            self._file.seek(self._read)
            piece = self._file.read(self._written if at_once else PIECE_BYTES)
            self._read += len(piece)
            return piece, self.is_whole and self._read == self._written

    def close(self) -> None:
        with self._lock:
            self.is_abandoned = True
            self._file.close()


class Bridge:
    """Answers whole requests by a WSGI application, in the given number of threads."""

    def __init__(self, application: Callable[..., Iterable[bytes]], threads: int) -> None:
        self.application = application
        self.threads = ThreadPoolExecutor(threads, thread_name_prefix="request")
        self.waiting = 0

    async def run(self, function: Callable[..., Any], *args: Any) -> Any:
        """Run a function in one of the threads, behind what waits already.

        Raises:
            Refused: too much waits already.
        """
        if self.waiting >= WAITING:
            raise Refused(BUSY)
        self.waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self.threads, function, *args)
        finally:
            self.waiting -= 1

    async def respond(self, scope: Scope, body: Body, send: Send) -> None:
        """Answer a request, and return when the client has read the answer or is gone."""
        environ = build_environ(scope, body)
        answer = Answer()
        work = asyncio.ensure_future(self.run(self._answer, environ, answer))
        work.add_done_callback(lambda _: answer.finish())
        try:
            await self._send(answer, work, send, scope)
        finally:
            answer.close()
            await asyncio.wait([work])  # its thread may still read the body
            if answer.file_to_send:
                await answer.loop.run_in_executor(self.threads, answer.file_to_send.close)

    def _answer(self, environ: Environ, answer: Answer) -> None:
        pieces: Iterable[bytes] = ()
        try:
            pieces = self.application(environ, answer.start)
            if isinstance(pieces, FileToSend):
                answer.file_to_send = pieces
                return
            for piece in pieces:
                if piece:
                    answer.write(piece)
        except ClientGone:
            pass
        finally:
            if hasattr(pieces, "close") and not answer.file_to_send:
                pieces.close()

    async def _send(self, answer: Answer, work: asyncio.Future[Any], send: Send, scope: Scope) -> None:
        is_head = scope["method"] == "HEAD"
        is_started = False
        while True:
            await answer.changed.wait()
            answer.changed.clear()
            if work.done():
                work.result()
            if not is_started:
                await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
                is_started = True
            if answer.file_to_send and not is_head and await _send_by_path(answer.file_to_send, scope, send):
                return
            if await self._send_pieces(answer, send, is_head=is_head):
                return

    async def _send_pieces(self, answer: Answer, send: Send, *, is_head: bool) -> bool:
        """Send what there is; tell whether that was all."""
        is_last = False
        while not is_last:
            piece, is_last = answer.next_piece()
            if not piece and not is_last:
                return False
            async with asyncio.timeout(PIECE_SECONDS):
                content = b"" if is_head else piece
                await send({"type": "http.response.body", "body": content, "more_body": not is_last})
        return True


async def _send_by_path(file: FileToSend, scope: Scope, send: Send) -> bool:
    """Let the server send a whole file by itself, where it can; tell whether it does."""
    if not file.path or "http.response.pathsend" not in scope.get("extensions", {}):
        return False
    await send({"type": "http.response.pathsend", "path": file.path})
    return True


def build_environ(scope: Scope, body: Body) -> Environ:
    """Return the environ of WSGI (PEP 3333) for a request of ASGI."""
    path = unquote_to_bytes(scope["raw_path"]) if scope.get("raw_path") else scope["path"].encode()
    server, client = scope.get("server") or ("localhost", 80), scope.get("client") or ("", 0)
    environ: Environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": path.decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "REMOTE_ADDR": client[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body.file,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": FileToSend,
    }
    for name, value in _response_headers(scope):
        environ[name] = f"{environ[name]},{value}" if name in environ else value
    if body.size or "CONTENT_LENGTH" in environ:
        environ["CONTENT_LENGTH"] = str(body.size)
    return environ


def _response_headers(scope: Scope) -> Iterable[tuple[str, str]]:
    for key, value in scope["headers"]:
        name = key.decode("latin-1").upper()
        if "_" in name or name == "TRANSFER-ENCODING":  # X_Forwarded_For must not pass for X-Forwarded-For
            continue
        name = name.replace("-", "_")
        yield name if name in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{name}", value.decode("latin-1")
