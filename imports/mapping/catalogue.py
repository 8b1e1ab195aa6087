"""All mappings there are, ours and the company's own, and which of them a file's headers call for."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import pandas as pd
from django.conf import settings

from crm.record_ids import source_evidence
from crm.registry import find_kind
from imports.mapping.folders import built_in_path, mapping_folders
from imports.mapping.header_aliases import LABELS
from imports.mapping.loading import read_mapping, read_source
from imports.mapping.other_systems import other_system
from imports.mapping.schema import ObjectMapping, Source
from imports.parsing.headers import fold, index_headers, name_parts, without_unit

WORKBOOK_SUFFIX = re.compile(r"\.(?:xls[xmb]?|ods)$", re.IGNORECASE)
SUFFIXES = re.compile(r"(?:\.[a-z0-9]{1,5})*$", re.IGNORECASE)
AUTO = "auto"
CRMS = ("hubspot", "pipedrive", "salesforce", "zoho")  # whose exports have much in common
IDS_SAMPLED = 50  # ids of a file
MOSTLY = 0.5  # of a sheet's columns must be those of a template for it to be one


@dataclass(frozen=True)
class FileKind:
    """What a file was recognised as: whose, which, and the mappings that its rows go through."""

    source: Source
    name: str
    mappings: tuple[ObjectMapping, ...]

    @property
    def rank(self) -> int:
        """Where it comes among the files of an import: what others point to comes first."""
        return min(find_kind(mapping.object).rank for mapping in self.mappings)


def custom_mappings_folder() -> Path:
    """The folder for a company's own mappings; a file of the same name replaces that of Accord."""
    return Path(settings.MAPPINGS_DIR)


def list_sources() -> dict[str, Source]:
    """Return every source by name; a company's own mapping that changes while Accord runs is read again."""
    files = _built_in_files(mapping_folders()) | _mapping_files(custom_mappings_folder())
    return _read_sources(tuple((*key, *file_entry) for key, file_entry in files.items()))


@cache
def _built_in_files(folders: tuple[Path, ...]) -> dict[tuple[str, str], tuple[Path, int]]:
    return {key: entry for folder in folders for key, entry in _mapping_files(folder).items()}


def _mapping_files(folder: Path) -> dict[tuple[str, str], tuple[Path, int]]:
    """Return the mappings in a folder by source and name: where each is, and when it was written."""
    paths = sorted(folder.glob("*/*.toml"))
    return {(path.parent.name, path.name): (path, path.stat().st_mtime_ns) for path in paths}


@lru_cache(maxsize=4)
def _read_sources(files: tuple[tuple[str, str, Path, int], ...]) -> dict[str, Source]:
    sources: dict[str, Source] = {}
    for name in sorted({source for source, *_ in files}):
        own = {file: path for source, file, path, _ in files if source == name}
        settings_path = own.pop("source.toml", built_in_path(f"{name}/source.toml"))
        own.pop(LABELS, None)
        sources[name] = read_source(settings_path.parent, [read_mapping(path) for path in own.values()])
    return sources


def source_names() -> list[str]:
    files = _built_in_files(mapping_folders()) | _mapping_files(custom_mappings_folder())
    return sorted({source for source, _ in files})


def companion_sources() -> list[str]:
    """Return the sources whose files go with those of any system: our templates, exchange rates."""
    return [source.name for source in list_sources().values() if source.is_templates or source.accompanies]


def source_titles() -> list[tuple[str, str]]:
    """Return (name, title) of every source, for a choice."""
    return [(source.name, source.title) for source in list_sources().values()]


def source_title(name: str, titles: Iterable[tuple[str, str]] | None = None) -> str:
    """Return the name of a source as people read it."""
    return dict(titles if titles is not None else source_titles()).get(name) or name.replace("-", " ").capitalize()


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


def recognise_file(
    header: list[str], name: str, source: str = AUTO, frame: pd.DataFrame | None = None
) -> FileKind | None:
    """Recognise a file by its headers and ids; its name decides only between equals, or where headers are too few."""
    candidates = file_candidates(header, name, source, frame)
    return max(candidates, key=lambda candidate: candidate.weight).kind if candidates else None


