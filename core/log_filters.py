"""What goes into the log of the server."""

import logging

from django.core.exceptions import PermissionDenied, SuspiciousOperation


class RefusalFilter(logging.Filter):
    """Leave the traceback out where a request was refused: the line says what, and anybody could fill the log with them."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        if isinstance(error, PermissionDenied | SuspiciousOperation):
            record.exc_info = record.exc_text = None
        return True
