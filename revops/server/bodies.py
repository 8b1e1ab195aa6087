"""The bodies of requests: how large they may be, how long they may take, and how many one address may leave half sent.

A body up to ANYONE_BYTES is read from anyone. For more the sender must be signed in (`limits.largest_body`), and
that is asked before a further byte is read, so nothing of a stranger reaches the disk.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import IO

from core.disk import has_space
from core.problems import Problem
from revops.server.scopes import Receive, Scope, client_network, header_value

ANYONE_BYTES = 64 * 1024
IN_MEMORY_BYTES = 1024 * 1024
GRACE_SECONDS = 15  # a body has this long, and a second more for each
BYTES_PER_SECOND = 1_000  # that have arrived
HALF_SENT_PER_ADDRESS = 50  # in one process; one more, and the oldest is given up
HALF_SENT = 1_000
COPIES = 3  # of an upload on disk at once: as received, as parsed, as kept

TOO_SLOW = Problem(408, "too_slow", "The request took too long to arrive", "Check the connection and try again.")
BROKEN = Problem(400, "invalid", "This request cannot be read", "Its body broke off, or its chunks are malformed.")
NO_SPACE = Problem(
    507, "no_space", "The disk is nearly full", "The upload was not taken. Ask your ops admin to free space, then try again."
)  # fmt: skip


class Refused(Exception):
    """The request is not served; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.text)
        self.problem = problem


@dataclass(eq=False)
class HalfSent:
    """A body that is being read."""

    address: str
    timeout: asyncio.Timeout
    started: float
    size: int = 0
    is_given_up: bool = False

    def extend(self) -> None:
        self._reschedule(self.started + GRACE_SECONDS + self.size / BYTES_PER_SECOND)

    def pause(self) -> None:
        """Stop the clock: now it is Accord that takes its time."""
        self._reschedule(None)

    def resume(self, seconds: float) -> None:
        self.started += seconds
        self.extend()

    def give_up(self) -> None:
        self._reschedule(asyncio.get_running_loop().time())
        self.is_given_up = True

    def _reschedule(self, when: float | None) -> None:
        if not self.is_given_up and not self.timeout.expired():
            self.timeout.reschedule(when)


@dataclass(frozen=True)
class Body:
    """A whole body, at its beginning."""

    file: IO[bytes]
    size: int


class BodyReader:
    """Reads bodies for one process.

    Args:
        largest_body: asks how many bytes the sender of a request may send to its address.
    """

    def __init__(self, largest_body: Callable[[Scope], Awaitable[int]]) -> None:
        self.largest_body = largest_body
        self.half_sent: dict[HalfSent, None] = {}  # of strangers, the oldest first

    @asynccontextmanager
    async def read(self, scope: Scope, receive: Receive) -> AsyncIterator[Body]:
        """Yield the whole body of a request.

        Raises:
            Refused: it is too large, too slow, or broken, or there is no space for it.
        """
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES) as file:
            size = await self._read_into(file, scope, receive)
            file.seek(0)
            yield Body(file, size)

    async def _read_into(self, file: IO[bytes], scope: Scope, receive: Receive) -> int:
        declared = declared_size(scope)
        if declared == 0:
            return 0
        try:
            async with asyncio.timeout(GRACE_SECONDS) as timeout:
                started = asyncio.get_running_loop().time()
                half_sent = HalfSent(client_network(scope), timeout, started)
                return await self._read_pieces(file, scope, receive, declared, half_sent)
        except TimeoutError:
            raise Refused(TOO_SLOW) from None

    async def _read_pieces(
        self, file: IO[bytes], scope: Scope, receive: Receive, declared: int | None, half_sent: HalfSent
    ) -> int:
        limit = ANYONE_BYTES
        self._add(half_sent)
        try:
            if declared is not None and declared > limit:
                limit = await self._raise_limit(scope, receive, declared, half_sent)
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Refused(BROKEN)
                piece = message.get("body", b"")
                half_sent.size += len(piece)
                if half_sent.size > limit:
                    limit = await self._raise_limit(scope, receive, half_sent.size, half_sent)
                await _write_chunk(file, piece, half_sent.size)
                half_sent.extend()
                if not message.get("more_body"):
                    return half_sent.size
        finally:
            self.half_sent.pop(half_sent, None)

    async def _raise_limit(self, scope: Scope, receive: Receive, needed: int, half_sent: HalfSent) -> int:
        """Return what the sender may send, known to be enough."""
        loop = asyncio.get_running_loop()
        half_sent.pause()
        paused_at = loop.time()
        limit = await self.largest_body(scope)
        half_sent.resume(loop.time() - paused_at)
        if needed > limit:
            if limit > ANYONE_BYTES:
                await _discard_body(receive, half_sent)
            raise Refused(too_large(limit))
        if limit > ANYONE_BYTES:  # a person who is signed in is not pushed out by strangers of the same address
            self.half_sent.pop(half_sent, None)
        _check_space(needed)
        return limit

    def _add(self, half_sent: HalfSent) -> None:
        """Remember a body that is being read; the oldest of its address, or of all, is given up where there are too many."""
        of_address = [other for other in self.half_sent if other.address == half_sent.address]
        if len(of_address) >= HALF_SENT_PER_ADDRESS:
            self._give_up(of_address[0])
        elif len(self.half_sent) >= HALF_SENT:
            self._give_up(next(iter(self.half_sent)))
        self.half_sent[half_sent] = None

    def _give_up(self, half_sent: HalfSent) -> None:
        self.half_sent.pop(half_sent)
        half_sent.give_up()


def declared_size(scope: Scope) -> int | None:
    """Return the length that the headers state: 0 where there is no body, None where it comes in chunks."""
    if header_value(scope, b"transfer-encoding"):
        return None
    length = header_value(scope, b"content-length")
    if not length:
        return 0
    if not (length.isascii() and length.isdigit() and len(length) < 19):
        raise Refused(Problem(400, "invalid", "This request cannot be read", "Its Content-Length is not a number."))
    return int(length)


def too_large(limit: int) -> Problem:
    size = f"{limit // 1024**2} MB" if limit >= 1024**2 else f"{limit // 1024} kB"
    remedy = "Send it in parts." if limit > ANYONE_BYTES else "Sign in to send more, or send it in parts."
    return Problem(413, "too_large", "The request is too large", f"At most {size} are taken here. {remedy}")


async def _discard_body(receive: Receive, half_sent: HalfSent) -> None:
    """Let a person send the rest: a browser shows an answer only once it has sent everything."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(BROKEN)
        half_sent.size += len(message.get("body", b""))
        half_sent.extend()
        if not message.get("more_body"):
            return


def _check_space(needed: int) -> None:
    if needed > IN_MEMORY_BYTES and not has_space(tempfile.gettempdir(), needed * COPIES):
        raise Refused(NO_SPACE)


async def _write_chunk(file: IO[bytes], piece: bytes, size: int) -> None:
    """Write to memory at once, to the disk beside the event loop."""
    if size <= IN_MEMORY_BYTES:
        file.write(piece)
    else:
        await asyncio.get_running_loop().run_in_executor(None, file.write, piece)
