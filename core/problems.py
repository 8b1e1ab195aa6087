"""What is answered where no page can be: a short page of its own, or JSON for the API. Needs no database and no session."""

import json
from dataclasses import dataclass
from functools import lru_cache

from django.template.loader import render_to_string

POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@dataclass(frozen=True)
class Problem:
    """Why a request was not served, and what to do.

    Args:
        retry_seconds: after how long it is worth trying again; 0 when trying again does not help.
    """

    status: int
    code: str
    title: str
    text: str
    retry_seconds: int = 0


def render_problem(problem: Problem, *, method: str, path: str, is_htmx: bool) -> tuple[dict[str, str], bytes]:
    """Return (headers, body): JSON under /api/, one sentence for htmx, else a page that reloads itself where that helps."""
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": POLICY}
    if problem.retry_seconds:
        headers["Retry-After"] = str(problem.retry_seconds)
    if path.startswith("/api/"):
        body = json.dumps(
            {"status": problem.status, "code": problem.code, "detail": f"{problem.title}. {problem.text}"}
        )
        return {**headers, "Content-Type": "application/json"}, body.encode()
    if is_htmx:
        return {**headers, "Content-Type": "text/plain; charset=utf-8"}, f"{problem.title}. {problem.text}".encode()
    reloads = bool(problem.retry_seconds) and method in {"GET", "HEAD"}
    if reloads:
        headers["Refresh"] = str(problem.retry_seconds)
    return {**headers, "Content-Type": "text/html; charset=utf-8"}, _render_page(problem, reloads)


@lru_cache(maxsize=32)
def _render_page(problem: Problem, reloads: bool) -> bytes:
    """Return the page: refusing must cost less than asking."""
    return render_to_string("problem.html", {"problem": problem, "reloads": reloads}).encode()
