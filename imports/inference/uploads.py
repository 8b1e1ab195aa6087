"""Recognise the source of all files of one upload together, and ask where they leave it open.

A file that could be of several systems goes with the files that leave no doubt. Where files seem to be of several
systems, a person confirms it before anything is imported.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from imports.files.sample import first_rows
from imports.mapping.catalogue import AUTO, Candidate, companion_sources, file_candidates, list_sources
from imports.models import FileState, ImportFile, ImportJob

SEVERAL = "several"  # what ImportJob.source says once a person said that the files are of several systems
MOSTLY = 0.8  # of the columns that another system knows of a file must be known for it to be of this one too


@dataclass(frozen=True)
class SourceQuestion:
    """The question which system the files of an upload are from."""

    titles: tuple[tuple[str, str], ...]  # (name, title) of each system that they may be of
    files: tuple[tuple[str, str], ...]  # (file, titles of the systems that it looks like)

    @property
    def text(self) -> str:
        if len(self.files) == 1:
            return f"{self.files[0][0]} can be an export of {_join_words([title for _, title in self.titles], 'or')}."
        return f"The files look like exports of {_join_words([title for _, title in self.titles], 'and')}. Are they from one system?"


def source_to_recognise(run: ImportJob) -> str:
    """Return the source by which the files of an import are recognised."""
    return AUTO if run.source == SEVERAL else run.source


def assign_sources(run: ImportJob) -> None:
    """Give each file of an upload to the system that all of them speak for, as far as that leaves no doubt."""
    if run.source != AUTO:
        return
    likely = {file: likely_sources for file in _open_files(run) if (likely_sources := _likely_sources(file)).possible}
    decided = {
        next(iter(likely_of_file.surest)) for likely_of_file in likely.values() if len(likely_of_file.surest) == 1
    }
    common = (
        set.intersection(*(set(likely_of_file.possible) for likely_of_file in likely.values())) if likely else set()
    )
    chosen = next(iter(decided)) if len(decided) == 1 else _best_common_source(common, likely.values())
    for file, likely_of_file in likely.items():
        if chosen in likely_of_file.possible:
            _assign_candidate(file, likely_of_file.possible[chosen], [chosen])
        else:
            _assign_candidate(file, None, sorted(likely_of_file.surest))


def source_question(run: ImportJob) -> SourceQuestion | None:
    """Return the question which system the files are from; None where it is clear or was answered."""
    if run.source != AUTO:
        return None
    sources = list_sources()
    likely = {file.name: file.detected.get("sources", [file.source]) for file in _open_files(run)}
    names = sorted({name for found_sources in likely.values() for name in found_sources})
    if len(names) < 2:
        return None
    titles = {name: sources[name].title for name in names if name in sources}
    titles_by_file = [
        (name, ", ".join(titles[source] for source in found_sources if source in titles))
        for name, found_sources in likely.items()
    ]
    return SourceQuestion(
        tuple(titles.items()), tuple((name, file_titles) for name, file_titles in titles_by_file if file_titles)
    )


def _open_files(run: ImportJob) -> list[ImportFile]:
    """Return the files of systems that were recognised by their columns: no person mapped them."""
    files = run.files.filter(state=FileState.READING, mappings=[], mends=None, remembered=None)
    return [file for file in files if _is_system(file.source)]


def _is_system(name: str) -> bool:
    return name in list_sources() and name not in companion_sources()


@dataclass(frozen=True)
class LikelySources:
    """The systems that know most of a file, and all that know nearly as much of it."""

    surest: list[str]
    possible: dict[str, Candidate]


def _likely_sources(file: ImportFile) -> LikelySources:
    found_candidates = file_candidates(file.header, file.name, frame=first_rows(file))
    systems = {candidate.source: candidate for candidate in found_candidates if _is_system(candidate.source)}
    best = max((candidate.weight[:2] for candidate in systems.values()), default=(0, 0))
    surest = [name for name, candidate in systems.items() if candidate.weight[:2] == best]
    possible = {name: candidate for name, candidate in systems.items() if candidate.weight[0] >= MOSTLY * best[0]}
    return LikelySources(surest, possible)


def _best_common_source(common: set[str], likely: Iterable[LikelySources]) -> str:
    """Return the system that knows most of the columns of all files; "" where none may be that of all, or two are equal."""
    all_likely = list(likely)
    weights = {name: sum(likely_sources.possible[name].weight[0] for likely_sources in all_likely) for name in common}
    best = [name for name, weight in weights.items() if weight == max(weights.values())]
    return best[0] if len(best) == 1 else ""


def _assign_candidate(file: ImportFile, candidate: Candidate | None, likely: list[str]) -> None:
    if candidate:
        file.source, file.kind, file.rank = candidate.source, candidate.kind.name, candidate.kind.rank
        file.state, file.reason = FileState.READING, ""
    file.detected["sources"] = likely
    file.save(update_fields=["source", "kind", "rank", "state", "reason", "detected"])


def _join_words(names: list[str], conjunction: str) -> str:
    *most, last = names
    return f"{', '.join(most)} {conjunction} {last}" if most else last
