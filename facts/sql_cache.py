"""A cache of the SQL that Ibis writes for DuckDB.

Ibis takes longer to write SQL than DuckDB takes to answer over few rows. So questions that differ only in their
moments, days and ids, or in the in-memory rows that they join, share one SQL template in which those are filled in.
Templates are kept in memory and in files, so that a question is compiled once for all processes and restarts.
"""

import logging
import pickle
import weakref
import zlib
from collections import deque
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import version
from typing import Any

import ibis
import ibis.backends.duckdb
import ibis.expr.types as ir
from django.core.cache import caches
from ibis.expr.operations import DatabaseTable, InMemoryTable, Literal, Node

log = logging.getLogger(__name__)
PACKAGES = ("ibis-framework", "sqlglot")
WRITTEN_BY = f"1 {[version(name) for name in PACKAGES]}"  # raise the number when templates are made differently
CACHE_FAULTS = (OSError, EOFError, ValueError, AttributeError, ImportError, pickle.UnpicklingError, zlib.error)
CACHED_QUESTIONS = 500  # their texts and forms, some 50 kB each
FIRST_MOMENT, FIRST_DAY = datetime(9000, 1, 1, tzinfo=UTC), date(9500, 1, 1)  # stand-ins, one day apart
FIRST_ID = 9_000_000_000_000_000_000
COMPILER = ibis.backends.duckdb.Backend.compiler
SEPARATOR = "\0"  # separates the texts between which values are filled in; no SQL holds it


