"""The files of one upload are looked at together: whose they are is settled by all of them, else it is asked.

A file that could be of several systems goes with the files that leave no doubt. Where files seem to be of several
systems, somebody says whether that is so; nothing goes in before.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from imports.files.sample import first_rows
from imports.mapping.catalogue import AUTO, Candidate, candidates, companions, sources
from imports.models import FileState, ImportFile, ImportJob

SEVERAL = "several"  # what ImportJob.source says once somebody said that the files are of several systems
MOSTLY = 0.8  # of the columns that another system knows of a file must be known for it to be of this one too


@dataclass(frozen=True)
class Whose:
    """The question whose the files of an upload are."""

    titles: tuple[tuple[str, str], ...]  # (name, title) of each system that they may be of
    files: tuple[tuple[str, str], ...]  # (file, titles of the systems that it looks like)

    @property
    def words(self) -> str:
        if len(self.files) == 1:
            return f"{self.files[0][0]} can be an export of {_listed([title for _, title in self.titles], 'or')}."
        return f"The files look like exports of {_listed([title for _, title in self.titles], 'and')}. Are they of one system?"


def asked_source(run: ImportJob) -> str:
    """Return the source by which the files of an import are recognised."""
    return AUTO if run.source == SEVERAL else run.source


def settle_sources(run: ImportJob) -> None:
    """Give each file of an upload to the system that all of them speak for, as far as that leaves no doubt."""
    if run.source != AUTO:
        return
    likely = {file: found for file in _open_files(run) if (found := _likely(file)).possible}
    decided = {next(iter(one.surest)) for one in likely.values() if len(one.surest) == 1}
    common = set.intersection(*(set(one.possible) for one in likely.values())) if likely else set()
    chosen = next(iter(decided)) if len(decided) == 1 else _heaviest(common, likely.values())
    for file, one in likely.items():
        if chosen in one.possible:
            _take(file, one.possible[chosen], [chosen])
        else:
            _take(file, None, sorted(one.surest))


def whose(run: ImportJob) -> Whose | None:
    """Return the question whose the files are; None where nothing leaves it open, or somebody said it."""
    if run.source != AUTO:
        return None
    known = sources()
    likely = {file.name: file.detected.get("sources", [file.source]) for file in _open_files(run)}
    names = sorted({name for some in likely.values() for name in some})
    if len(names) < 2:
        return None
    titles = {name: known[name].title for name in names if name in known}
    told = [(name, ", ".join(titles[one] for one in some if one in titles)) for name, some in likely.items()]
    return Whose(tuple(titles.items()), tuple((name, words) for name, words in told if words))


def _open_files(run: ImportJob) -> list[ImportFile]:
    """Return the files of systems that were recognised by their columns: nobody said what they are."""
    files = run.files.filter(state=FileState.READING, mappings=[], mends=None, remembered=None)
    return [file for file in files if _is_system(file.source)]


def _is_system(name: str) -> bool:
    return name in sources() and name not in companions()


@dataclass(frozen=True)
class Likely:
    """The systems that know most of a file, and all that know nearly as much of it."""

    surest: list[str]
    possible: dict[str, Candidate]


def _likely(file: ImportFile) -> Likely:
    found = candidates(file.header, file.name, frame=first_rows(file))
    systems = {one.source: one for one in found if _is_system(one.source)}
    best = max((one.weight[:2] for one in systems.values()), default=(0, 0))
    surest = [name for name, one in systems.items() if one.weight[:2] == best]
    possible = {name: one for name, one in systems.items() if one.weight[0] >= MOSTLY * best[0]}
    return Likely(surest, possible)


def _heaviest(common: set[str], found: Iterable[Likely]) -> str:
    """Return the system that knows most of the columns of all files; "" where none may be that of all, or two are equal."""
    some = list(found)
    weights = {name: sum(one.possible[name].weight[0] for one in some) for name in common}
    best = [name for name, weight in weights.items() if weight == max(weights.values())]
    return best[0] if len(best) == 1 else ""


def _take(file: ImportFile, candidate: Candidate | None, likely: list[str]) -> None:
    if candidate:
        file.source, file.kind, file.rank = candidate.source, candidate.kind.name, candidate.kind.rank
        file.state, file.reason = FileState.READING, ""
    file.detected["sources"] = likely
    file.save(update_fields=["source", "kind", "rank", "state", "reason", "detected"])


def _listed(words: list[str], between: str) -> str:
    *most, last = words
    return f"{', '.join(most)} {between} {last}" if most else last
