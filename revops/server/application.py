"""The ASGI application: read the body, let Django answer it, send the answer."""

import io
from collections.abc import Callable, Iterable

from django.db import InterfaceError, OperationalError

from core.database import RESTARTING, is_connection_lost
from core.problems import Problem, render_problem
from revops.server.bodies import Body, BodyReader, Refused
from revops.server.bridge import Bridge, build_environ
from revops.server.limits import largest_body
from revops.server.scopes import ClientGone, Receive, Scope, Send, header_value
from revops.server.sockets import limit_unread_time


class Server:
    """Serves a WSGI application by ASGI; `/healthz` is answered by the event loop, whatever the threads do."""

    def __init__(self, application: Callable[..., Iterable[bytes]], *, threads: int) -> None:
        self.bridge = Bridge(application, threads)
        self.bodies = BodyReader(self._largest_body)
        self.has_limited_sockets = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if not self.has_limited_sockets:  # granian opens them after it has loaded this module
            self.has_limited_sockets = True
            limit_unread_time()
        if scope["path"] == "/healthz":
            await _send_whole(send, 200, {"Content-Type": "text/plain"}, b"ok")
            return
        try:
            async with self.bodies.read(scope, receive) as body:
                await self.bridge.respond(scope, body, send)
        except Refused as refusal:
            await _send_problem(scope, send, refusal.problem)
        except (ClientGone, TimeoutError):
            return

    async def _largest_body(self, scope: Scope) -> int:
        environ = build_environ(scope, Body(io.BytesIO(), 0))
        try:
            return int(await self.bridge.run(largest_body, environ))
        except (OperationalError, InterfaceError) as error:
            if is_connection_lost(error):
                raise Refused(RESTARTING) from error
            raise


async def _send_problem(scope: Scope, send: Send, problem: Problem) -> None:
    is_htmx = header_value(scope, b"hx-request") == "true"
    headers, body = render_problem(problem, method=scope["method"], path=scope["path"], is_htmx=is_htmx)
    await _send_whole(
        send, problem.status, {**headers, "Connection": "close"}, b"" if scope["method"] == "HEAD" else body
    )


async def _send_whole(send: Send, status: int, headers: dict[str, str], body: bytes) -> None:
    encoded = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": body, "more_body": False})
