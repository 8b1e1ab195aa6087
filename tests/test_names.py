"""Names say what they hold or do: a function is verb and noun, a local is named by its content."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from revops.apps import APPS

BANNED = {
    "found", "one", "said", "told", "words", "place", "thing", "things", "anew", "reckon", "reckoned", "mend", "mended",
}  # fmt: skip
MOST_SINGLE_WORDS = (
    0.45  # of all functions; `parse` in dates.py, `clean` in a form and views such as `dashboard` are fine
)

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


def functions_of(root: Path) -> Iterator[tuple[Path, FunctionNode]]:
    for app in (*APPS, "revops"):
        for path in sorted((root / app).rglob("*.py")):
            if "migrations" not in path.parts:
                for node in ast.walk(ast.parse(path.read_text())):
                    if isinstance(node, FunctionNode):
                        yield path, node


def local_names(function: FunctionNode) -> Iterator[tuple[int, str]]:
    """Yield the parameters and locals of a function with their lines; fields of a class are stored data, no locals."""
    parameters = function.args
    for parameter in [*parameters.posonlyargs, *parameters.args, *parameters.kwonlyargs]:
        yield parameter.lineno, parameter.arg
    nodes: list[ast.AST] = list(function.body)
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.ClassDef):
            continue
        if isinstance(node, FunctionNode):
            yield node.lineno, node.name
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        nodes.extend(ast.iter_child_nodes(node))


def test_no_local_and_no_parameter_has_a_filler_name(pytestconfig: pytest.Config) -> None:
    root = pytestconfig.rootpath
    fillers = []
    for path, function in functions_of(root):
        fillers += [f"{path.relative_to(root)}:{line} {name}" for line, name in local_names(function) if name in BANNED]
    assert sorted(set(fillers)) == [], "name it by its content, like lead, column, sentence, matches"


def test_most_functions_are_named_by_verb_and_noun(pytestconfig: pytest.Config) -> None:
    names = [node.name.strip("_") for _, node in functions_of(pytestconfig.rootpath) if not node.name.startswith("__")]
    single_words = Counter(name for name in names if "_" not in name)
    assert single_words.total() / len(names) < MOST_SINGLE_WORDS, single_words.most_common(20)


def test_the_test_sees_locals_parameters_and_comprehensions() -> None:
    source = "def run(told):\n    found = [one for one in told]\n    class Kept:\n        words = 1\n    return found"
    (function,) = ast.parse(source).body
    assert isinstance(function, ast.FunctionDef)
    assert {name for _, name in local_names(function)} == {"told", "found", "one"}
