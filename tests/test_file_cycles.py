"""No file of the product imports one that imports it again, by whatever way: a cycle is read and changed only as a whole."""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

from revops.apps import APPS

BASE = Path(__file__).resolve().parent.parent
PACKAGES = [*APPS, "benchmarks"]

Graph = Mapping[str, set[str]]


def modules(base: Path) -> dict[str, Path]:
    """Return the files below the packages by the name under which they are imported, without migrations."""
    paths = [path for name in PACKAGES for path in (base / name).rglob("*.py") if "migrations" not in path.parts]
    return {module_name(path.relative_to(base)): path for path in paths}


def module_name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path, package: str) -> Iterator[str]:
    """Yield each name that the file imports, also inside functions and under TYPE_CHECKING."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = resolve_name("." * node.level + (node.module or ""), package) if node.level else node.module or ""
            yield from (f"{source}.{alias.name}" for alias in node.names)


@cache
def import_graph(base: Path) -> Graph:
    files = modules(base)
    graph: dict[str, set[str]] = {}
    for name, path in files.items():
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        # `from a.b import c` imports the file a/b/c.py if there is one, else the name c of a/b.py
        targets = {full if full in files else full.rpartition(".")[0] for full in imports(path, package)}
        graph[name] = (targets & files.keys()) - {name}
    return graph


def find_cycle(graph: Graph) -> list[str]:
    """Return the files of one cycle, each imported by the next; none where there is no cycle."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_files_import_each_other_in_no_cycle() -> None:
    graph = import_graph(BASE)
    assert len(graph) > 100
    cycle = find_cycle(graph)
    assert not cycle, "\n".join(
        [
            "These files import each other in a cycle; each is imported by the one below it:",
            *(f"    {name}" for name in cycle),
            "Move what they share into a file of its own. A worker of a model is registered in work.py.",
        ]
    )


def test_the_test_sees_lazy_and_typing_imports(tmp_path: Path) -> None:
    sources = {
        "team/__init__.py": "",
        "team/models.py": "def clean():\n    from team import calendars\n",
        "team/calendars.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from team.hours import Hours\n",
        "team/hours.py": "from .models import Calendar\n",
        "team/forms.py": "from team.models import Calendar\n",
    }
    for name, text in sources.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    graph = import_graph(tmp_path)
    assert graph["team.forms"] == {"team.models"}
    assert set(find_cycle(graph)) == {"team.models", "team.calendars", "team.hours"}
    assert find_cycle({**graph, "team.hours": set()}) == []
