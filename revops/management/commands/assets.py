"""Collect and compress the static files, once per set of sources."""

import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

PACKAGES = ["django", "django-htmx", "plotly", "drf-spectacular-sidecar", "djangorestframework"]


class Command(BaseCommand):
    help = "Collect and compress the static files, unless they are already there for these sources."

    def handle(self, *args: Any, **options: Any) -> None:
        stamp = Path(settings.STATIC_ROOT) / ".sources"
        sources = self._digest()
        if stamp.exists() and stamp.read_text() == sources:
            return
        self.stdout.write("Compressing the static files (once) …")
        call_command("collectstatic", interactive=False, verbosity=0)
        stamp.write_text(sources)

    def _digest(self) -> str:
        digest = hashlib.sha256(" ".join(f"{name}={version(name)}" for name in PACKAGES).encode())
        for folder in settings.STATICFILES_DIRS:
            for file in sorted(Path(folder).rglob("*")):
                if file.is_file():
                    digest.update(str(file.relative_to(folder)).encode() + file.read_bytes())
        return digest.hexdigest()
