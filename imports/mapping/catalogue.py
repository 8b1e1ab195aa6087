"""All mappings there are, ours and the company's own, and which of them a file's headers call for."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import pandas as pd
from django.conf import settings

from crm.record_ids import source_evidence
from imports.mapping.header_aliases import LABELS
from imports.mapping.loading import read_mapping, read_source
from imports.mapping.other_systems import other_system
from imports.mapping.schema import ObjectMapping, Source
from imports.parsing.headers import fold, index, name_parts, without_unit

BOOK = re.compile(r"\.(?:xls[xmb]?|ods)$", re.IGNORECASE)
SUFFIXES = re.compile(r"(?:\.[a-z0-9]{1,5})*$", re.IGNORECASE)
OURS = Path(__file__).resolve().parent.parent / "mappings"
AUTO = "auto"
CRMS = ("hubspot", "pipedrive", "salesforce", "zoho")  # whose exports have much in common
LOOKED_AT = 50  # ids of a file
MOSTLY = 0.5  # of a sheet's columns must be those of a template for it to be one
RANKS = [
    "exchange_rate", "owner", "vertical", "product", "campaign", "content_asset", "account", "contact", "lead", "opportunity",
    "stage_change", "buying_role", "touch", "activity", "enquiry", "enquiry_handover", "invoice", "line_item", "payment",
    "subscription", "spend",
    "content_use", "usage_event", "quota",
]  # fmt: skip


@dataclass(frozen=True)
class FileKind:
    """What a file was recognised as: whose, which, and the mappings that its rows go through."""

    source: Source
    name: str
    mappings: tuple[ObjectMapping, ...]

    @property
    def rank(self) -> int:
        """Where it comes among the files of an import: what others point to comes first."""
        return min(RANKS.index(mapping.object) for mapping in self.mappings)


def own_folder() -> Path:
    """Where a company puts mappings of its own; a file of the same name takes the place of ours."""
    return Path(settings.MAPPINGS_DIR)


def sources() -> dict[str, Source]:
    """Return every source by name; a mapping of the company's that is changed while Accord runs is read anew."""
    files = _ours() | _files(own_folder())
    return _read(tuple((*key, *found) for key, found in files.items()))


@cache
def _ours() -> dict[tuple[str, str], tuple[Path, int]]:
    return _files(OURS)


def _files(folder: Path) -> dict[tuple[str, str], tuple[Path, int]]:
    """Return the mappings in a folder by source and name: where each is, and when it was written."""
    paths = sorted(folder.glob("*/*.toml"))
    return {(path.parent.name, path.name): (path, path.stat().st_mtime_ns) for path in paths}


@lru_cache(maxsize=4)
def _read(files: tuple[tuple[str, str, Path, int], ...]) -> dict[str, Source]:
    found: dict[str, Source] = {}
    for name in sorted({source for source, *_ in files}):
        own = {file: path for source, file, path, _ in files if source == name}
        manners = own.pop("source.toml", OURS / name / "source.toml")
        own.pop(LABELS, None)
        found[name] = read_source(manners.parent, [read_mapping(path) for path in own.values()])
    return found


def source_names() -> list[str]:
    return sorted({source for source, _ in _ours() | _files(own_folder())})


def companions() -> list[str]:
    """Return the sources whose files go with those of any system: our templates, exchange rates."""
    return [source.name for source in sources().values() if source.is_templates or source.accompanies]


def titles() -> list[tuple[str, str]]:
    """Return (name, title) of every source, for a choice."""
    return [(source.name, source.title) for source in sources().values()]


def source_title(name: str, known: Iterable[tuple[str, str]] | None = None) -> str:
    """Return the name of a source as people read it."""
    return dict(known if known is not None else titles()).get(name) or name.replace("-", " ").capitalize()


@dataclass(frozen=True)
class Candidate:
    """What a file may be, and how much of it speaks for that."""

    kind: FileKind
    shared: int  # columns that its mappings know
    proof: int  # 1 where the ids are of this system, -1 where they are not
    is_named: bool  # the file is called so

    @property
    def weight(self) -> tuple[int, int, bool]:
        """Return what is compared: ids of the system prove it; where they are not, others go before with as many columns."""
        return (1000 if self.proof > 0 else 0) + self.shared, self.proof, self.is_named

    @property
    def source(self) -> str:
        return self.kind.source.name


