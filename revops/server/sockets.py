"""The listening sockets of this process, which granian opens and keeps to itself."""

import contextlib
import os
import socket
import stat
import sys
from pathlib import Path

UNREAD_MILLISECONDS = 30_000
OPEN_FILES = Path("/proc/self/fd")


def limit_unread_time() -> None:
    """Let the kernel end connections whose client takes nothing of an answer for half a minute (Linux).

    The limit is on the listening sockets; each connection that they accept inherits it.
    """
    if not sys.platform.startswith("linux"):
        return
    for number in [int(entry.name) for entry in OPEN_FILES.iterdir()]:
        with contextlib.suppress(OSError):  # closed meanwhile, or no socket of TCP
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                _limit_backlog(number)


def _limit_backlog(number: int) -> None:
    with socket.socket(fileno=os.dup(number)) as candidate:
        if candidate.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            candidate.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MILLISECONDS)
