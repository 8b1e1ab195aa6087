"""How likely a word is in a language, by the letters that stand side by side in the language's words of CLDR.

CLDR names countries, languages, currencies, days, months and cities in every language, some thousand words each: enough to
tell that “Dvořák” is written like Czech and “Dvoøák” like nothing. Only letters beyond ASCII are judged, the others are the
same in every encoding.
"""

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from math import log

from babel import Locale

LETTERS = re.compile(r"[^\W\d_]+")
CEDILLAS = str.maketrans("șț", "şţ")  # CLDR writes Romanian with commas below, which no Windows code page has
UNSEEN = 0.3  # how often a letter counts that a language's words do not have
PAIR_WEIGHT = 10.0  # letters alone count as much as this many pairs
LIKELY_BEHIND_LETTERS = "’™®©°²³%”»…"
LIKELY_ELSEWHERE = "’‘“”„–—…«»·•®™©°€£§&¿¡"
# What is odd in a word costs, as negative logarithms:
SYMBOL, RARE_SYMBOL, RARE_IN_WORD = 2.0, 16.0, 24.0
CASE, SCRIPT, ALONE = 8.0, 20.0, 4.0


@dataclass(frozen=True)
class Spelling:
    """Which letters stand side by side in the words of a language; a blank is the edge of a word."""

    pairs: Mapping[str, int]
    letters: Mapping[str, int]
    total: int

    def log_likelihood(self, word: str) -> float:
        """Return the logarithm of how likely the pairs of letters beyond ASCII are."""
        edged = f" {word.lower()} "
        pairs = (a + b for a, b in itertools.pairwise(edged) if not (a.isascii() and b.isascii()))
        return sum(map(self._pair_log_likelihood, pairs))

    def _pair_log_likelihood(self, pair: str) -> float:
        alone = (self.letters.get(pair[1], 0) + UNSEEN) / (self.total + 50)
        return log((self.pairs.get(pair, 0) + PAIR_WEIGHT * alone) / (self.letters.get(pair[0], 0) + PAIR_WEIGHT))


@cache
def spelling_of(language: str) -> Spelling:
    """Learn the spelling of a language from CLDR; it takes some 20 ms."""
    pairs: Counter[str] = Counter()
    letters: Counter[str] = Counter()
    for text in _cldr_names(Locale.parse(language)):
        for word in LETTERS.findall(text.lower().translate(CEDILLAS)):
            edged = f" {word} "
            letters.update(edged[:-1])
            pairs.update(a + b for a, b in itertools.pairwise(edged))
    return Spelling(pairs, letters, letters.total())


def _cldr_names(locale: Locale) -> Iterator[str]:
    for names in (locale.territories, locale.languages, locale.currencies, locale.scripts):
        yield from names.values()
    for names in (locale.days["format"]["wide"], locale.months["format"]["wide"]):
        yield from names.values()
    for zone in locale.time_zones.values():
        yield from (text for text in zone.values() if isinstance(text, str))


def word_oddness(word: str) -> float:
    """Return what is odd about a word in any language: symbols among letters, capitals behind small letters, two scripts."""
    edged = f" {word} "
    around = zip(edged, edged[1:], edged[2:], strict=False)
    alone = ALONE if len(word) == 1 and word.isalpha() else 0.0
    return (
        alone
        + sum(_symbol_cost(*three) for three in around)
        + sum(
            CASE * (a.islower() and b.isupper()) + SCRIPT * (_script_of(a) != _script_of(b))
            for a, b in itertools.pairwise(word)
            if a.isalpha() and b.isalpha()
        )
    )


def _symbol_cost(before: str, sign: str, behind: str) -> float:
    if sign.isascii() or sign.isalpha():
        return 0.0
    if sign == "’" or (sign in "€£" and before == behind):
        return SYMBOL * (sign == "’")
    if before.isalpha() and behind.isalpha():
        return 3 * SYMBOL if sign in "–—·" else RARE_IN_WORD
    if before.isalpha():
        return SYMBOL if sign in LIKELY_BEHIND_LETTERS else RARE_SYMBOL
    if behind.isalpha() and sign in "…”»™®°":
        return RARE_SYMBOL
    return SYMBOL if sign in LIKELY_ELSEWHERE else RARE_SYMBOL


def _script_of(letter: str) -> str:
    code = ord(letter)
    if code < 0x370:
        return "Latin"
    return "Greek" if code < 0x400 else "Cyrillic" if code < 0x530 else "other"
