"""Which currency amounts are in where their file names none; settled before the first row is read, so that it stays.

It is the one asked for, else the company's, else the one that most of the files' money is in, else the source's own.
"""

from collections import Counter
from collections.abc import Iterable

from imports.files import storage
from imports.files.blocks import read_blocks
from imports.inference.evidence import FormatInference
from imports.mapping.catalogue import FileKind
from imports.mapping.editing import file_kind_of
from imports.mapping.schema import FieldRule, ObjectMapping
from imports.models import ImportFile
from imports.parsing.column_values import TRUE
from imports.parsing.headers import fold, index_headers
from imports.parsing.numbers import sole_currency_code
from team.models import Company

MONEY_FIRST = ["exchange_rate", "opportunity", "invoice", "spend", "product", "account", "lead"]


def set_import_currency(files: Iterable[ImportFile], requested: str) -> str:
    """Return the currency, and make it the company's where that has none yet."""
    # The first import settles the company's currency, so that later files are read by the same one.
    company = Company.get()
    currency = assumed_currency(files, requested)
    if currency and not company.currency:
        company.currency = currency
        company.save(update_fields=["currency"])
    return currency


def assumed_currency(files: Iterable[ImportFile], requested: str) -> str:
    """Return the currency, and leave the company as it is."""
    files = list(files)
    return requested or _currency_of_corrected(files) or Company.get().currency or _currency_in_files(files)


def _currency_in_files(files: list[ImportFile]) -> str:
    kinds = sorted(((file_kind_of(file), file) for file in files), key=lambda one: _money_rank(one[0]))
    for kind, file in kinds:
        stated = next(filter(None, (_stated_currency(mapping, file) for mapping in kind.mappings)), "")
        if stated:
            return stated
    return _currency_of_marks(files) or next((kind.source.currency for kind, _ in kinds if kind.source.currency), "")


def _currency_of_marks(files: list[ImportFile]) -> str:
    """Return the currency that most names of columns and signs beside amounts say, where they can say but one."""
    counts: Counter[str] = Counter()
    for file in files:
        reader = FormatInference(file)
        for unit in (unit for name, unit in file.detected.get("units", {}).items() if name in reader.needs.amounts):
            counts.update(filter(None, [sole_currency_code(unit)]))
        for name in reader.currency_by_mark():
            signs = reader.columns[name]["signs"]
            counts.update({code: count for sign, count in signs.items() if (code := sole_currency_code(sign))})
    return max(counts, key=lambda code: (counts[code], code), default="")


def _money_rank(kind: FileKind) -> int:
    return min(MONEY_FIRST.index(m.object) if m.object in MONEY_FIRST else len(MONEY_FIRST) for m in kind.mappings)


def _stated_currency(mapping: ObjectMapping, file: ImportFile) -> str:
    """Return the currency that a mapping states, or the commonest one among the file's first rows."""
    if mapping.object == "exchange_rate":
        return _corporate_currency(mapping, file)
    rule = next((rule for rule in mapping.fields if rule.name == "currency"), None)
    if rule is None or rule.value is not None:
        return str(rule.value) if rule else ""
    return _most_frequent_currency(rule, file)


def _most_frequent_currency(rule: FieldRule, file: ImportFile) -> str:
    here = index_headers(file.header)
    column = next((here[fold(name)] for name in rule.columns if fold(name) in here), None)
    first = next(read_blocks(storage.path_of(file.plain), file.header, file.delimiter, file.start, 0), None)
    if column is None or first is None:
        return ""
    codes = Counter(code.strip().upper() for code in first.frame[column] if len(code.strip()) == 3)
    return max(codes, key=lambda word: (codes[word], word), default="")


def _corporate_currency(mapping: ObjectMapping, file: ImportFile) -> str:
    """Return the currency that a table of rates marks as the corporate one; it names all others too."""
    here = index_headers(file.header)
    columns = [
        next((here[fold(name)] for name in rule.columns if fold(name) in here), None)
        for wanted in ("currency", "is_corporate")
        for rule in mapping.fields
        if rule.name == wanted
    ]
    first = next(read_blocks(storage.path_of(file.plain), file.header, file.delimiter, file.start, 0), None)
    if first is None or len(columns) < 2 or None in columns:
        return ""
    marked = first.frame[columns[1]].str.strip().str.casefold().isin(TRUE)
    return next(iter(first.frame.loc[marked, columns[0]].str.strip().str.upper()), "")


def _currency_of_corrected(files: Iterable[ImportFile]) -> str:
    """Return the currency that the corrected files' money was in at first."""
    return next((file.mends.run.currency for file in files if file.mends and file.mends.run.currency), "")
