"""Which currency amounts are in where their file names none; settled before the first row is read, so that it stays.

It is the one asked for, else the company's, else the one that most of the files' money is in, else the source's own.
"""

from collections import Counter
from collections.abc import Iterable

from imports.files import storage
from imports.files.blocks import blocks
from imports.inference.evidence import Reader
from imports.mapping.catalogue import FileKind
from imports.mapping.editing import kind_for
from imports.mapping.schema import FieldRule, ObjectMapping
from imports.models import ImportFile
from imports.parsing.column_values import TRUE
from imports.parsing.headers import fold, index
from imports.parsing.numbers import sole_code
from team.models import Company

MONEY_FIRST = ["exchange_rate", "opportunity", "invoice", "spend", "product", "account", "lead"]


def settle(files: Iterable[ImportFile], asked: str) -> str:
    """Return the currency, and make it the company's where that has none yet."""
    company = Company.get()
    currency = assumed(files, asked)
    if currency and not company.currency:
        company.currency = currency
        company.save(update_fields=["currency"])
    return currency


def assumed(files: Iterable[ImportFile], asked: str) -> str:
    """Return the currency, and leave the company as it is."""
    files = list(files)
    return asked or _of_corrected(files) or Company.get().currency or _found(files)


def _found(files: list[ImportFile]) -> str:
    known = sorted(((kind_for(file), file) for file in files), key=lambda one: _place(one[0]))
    for kind, file in known:
        said = next(filter(None, (_said(mapping, file) for mapping in kind.mappings)), "")
        if said:
            return said
    return _beside(files) or next((kind.source.currency for kind, _ in known if kind.source.currency), "")


def _beside(files: list[ImportFile]) -> str:
    """Return the currency that most names of columns and signs beside amounts say, where they can say but one."""
    found: Counter[str] = Counter()
    for file in files:
        reader = Reader(file)
        for unit in (unit for name, unit in file.detected.get("units", {}).items() if name in reader.needs.amounts):
            found.update(filter(None, [sole_code(unit)]))
        for name in reader.signs():
            signs = reader.columns[name]["signs"]
            found.update({code: count for sign, count in signs.items() if (code := sole_code(sign))})
    return max(found, key=lambda code: (found[code], code), default="")


def _place(kind: FileKind) -> int:
    return min(MONEY_FIRST.index(m.object) if m.object in MONEY_FIRST else len(MONEY_FIRST) for m in kind.mappings)


def _said(mapping: ObjectMapping, file: ImportFile) -> str:
    """Return the currency that a mapping states, or the commonest one among the file's first rows."""
    if mapping.object == "exchange_rate":
        return _corporate(mapping, file)
    rule = next((rule for rule in mapping.fields if rule.name == "currency"), None)
    if rule is None or rule.value is not None:
        return str(rule.value) if rule else ""
    return _commonest(rule, file)


def _commonest(rule: FieldRule, file: ImportFile) -> str:
    here = index(file.header)
    column = next((here[fold(name)] for name in rule.columns if fold(name) in here), None)
    first = next(blocks(storage.place(file.plain), file.header, file.delimiter, file.start, 0), None)
    if column is None or first is None:
        return ""
    words = Counter(word.strip().upper() for word in first.frame[column] if len(word.strip()) == 3)
    return max(words, key=lambda word: (words[word], word), default="")


def _corporate(mapping: ObjectMapping, file: ImportFile) -> str:
    """Return the currency that a table of rates marks as the corporate one; it names all others too."""
    here = index(file.header)
    columns = [
        next((here[fold(name)] for name in rule.columns if fold(name) in here), None)
        for wanted in ("currency", "is_corporate")
        for rule in mapping.fields
        if rule.name == wanted
    ]
    first = next(blocks(storage.place(file.plain), file.header, file.delimiter, file.start, 0), None)
    if first is None or len(columns) < 2 or None in columns:
        return ""
    marked = first.frame[columns[1]].str.strip().str.casefold().isin(TRUE)
    return next(iter(first.frame.loc[marked, columns[0]].str.strip().str.upper()), "")


def _of_corrected(files: Iterable[ImportFile]) -> str:
    """Return the currency that the corrected files' money was in at first."""
    return next((file.mends.run.currency for file in files if file.mends and file.mends.run.currency), "")
