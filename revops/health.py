"""Is the process alive; is everything behind it ready?"""

from collections.abc import Callable

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from revops.celery import app


def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 when database, broker and worker do, else 503 with what is missing."""
    checks = {"database": _is_database_ready, "broker": _is_broker_ready, "worker": _is_worker_ready}
    answers = {name: _run_check(check) for name, check in checks.items()}
    return JsonResponse(answers, status=200 if all(answer == "ok" for answer in answers.values()) else 503)


def _run_check(check: Callable[[], bool]) -> str:
    try:
        return "ok" if check() else "no answer"
    except Exception as error:  # whatever it is, it is not ready
        return type(error).__name__


def _is_database_ready() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone())


def _is_broker_ready() -> bool:
    with app.connection_for_read() as broker:
        broker.ensure_connection(max_retries=1, timeout=2)
        return True


def _is_worker_ready() -> bool:
    return bool(app.control.ping(timeout=2, limit=1))
