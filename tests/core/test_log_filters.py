"""A refused request is one line of the log; a fault keeps its traceback."""

import logging
import sys

import pytest
from django.conf import settings
from django.core.exceptions import DisallowedHost, PermissionDenied

from core.log_filters import RefusalFilter


def record_of(error: Exception) -> logging.LogRecord:
    try:
        raise error
    except type(error):
        return logging.LogRecord(
            "django.request", logging.WARNING, __file__, 1, "Forbidden: /inbox/", (), sys.exc_info()
        )


@pytest.mark.parametrize(("error", "is_kept"), [(PermissionDenied(), False), (DisallowedHost("x"), False), (ValueError(), True)])  # fmt: skip
def test_only_faults_are_logged_with_a_traceback(error: Exception, is_kept: bool) -> None:
    record = record_of(error)
    assert RefusalFilter().filter(record)
    assert ("Traceback" in logging.Formatter("{message}", style="{").format(record)) is is_kept
    assert settings.LOGGING["handlers"]["console"]["filters"] == ["refusals"]
