"""Names of companies, compared: what is left without legal form, case, punctuation and accents, and how near two are.

Pairs are looked for among names that begin alike and stand near each other in alphabetical order, so that the work
grows with the number of names and not with its square. The likeness is rapidfuzz's ratio of the sorted words.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby

import numpy as np
from rapidfuzz import fuzz
from rapidfuzz.process import cpdist

THRESHOLD = 90  # percent of the sorted words' letters that must agree
NEIGHBOURS = 10  # each name is compared with so many behind it
SHORT = 5  # of names shorter than this every letter must agree
BATCH = 20_000
LETTERS = 3  # of the beginning, by which names are parted first
ACCENTS = (
    "àáâãäåçèéêëìíîïñòóôõöøùúûüýÿßÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝ",
    "aaaaaaceeeeiiiinoooooouuuuyysaaaaaaceeeeiiiinoooooouuuuy",
)
FORMS = """ab ag aktiengesellschaft aps as asa bhd bv bvba cie co company corp corporation cv doo eg eirl eood ek ev gbr
    gesmbh gmbh inc incorporated kft kg kgaa kk limited llc llp lp ltd ltda mbh nv ohg ood oy oyj plc pllc pte pty pvt
    sa sab sarl sas sasu sca sdn se sl slu snc spa spol spzoo sprl srl sro ug"""
LEGAL_FORMS = frozenset(FORMS.split())


@dataclass(frozen=True)
class Name:
    """The name of a company, and whose it is."""

    key: str  # its first letters, as the database has them
    fresh: bool  # a new row, which may repeat another
    place: int  # of a new row in the file, or of a record in its table: the first goes before
    source: str
    external_id: str
    text: str

    @cached_property
    def bare(self) -> str:
        return bare(self.text)

    @property
    def row(self) -> tuple[str, str]:
        return self.source, self.external_id


def first_letters(column: str) -> str:
    """Return SQL for the first letters and digits of a name, without accents and a leading “the”."""
    plain = f"lower(translate({column}, '{ACCENTS[0]}', '{ACCENTS[1]}'))"
    return f"left(regexp_replace({plain}, '^the\\s+|[[:space:][:punct:]]+', '', 'g'), {LETTERS})"


@lru_cache(maxsize=50_000)
def bare(name: str) -> str:
    """Return the words of a name that tell it from others: “The Müller & Söhne GmbH.” is “muller sohne”."""
    plain = "".join(
        letter for letter in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(letter)
    )
    words = re.sub(r"[\W_]+", " ", re.sub(r"['’`.]", "", plain)).split()
    words = words[1:] if words[:1] == ["the"] and len(words) > 1 else words
    while len(words) > 1 and words[-1] in LEGAL_FORMS:
        words.pop()
    return " ".join(words)


def alike(one: str, other: str) -> int:
    """Return how near two bare names are, in percent; 0 where they are not near the same."""
    if one == other:
        return 100
    if min(len(one), len(other)) < SHORT or numbers(one) != numbers(other):
        return 0
    found = round(fuzz.token_sort_ratio(one, other, score_cutoff=THRESHOLD))
    return min(found, 99)


def numbers(name: str) -> list[str]:
    """Unit 7 and Unit 8 are two companies, however alike their names."""
    return re.findall(r"\d+", name)


def near(names: Iterable[Name]) -> Iterator[tuple[Name, Name, int]]:
    """Yield (new name, one that goes before it, how sure) for names that are near the same; they come ordered by key."""
    for batch in _batches(names):
        batch.sort(key=lambda name: (name.key, name.bare, name.place))
        texts = [name.bare for name in batch]
        for distance in range(1, min(NEIGHBOURS, len(batch) - 1) + 1):
            scores = cpdist(
                texts[:-distance], texts[distance:], scorer=fuzz.token_sort_ratio, score_cutoff=THRESHOLD, workers=1
            )
            for place in np.flatnonzero(scores):
                yield from _pair(batch[int(place)], batch[int(place) + distance])


def _batches(names: Iterable[Name]) -> Iterator[list[Name]]:
    """Put names together that begin alike, several groups at a time."""
    batch: list[Name] = []
    for key, group in groupby(names, key=lambda name: name.key):
        if key:
            batch += (name for name in group if name.bare)
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if len(batch) > 1:
        yield batch


def _pair(one: Name, other: Name) -> Iterator[tuple[Name, Name, int]]:
    if one.key != other.key or not (one.fresh or other.fresh):
        return
    if sure := alike(one.bare, other.bare):
        before, after = sorted((one, other), key=lambda name: (name.fresh, name.place))
        yield after, before, sure