def recognise(header: list[str], name: str, asked: str = AUTO, frame: pd.DataFrame | None = None) -> FileKind | None:
    """Tell what a file is by its headers and ids; its name decides only between equals, or where headers are too few."""
    found = candidates(header, name, asked, frame)
    return max(found, key=lambda candidate: candidate.weight).kind if found else None


def candidates(header: list[str], name: str, asked: str = AUTO, frame: pd.DataFrame | None = None) -> list[Candidate]:
    """Return all that a file may be, the likeliest of each source."""
    found: dict[str, Candidate] = {}
    is_others = asked == AUTO and bool(other_system(header))
    for source in sources().values():
        if asked not in {AUTO, source.name} or (is_others and source.name in CRMS):
            continue
        known = _kinds(source, header, name)
        if source.is_templates and asked == AUTO:
            known = (kind for kind in known if _is_template(kind, header))
        some = [_candidate(kind, header, name, frame) for kind in known]
        if some:
            found[source.name] = max(some, key=lambda candidate: candidate.weight)
    return list(found.values())


def kind_of(source: str, name: str, header: list[str]) -> FileKind:
    """Return the kind that was recognised before."""
    return next(kind for kind in _kinds(sources()[source], header, name) if kind.name == name)


def _kinds(source: Source, header: list[str], name: str) -> Iterable[FileKind]:
    for kind in dict.fromkeys(mapping.file for mapping in source.mappings):
        own = [mapping for mapping in source.mappings if mapping.file == kind]
        met = [mapping for mapping in own if mapping.is_met_by(header)]
        if not met and fold(kind) in stems(name):
            met = [mapping for mapping in own if _has_id(mapping, header)]
        if met:
            yield FileKind(source, kind, tuple(met))


def _is_template(kind: FileKind, header: list[str]) -> bool:
    """Tell a filled template from a sheet that has a column or two in common with it: only a person knows what that is."""
    here, required = index(header), [names for mapping in kind.mappings for names in mapping.required_columns]
    known = set().union(*(mapping.known_columns for mapping in kind.mappings))
    shared = sum(bool({fold(column), fold(without_unit(column))} & known) for column in header)
    return shared >= MOSTLY * len(header) and all(any(fold(name) in here for name in names) for names in required)


def _has_id(mapping: ObjectMapping, header: list[str]) -> bool:
    folded = index(header)
    return any(fold(name) in folded for name in mapping.id_columns) and mapping.each is None


def _candidate(kind: FileKind, header: list[str], name: str, frame: pd.DataFrame | None) -> Candidate:
    """Weigh a kind by how many of the file's columns it knows, then by the file's name."""
    known = set().union(*(mapping.known_names for mapping in kind.mappings))
    known |= {name_parts(column) for mapping in kind.mappings for column in mapping.columns_like(header)}
    shared = sum(1 for column in header if {name_parts(column), name_parts(without_unit(column))} & known)
    is_named = any(fold(kind.name) in stem for stem in stems(name))
    return Candidate(kind, shared, _proof(kind, header, frame), is_named)


def _proof(kind: FileKind, header: list[str], frame: pd.DataFrame | None) -> int:
    """Tell whether the ids of a file are of the system that its columns speak for."""
    main = max(kind.mappings, key=lambda mapping: len(mapping.fields))
    here = index(header)
    ids = next((here[fold(name)] for name in main.id_columns if fold(name) in here), "")
    if frame is None or not ids or kind.source.name not in CRMS:
        return 0
    words = [word for word in frame[ids].head(LOOKED_AT) if word]
    return source_evidence(words, kind.source.name, main.object) if words else 0


def stems(name: str) -> list[str]:
    """Return what a file is called without its suffixes, folded; of a sheet, its book's name too."""
    parts = [part for part in name.split("/") if part]
    called = parts[-2:] if len(parts) > 1 and BOOK.search(parts[-2]) else parts[-1:]
    return [fold(SUFFIXES.sub("", part)) for part in reversed(called)]