class Backend(ibis.backends.duckdb.Backend):
    """Compiles a question to SQL once, for all snapshots, threads and moments.

    Ibis registers what shall drop a memtable to run at the end of the process, which keeps the rows and the database
    until then. Here the rows go with the question that held them.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._unused_memtables: deque[str] = deque()

    def compile(self, expr: ir.Expr, /, **given: Any) -> str:
        if any(given.values()):
            return super().compile(expr, **given)
        form = Form(expr.op())
        blanks = form.blanks  # before the form is kept, and forgets them
        texts, numbers = _compile_template(form)
        values = [_node_sql(node) for node in blanks]
        return texts[0] + "".join(values[number] + text for number, text in zip(numbers, texts[1:], strict=True))

    def _register_in_memory_tables(self, expr: ir.Expr) -> None:
        self._drop_unused_memtables()
        for memtable in self._verify_in_memory_tables_are_unique(expr):
            if memtable not in self._memtables:
                self._register_in_memory_table(memtable)
                self._memtables.add(memtable)
                weakref.finalize(memtable, self._unused_memtables.append, memtable.name).atexit = False

    def _drop_unused_memtables(self) -> None:
        while self._unused_memtables:
            self.con.unregister(self._unused_memtables.popleft())


class Form:
    """The shape of a question without the values in it: questions of equal form differ in nothing but their blanks."""

    def __init__(self, question: Node) -> None:
        self.question: Node | None = question
        self.blanks: list[Node] = []
        self.key = self._read_nodes(question)
        self._hash = hash(self.key)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Form) and self.key == other.key

    @property
    def digest(self) -> str | None:
        """Return a name that equal forms have in every process; None where their description holds an address in memory."""
        text = repr(self.key)
        return None if " at 0x" in text else sha256(f"{WRITTEN_BY} {text}".encode()).hexdigest()

    def release_question(self) -> Node:
        """Return the question and drop it here: a cached form must hold neither rows nor a database."""
        question, self.question, self.blanks = self.question, None, []
        assert question is not None
        return question

    def _read_nodes(self, question: Node) -> tuple[Any, ...]:
        """Note every node after those that it is made of, each by its place; no recursion, for questions are deep."""
        numbers: dict[Node, int] = {}  # not kept: its nodes hold the rows that were handed in, and the database
        descriptions: list[tuple[Any, ...]] = []
        stack = [(question, False)]
        while stack:
            node, is_ready = stack.pop()
            if node in numbers:
                continue
            if is_ready or not (children := node.__children__):
                descriptions.append(self._describe_node(node, numbers))
                numbers[node] = len(numbers)
            else:
                stack.append((node, True))
                stack += [(child, False) for child in reversed(children)]
        return tuple(descriptions)

    def _describe_node(self, node: Node, numbers: Mapping[Node, int]) -> tuple[Any, ...]:
        if _is_blank(node):
            self.blanks.append(node)
            return (type(node), node.schema if isinstance(node, InMemoryTable) else node.dtype)
        if isinstance(node, DatabaseTable):
            return (DatabaseTable, node.name, node.schema, node.namespace)
        return (type(node), *(_number_nodes(arg, numbers) for arg in node.__args__))


def _number_nodes(arg: Any, numbers: Mapping[Node, int]) -> Any:
    """Return an argument of a node with the nodes in it by their places."""
    if isinstance(arg, Node):
        return (Node, numbers[arg])
    if isinstance(arg, tuple):
        return tuple(_number_nodes(child, numbers) for child in arg)
    if isinstance(arg, frozenset):
        return (frozenset, *sorted(arg, key=repr))  # every process has an order of its own
    if isinstance(arg, Mapping):
        return (tuple(arg), tuple(_number_nodes(child, numbers) for child in arg.values()))
    return arg


def _is_blank(node: Node) -> bool:
    if isinstance(node, InMemoryTable):
        return True
    if not isinstance(node, Literal) or node.value is None:
        return False
    return bool(node.dtype.is_timestamp() or node.dtype.is_date() or (node.dtype.is_int64() and node.value >= 0))


Template = tuple[tuple[str, ...], tuple[int, ...]]


@lru_cache(maxsize=CACHED_QUESTIONS)
def _compile_template(form: Form) -> Template:
    """Return the texts between the blanks, and the number of the blank after each of them but the last."""
    digest = form.digest
    template = _read_template(digest) if digest else None
    if template is not None:
        form.release_question()
        return template
    template = _write_template(form)
    if digest:
        _store_template(digest, template)
    return template


def _read_template(digest: str) -> Template | None:
    try:
        template: Template | None = caches["sql"].get(digest)
    except CACHE_FAULTS as error:  # a damaged file is written again
        log.warning("A compiled question could not be read: %s", error)
        return None
    return template


def _store_template(digest: str, template: Template) -> None:
    try:
        caches["sql"].set(digest, template)
    except CACHE_FAULTS as error:
        log.warning("A compiled question could not be stored: %s", error)


def _write_template(form: Form) -> Template:
    blanks = form.blanks
    question = form.release_question()
    stand_ins = {
        node: _make_placeholder(node, number) for number, node in enumerate(blanks) if isinstance(node, Literal)
    }
    with_placeholders = question.replace(stand_ins) if stand_ins else question
    text = COMPILER.to_sqlglot(with_placeholders.to_expr()).sql(dialect=COMPILER.dialect, copy=False)
    for number, node in enumerate(blanks):
        text = text.replace(_node_sql(stand_ins.get(node, node)), f"{SEPARATOR}{number}{SEPARATOR}")
    pieces = text.split(SEPARATOR)
    return tuple(pieces[::2]), tuple(map(int, pieces[1::2]))


def _make_placeholder(node: Literal, number: int) -> Literal:
    if node.dtype.is_int64():
        return Literal(FIRST_ID + number, node.dtype)
    first = FIRST_MOMENT if node.dtype.is_timestamp() else FIRST_DAY
    return Literal(first + timedelta(days=number), node.dtype)


def _node_sql(node: Node) -> str:
    """Return what represents a moment, a day, an id or a table of rows in the SQL."""
    if isinstance(node, InMemoryTable):
        return f'"{node.name}"'
    return str(COMPILER.visit_Literal(node, value=node.value, dtype=node.dtype).sql(dialect=COMPILER.dialect))
