"""Collect and compress the static files, once per set of sources."""

import hashlib
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

PACKAGES = ["django", "django-htmx", "plotly", "drf-spectacular-sidecar"]
LEFT_OUT = ["redoc", "rest_framework"]  # readers of an API that we do not show


class Command(BaseCommand):
    help = "Collect and compress the static files, unless they are already there for these sources."

    def handle(self, *args: Any, **options: Any) -> None:
        folder, sources = Path(settings.STATIC_ROOT), self._digest()
        stamp = folder / ".sources"
        if stamp.exists() and stamp.read_text() == sources:
            return
        if not stamp.exists():  # never finished: half-written files may lie there
            shutil.rmtree(folder, ignore_errors=True)
        stamp.unlink(missing_ok=True)
        self.stdout.write("Compressing the static files …")
        call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=LEFT_OUT)
        stamp.write_text(sources)

    def _digest(self) -> str:
        digest = hashlib.sha256(" ".join(f"{name}={version(name)}" for name in PACKAGES).encode())
        for folder in settings.STATICFILES_DIRS:
            for file in sorted(Path(folder).rglob("*")):
                if file.is_file():
                    digest.update(str(file.relative_to(folder)).encode() + file.read_bytes())
        return digest.hexdigest()
