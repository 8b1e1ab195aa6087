"""ASGI entry point: what granian serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "revops.settings")

django_application = get_wsgi_application()

from revops.server.application import Server  # noqa: E402  # needs the apps of Django to be loaded

application = Server(django_application, threads=int(os.environ.get("WEB_THREADS") or 3))
