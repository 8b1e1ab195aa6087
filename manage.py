#!/usr/bin/env python
"""Accord's command line. Commands find the running embedded services, or start them for their own time."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "revops.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError as error:
        raise SystemExit(
            "Django is not installed here. Run `make run` once, then use .venv/bin/python manage.py."
        ) from error

    from revops.secret_key import ensure_secret_key
    from revops.services import ensure_services, needs_services

    if needs_services(sys.argv):
        ensure_services()
        ensure_secret_key()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
