"""The house stands: a room imports only from the rooms below it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from revops.rooms import ROOMS

BASE = Path(__file__).resolve().parent.parent
LABELS = re.compile(rf"^({'|'.join(ROOMS)})\.[A-Z]\w+$")


def imported_rooms(path: Path) -> Iterator[tuple[str, int]]:
    """Yield (room, line) for each import, also inside functions, and for each string that names a model."""
    for node in ast.walk(ast.parse(path.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and LABELS.match(node.value):
            names = [node.value]
        for name in names:
            if name.split(".")[0] in ROOMS:
                yield name.split(".")[0], node.lineno


@pytest.mark.parametrize("own", ROOMS)
def test_a_room_imports_only_rooms_below_it(own: str) -> None:
    allowed = set(ROOMS) if own == "revops" else set(ROOMS[: ROOMS.index(own) + 1])
    modules = list((BASE / own).rglob("*.py"))
    assert modules
    breaches = [
        f"{path.relative_to(BASE)}, line {line}: {room}"
        for path in modules
        for room, line in imported_rooms(path)
        if room not in allowed
    ]
    assert not breaches, "\n".join(["Imported from above:", *breaches])


def test_the_test_sees_a_breach(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text("def f():\n    from crm.models import Lead\n\nto = 'kpis.Goal'\n")
    assert list(imported_rooms(wrong)) == [("crm", 2), ("kpis", 4)]
