"""A module imports only from its own app and from those below it; within imports, from its own layer and those below."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from revops.apps import APPS, IMPORT_LAYERS

BASE = Path(__file__).resolve().parent.parent
LABELS = re.compile(rf"^({'|'.join(APPS)})\.[A-Z]\w+$")


def imported_apps(path: Path) -> Iterator[tuple[str, int]]:
    """Yield (app, line) for each import, also inside functions, and for each string that names a model."""
    for node in ast.walk(ast.parse(path.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and LABELS.match(node.value):
            names = [node.value]
        for name in names:
            if name.split(".")[0] in APPS:
                yield name.split(".")[0], node.lineno


@pytest.mark.parametrize("own", APPS)
def test_an_app_imports_only_from_apps_below_it(own: str) -> None:
    allowed = set(APPS) if own == "revops" else set(APPS[: APPS.index(own) + 1])
    modules = list((BASE / own).rglob("*.py"))
    assert modules
    breaches = [
        f"{path.relative_to(BASE)}, line {line}: {app}"
        for path in modules
        for app, line in imported_apps(path)
        if app not in allowed
    ]
    assert not breaches, "\n".join(["Imported from above:", *breaches])


@pytest.mark.parametrize("layer", IMPORT_LAYERS)
def test_a_layer_of_imports_uses_only_layers_below_it(layer: str) -> None:
    modules = list((BASE / "imports" / layer).rglob("*.py"))
    assert modules
    above = {"imports", *(f"imports.{name}" for name in IMPORT_LAYERS[IMPORT_LAYERS.index(layer) + 1 :])}
    breaches = [
        f"{path.relative_to(BASE)}, line {node.lineno}: {node.module}"
        for path in modules
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module
        if node.module.startswith("imports")
        if ".".join(node.module.split(".")[:2]) in above or node.module.split(".")[1] not in IMPORT_LAYERS
    ]
    assert not breaches, "\n".join(["Imported from a layer above:", *breaches])


def test_the_test_sees_a_breach(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text("def f():\n    from crm.models import Lead\n\nto = 'kpis.Goal'\n")
    assert list(imported_apps(wrong)) == [("crm", 2), ("kpis", 4)]
