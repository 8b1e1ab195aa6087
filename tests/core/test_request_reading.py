"""Values of requests are read in one place: views, forms and the API turn no text into a number, date or JSON themselves."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from revops.apps import APPS

BASE = Path(__file__).resolve().parents[2]
OUTSIDE = re.compile(
    r"(^|/|_)(views?|forms?|api|filters|address|paging|timeline|criteria|editor|page|cuts|grains|periods)(/|\.py$)"
)
READERS = {"int", "float", "Decimal", "as_decimal"}
METHODS = {"fromisoformat", "loads", "strptime", "isdigit", "isdecimal", "isnumeric"}
REQUEST = {"GET", "POST", "query_params", "data", "query", "asked", "text"}
ALLOWED = {
    ("team/forms.py", "isdecimal"): "A schedule that the reader did not write: minute and hour of the stored cron line.",
    ("core/api/paging.py", "loads"): "The cursor is signed.",
    ("team/calendars/views.py", "fromisoformat"): "The days are stored, and were read by the form.",
}  # fmt: skip


def sources() -> Iterator[tuple[str, ast.Module]]:
    for app in APPS:
        for path in sorted((BASE / app).rglob("*.py")):
            name = str(path.relative_to(BASE))
            if "migrations" not in path.parts and OUTSIDE.search(name) and "demo" not in path.parts:
                yield name, ast.parse(path.read_text())


def readings(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield each call that turns a text of a request into something else."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        match node.func:
            case ast.Name(id=name) if name in READERS and any(touches_request(part) for part in node.args):
                yield name, node.lineno
            case ast.Attribute(attr=name) if name in METHODS:
                yield name, node.lineno


def touches_request(node: ast.AST) -> bool:
    names = {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}
    names |= {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    return bool(names & REQUEST)


def test_no_view_form_or_api_reads_a_value_by_itself() -> None:
    found = {(name, call): line for name, tree in sources() for call, line in readings(tree)}
    strange = [f"{name}:{line} {call}()" for (name, call), line in found.items() if (name, call) not in ALLOWED]
    assert not strange, f"Read it with core.request_values: {', '.join(strange)}"
    assert set(ALLOWED) <= set(found), "An exception that is not needed any more"


@pytest.mark.parametrize(
    "code",
    [
        "int(request.GET['page'])",
        "float(request.POST.get('x'))",
        "date.fromisoformat(text)",
        "json.loads(request.body)",
    ],
)
def test_a_bare_reading_is_seen(code: str) -> None:
    assert list(readings(ast.parse(code)))