def file_candidates(
    header: list[str], name: str, wanted_source: str = AUTO, frame: pd.DataFrame | None = None
) -> list[Candidate]:
    """Return all that a file may be, the likeliest of each source."""
    by_source: dict[str, Candidate] = {}
    is_others = wanted_source == AUTO and bool(other_system(header))
    for source in list_sources().values():
        if wanted_source not in {AUTO, source.name} or (is_others and source.name in CRMS):
            continue
        kinds = _matching_kinds(source, header, name)
        if source.is_templates and wanted_source == AUTO:
            kinds = (kind for kind in kinds if _is_template(kind, header))
        candidates = [_weigh_candidate(kind, header, name, frame) for kind in kinds]
        if candidates:
            by_source[source.name] = max(candidates, key=lambda candidate: candidate.weight)
    return list(by_source.values())


def find_file_kind(source: str, name: str, header: list[str]) -> FileKind:
    """Return the kind that was recognised before."""
    return next(kind for kind in _matching_kinds(list_sources()[source], header, name) if kind.name == name)


def _matching_kinds(source: Source, header: list[str], name: str) -> Iterable[FileKind]:
    for kind in dict.fromkeys(mapping.file for mapping in source.mappings):
        own = [mapping for mapping in source.mappings if mapping.file == kind]
        met = [mapping for mapping in own if mapping.matches_headers(header)]
        if not met and fold(kind) in file_stems(name):
            here = index_headers(header)
            met = [
                mapping
                for mapping in own
                if mapping.each is None and any(fold(column) in here for column in mapping.id_columns)
            ]
        if met:
            yield FileKind(source, kind, tuple(met))


def _is_template(kind: FileKind, header: list[str]) -> bool:
    """Return whether a sheet is a filled template; one with a column or two in common is left for a person to map."""
    here, required = index_headers(header), [names for mapping in kind.mappings for names in mapping.required_columns]
    known_columns = set().union(*(mapping.known_columns for mapping in kind.mappings))
    shared = sum(bool({fold(column), fold(without_unit(column))} & known_columns) for column in header)
    return shared >= MOSTLY * len(header) and all(any(fold(name) in here for name in names) for names in required)


def _weigh_candidate(kind: FileKind, header: list[str], name: str, frame: pd.DataFrame | None) -> Candidate:
    """Weigh a kind by how many of the file's columns it knows, then by the file's name."""
    known_names = set().union(*(mapping.known_names for mapping in kind.mappings))
    known_names |= {name_parts(column) for mapping in kind.mappings for column in mapping.columns_like(header)}
    shared = sum(1 for column in header if {name_parts(column), name_parts(without_unit(column))} & known_names)
    is_named = any(fold(kind.name) in stem for stem in file_stems(name))
    return Candidate(kind, shared, _id_proof(kind, header, frame), is_named)


def _id_proof(kind: FileKind, header: list[str], frame: pd.DataFrame | None) -> int:
    """Return whether the ids of a file are of the system that its columns speak for."""
    main = max(kind.mappings, key=lambda mapping: len(mapping.fields))
    here = index_headers(header)
    id_header = next((here[fold(name)] for name in main.id_columns if fold(name) in here), "")
    if frame is None or not id_header or kind.source.name not in CRMS:
        return 0
    ids = [word for word in frame[id_header].head(IDS_SAMPLED) if word]
    return source_evidence(ids, kind.source.name, main.object) if ids else 0


def file_stems(name: str) -> list[str]:
    """Return what a file is called without its suffixes, folded; of a sheet, its book's name too."""
    parts = [part for part in name.split("/") if part]
    called = parts[-2:] if len(parts) > 1 and WORKBOOK_SUFFIX.search(parts[-2]) else parts[-1:]
    return [fold(SUFFIXES.sub("", part)) for part in reversed(called)]
