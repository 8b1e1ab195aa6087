"""PostgreSQL: what its planner knows of tables, and what happens while it is restarting, failing over, or out of connections."""

import sys
from collections.abc import Iterator

from django.db import IntegrityError, InterfaceError, OperationalError, connection
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.views import defaults

from core.problems import Problem, render_problem

RESTARTING = Problem(
    status=503,
    code="database_restarting",
    title="The database is restarting",
    text="Saved data is not lost. Your last entry may not have been saved.",
    retry_seconds=5,
)
CONFLICT = Problem(
    status=409,
    code="conflict",
    title="Another person saved the same record at the same time",
    text="Your entry was not saved. Go back, reload the page and check the current values before you try again.",
)
LOST_STATES = {"57P01", "57P02", "57P03", "53300"}  # shut down, crashed, starting up; too many connections

UNIQUE_VIOLATION = "23505"
FOREIGN_KEY_VIOLATION = "23503"


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
    for cause in _error_chain(error):
        if isinstance(cause, OperationalError | InterfaceError):
            state = getattr(cause.__cause__, "pgcode", None)
            return state is None or state in LOST_STATES or state.startswith("08")
    return False


def is_conflict(error: BaseException | None) -> bool:
    """Tell whether an error, or what caused it, says that another request wrote the same at the same moment.

    What the check of a form or an action could not see yet is refused by the database.
    """
    return any(
        isinstance(cause, IntegrityError) and getattr(cause.__cause__, "pgcode", None) == UNIQUE_VIOLATION
        for cause in _error_chain(error)
    )


def is_still_referenced(error: BaseException | None) -> bool:
    """Tell whether an error, or what caused it, says that a row to be deleted is pointed to by another one."""
    return any(
        isinstance(cause, IntegrityError) and getattr(cause.__cause__, "pgcode", None) == FOREIGN_KEY_VIOLATION
        for cause in _error_chain(error)
    )


def _error_chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield the error, and what caused it in turn."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500, 409 where another request wrote the same, or 503 while the database does not answer.

    Django calls this (handler500) for what a view or a middleware raised, while the exception is being handled.
    """
    error = sys.exception()
    problem = RESTARTING if is_connection_lost(error) else CONFLICT if is_conflict(error) else None
    if problem is None:
        return defaults.server_error(request)
    is_htmx = request.headers.get("HX-Request") == "true"
    headers, body = render_problem(problem, method=str(request.method), path=request.path_info, is_htmx=is_htmx)
    return HttpResponse(body, status=problem.status, headers=headers)
