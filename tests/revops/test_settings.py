"""Production refuses to start with what would endanger it."""

import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings

GOOD = {
    "PRODUCTION": "1",
    "SECRET_KEY": "k" * 60,
    "ALLOWED_HOSTS": "accord.example",
    "SITE_URL": "https://accord.example",
}


def start(**changes: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if name not in {"DEMO", "DEBUG", "SECRET_KEY"}}
    command = "import django; django.setup(); print('started')"
    return subprocess.run(
        [sys.executable, "-c", command],
        cwd=settings.BASE_DIR,
        env={**env, "DJANGO_SETTINGS_MODULE": "revops.settings", **GOOD, **changes},
        capture_output=True,
        text=True,
    )


def test_production_starts_with_good_settings() -> None:
    assert start().stdout.strip() == "started"


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"DEMO": "1"}, "DEMO must be off"),
        ({"DEBUG": "1"}, "DEBUG must be off"),
        ({"SECRET_KEY": ""}, "SECRET_KEY must be a secret"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY must be a secret"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS must name"),
        ({"EMAIL_URL": "console:"}, "EMAIL_URL must not be console:"),
    ],
)
def test_production_refuses_to_start(changes: dict[str, Any], complaint: str) -> None:
    refused = start(**changes)
    assert refused.returncode != 0
    assert complaint in refused.stderr
    assert "started" not in refused.stdout
