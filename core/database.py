"""PostgreSQL: what its planner knows of tables, and what happens while it is restarting, failing over, or out of connections."""

import sys

from django.db import InterfaceError, OperationalError, connection
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.views import defaults

from core.problems import Problem, render_problem

RESTARTING = Problem(
    status=503,
    code="database_restarting",
    title="The database is restarting",
    text="Nothing that was saved is lost; what was just sent may not have been saved.",
    retry_seconds=5,
)
LOST_STATES = {"57P01", "57P02", "57P03", "53300"}  # shut down, crashed, starting up; too many connections


def update_statistics(model: type[Model]) -> None:
    """Have the planner look at a table to which many rows were just written.

    What it remembers of the table while it was empty has it compare each row with each, until autovacuum comes by.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")


def is_connection_lost(error: BaseException | None) -> bool:
    """Tell whether an error, or what caused it, says that the connection to the database could not be made or is gone.

    An error inside a working connection (a deadlock, a statement that took too long) carries the SQLSTATE of its own kind.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, OperationalError | InterfaceError):
            state = getattr(error.__cause__, "pgcode", None)
            return state is None or state in LOST_STATES or state.startswith("08")
        error = error.__cause__ or error.__context__
    return False


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500, or 503 with a page that tries again by itself while the database does not answer.

    Django calls this (handler500) for what a view or a middleware raised, while the exception is being handled.
    """
    if not is_connection_lost(sys.exception()):
        return defaults.server_error(request)
    is_htmx = request.headers.get("HX-Request") == "true"
    headers, body = render_problem(RESTARTING, method=str(request.method), path=request.path_info, is_htmx=is_htmx)
    return HttpResponse(body, status=RESTARTING.status, headers=headers)
