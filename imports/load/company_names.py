"""Names of companies, compared: what is left without legal form, case, punctuation and accents, and how near two are.

Pairs are looked for among names that are near each other in one of three alphabetical orders: as they are written, read
from the end, and with their words sorted. A slip of the pen at the beginning of a name parts it from its like in the first
order, not in the second. So the work grows with the number of names and not with its square. In each order names are first
separated by four letters, which the database finds. The likeness is rapidfuzz's ratio of the sorted words.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby

import numpy as np
from rapidfuzz import fuzz
from rapidfuzz.process import cpdist

THRESHOLD = 90  # percent of the sorted words' letters that must agree
SHORT = 5  # of names shorter than this every letter must agree
BATCH = 20_000
LETTERS = 4  # of the beginning in each order, by which names are separated first
ACCENTS = (
    "àáâãäåçèéêëìíîïñòóôõöøùúûüýÿłđßÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝŁĐ",
    "aaaaaaceeeeiiiinoooooouuuuyyldsaaaaaaceeeeiiiinoooooouuuuyld",
)
STROKES = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", **dict.fromkeys("'’`.", None)})
UMLAUTS = re.compile("([aou])e")  # Mueller is Müller
ARTICLES = frozenset(["the", "der", "die", "das", "le", "la", "les", "el", "los", "las", "il", "het"])
FORMS = """ab ag aktiengesellschaft aps as asa bhd bv bvba cie co company corp corporation cv doo eg eirl eood ek ev gbr
    gesmbh gmbh inc incorporated kft kg kgaa kk limited llc llp lp ltd ltda mbh nv ohg ood oy oyj plc pllc pte pty pvt
    sa sab sarl sas sasu sca sdn se sl slu snc spa spol spzoo sprl srl sro ug"""
LEGAL_FORMS = frozenset(FORMS.split())


@dataclass(frozen=True)
class Order:
    """A way to sort names so that similar ones are neighbours."""

    key: str  # SQL for what the first letters in this order are taken of: {plain} is the name, {words} its words
    text: Callable[[str], str]
    neighbours: int  # each name is compared with so many behind it


ORDERS = (
    Order("regexp_replace({plain}, '^({articles})\\s+(?=\\S)|[[:space:][:punct:]]+', '', 'g')", lambda name: name, 10),
    Order("reverse(replace({words}, ' ', ''))", lambda name: name[::-1], 10),
    Order("(SELECT min(word) FROM unnest(string_to_array({words}, ' ')) word)", lambda name: " ".join(sorted(name.split())), 3),
)  # fmt: skip


@dataclass(frozen=True)
class Name:
    """The name of a company, and whose it is."""

    key: str  # its first letters in some order, as the database has them
    is_new: bool  # a new row, which may repeat another
    position: int  # of a new row in the file, or of a record in its table: the first goes before
    source: str
    external_id: str
    text: str

    @cached_property
    def bare_text(self) -> str:
        return bare_name(self.text)

    @cached_property
    def folded_text(self) -> str:
        return fold_umlauts(self.bare_text)

    @property
    def row(self) -> tuple[str, str]:
        return self.source, self.external_id


def first_letters(column: str, order: Order) -> str:
    """Return SQL for the first letters of a name in an order, as `fold_umlauts` leaves them."""
    plain = f"lower(translate({column}, '{ACCENTS[0]}''’`.', '{ACCENTS[1]}'))"
    for umlaut, letter in ("ae", "a"), ("oe", "o"), ("ue", "u"):
        plain = f"replace({plain}, '{umlaut}', '{letter}')"
    word_sql = f"btrim(regexp_replace({plain}, '[[:space:][:punct:]]+', ' ', 'g'))"
    articles, forms = "|".join(sorted(ARTICLES)), "|".join(sorted(LEGAL_FORMS))
    word_sql = f"regexp_replace({word_sql}, '^({articles}) (?=.)|( ({forms}))+$', '', 'g')"
    return f"left({order.key.format(plain=plain, words=word_sql, articles=articles)}, {LETTERS})"


@lru_cache(maxsize=50_000)
def bare_name(name: str) -> str:
    """Return the words of a name that tell it from others: “The Müller & Söhne GmbH.” is “muller sohne”."""
    plain = name.casefold().translate(STROKES)
    if not plain.isascii():
        decomposed = unicodedata.normalize("NFKD", plain)
        plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    parts = re.sub(r"[\W_]+", " ", plain).split()
    parts = parts[1:] if len(parts) > 1 and parts[0] in ARTICLES else parts
    # a name that is nothing but a legal form stays as it is
    while len(parts) > 1 and parts[-1] in LEGAL_FORMS:
        parts.pop()
    return " ".join(parts)


def fold_umlauts(name: str) -> str:
    """Return a bare name with umlauts as others write them: Mueller, Müller and Muller are one."""
    return UMLAUTS.sub(r"\1", name)


def name_similarity(name: str, other: str) -> int:
    """Return how near two bare names are, in percent; 0 where they are not near the same."""
    if name == other:
        return 100
    name, other = fold_umlauts(name), fold_umlauts(other)
    if name == other and len(name) >= SHORT - 1:
        return 99
    if min(len(name), len(other)) < SHORT or numbers_in(name) != numbers_in(other):
        return 0
    score = round(fuzz.token_sort_ratio(name, other, score_cutoff=THRESHOLD))
    return min(score, 99)


def numbers_in(name: str) -> list[str]:
    """Unit 7 and Unit 8 are two companies, however alike their names."""
    return re.findall(r"\d+", name)


def similar_names(names: Iterable[Name], order: Order) -> Iterator[tuple[Name, Name, int]]:
    """Yield (new name, one that goes before it, how sure) for names that are near the same; they come ordered by key."""
    for batch in _batch_by_key(names):
        batch.sort(key=lambda name: (name.key, order.text(name.folded_text), name.position))
        texts = [name.folded_text for name in batch]
        for distance in range(1, min(order.neighbours, len(batch) - 1) + 1):
            scores = cpdist(
                texts[:-distance], texts[distance:], scorer=fuzz.token_sort_ratio, score_cutoff=THRESHOLD, workers=1
            )
            for position in np.flatnonzero(scores):
                yield from _compare_names(batch[int(position)], batch[int(position) + distance])


def _batch_by_key(names: Iterable[Name]) -> Iterator[list[Name]]:
    """Put names together that begin alike, several groups at a time."""
    batch: list[Name] = []
    for key, group in groupby(names, key=lambda name: name.key):
        if key:
            batch += (name for name in group if name.bare_text)
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if len(batch) > 1:
        yield batch


def _compare_names(name: Name, other: Name) -> Iterator[tuple[Name, Name, int]]:
    if name.key != other.key or not (name.is_new or other.is_new):
        return
    if sure := name_similarity(name.bare_text, other.bare_text):
        before, after = sorted((name, other), key=lambda name: (name.is_new, name.position))
        yield after, before, sure
