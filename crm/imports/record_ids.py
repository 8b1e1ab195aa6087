"""The ids that sources give their records, brought into the one form in which Accord keeps them.

Salesforce writes the id of one record with 15 characters (reports, pages) or with 18 (exports, the API). The 15 count
upper and lower case; the last three of the 18 say which of the 15 are upper case, five characters each, so that the
whole can be compared without regard to case. Accord keeps the 18. Zoho writes a number, in exports with zcrm_ in front.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase, digits

import numpy as np
import pandas as pd

SALESFORCE, ZOHO = "salesforce", "zoho"
CHECKS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
NO_UPPER_CASE = "AAA"
LETTERS, UPPER_OR_NOT = ascii_uppercase + ascii_lowercase + digits, "1" * 26 + "0" * 36
IS_UPPER_CASE = str.maketrans(LETTERS, UPPER_OR_NOT)
CHECK_OF = {f"{number:05b}"[::-1]: letter for number, letter in enumerate(CHECKS)}  # the first of five counts least
SHORT, LONG = 15, 18
PREFIXES = {  # how the ids of each kind of record begin; those of custom objects begin with a
    "account": ("001",),
    "activity": ("00T", "00U", "02s"),
    "buying_role": ("00K",),
    "campaign": ("701",),
    "contact": ("003",),
    "enquiry": ("500",),
    "invoice": ("3tt",),
    "lead": ("00Q",),
    "line_item": ("00k", "802"),
    "opportunity": ("006",),
    "owner": ("005", "00G"),
    "product": ("01t",),
    "touch": ("00v",),
}
KNOWN_BY_NAME = {"vertical", "territory"}
ANY_OBJECT = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")
SHORTENED = re.compile(r"[+-]?\d{1,3}[.,]\d+[eE][+-]?\d{1,3}|[+-]?\d{1,3}[eE][+-]\d{1,3}")
ZOHO_ID = re.compile(r"zcrm_(\d+)")  # in exports; its API writes the number alone
WITH_DECIMALS = re.compile(r"(\d{1,15})[.,]0")
SHORTENED_REASON = (
    "is not a complete id: a spreadsheet shortened it. Import the file as it was exported, without opening it in a "
    "spreadsheet, or format the column as text before you paste the ids"
)


@dataclass(frozen=True)
class Ids:
    """Ids in the form in which they are kept."""

    kept: pd.Series
    shortened: np.ndarray  # rows whose id a spreadsheet shortened
    short: pd.Series  # ids of Salesforce with 15 characters, as written
    misfits: pd.Series  # ids, as written, whose last three characters do not fit the others
    decimals: pd.Series  # ids, as written, that a spreadsheet gave decimals


def is_of_salesforce(source: str) -> bool:
    """Tell whether the records of a source have Salesforce ids: Salesforce, or an org that has a name of its own."""
    return source == SALESFORCE or source.startswith(f"{SALESFORCE}-")


def read_ids(written: pd.Series, source: str, kind: str) -> Ids:
    """Return ids of records of a kind as they are kept; `source` is "" where it can be any."""
    words = pd.Series(written.unique(), dtype="str")
    looks_shortened = {word for word in words if SHORTENED.fullmatch(word)}
    decimals = _without_decimals(words)
    kept: dict[str, str] = dict(decimals)
    if not source or source == ZOHO:
        kept |= {word: found[1] for word in words if (found := ZOHO_ID.fullmatch(word))}
    short: set[str] = set()
    misfits: set[str] = set()
    if not source or is_of_salesforce(source):
        salesforce = salesforce_ids((word for word in words if len(word) in {SHORT, LONG}), kind, is_sure=not source)
        kept |= salesforce.kept
        misfits, short = salesforce.misfits, {word for word in salesforce.kept if len(word) == SHORT}
    shortened = written.isin(looks_shortened).to_numpy()
    return Ids(
        written.map(lambda word: kept.get(word, word)).astype("str") if kept else written,
        shortened,
        written[written.isin(short)],
        written[written.isin(misfits)],
        written[written.isin(set(decimals))],
    )


def _without_decimals(words: Iterable[str]) -> dict[str, str]:
    """Return the whole numbers of a column all of whose ids were written as 123.0, as programs write whole columns."""
    found = {word: WITH_DECIMALS.fullmatch(word) for word in words if word}
    return {word: whole[1] for word, whole in found.items() if whole} if all(found.values()) else {}


@dataclass(frozen=True)
class SalesforceIds:
    """What ids become that change, and those whose last three characters do not fit."""

    kept: dict[str, str]
    misfits: set[str]


def salesforce_ids(words: Iterable[str], kind: str, is_sure: bool = False) -> SalesforceIds:
    """Return the 18 characters of each id of a kind of record.

    An id whose last three characters do not fit stays as it is written, for others like it may be other records; another
    way of writing it becomes the same, where there is only one.

    Args:
        is_sure: only ids that begin as those of the kind do, not those of custom objects.
    """
    ids = [word for word in words if is_salesforce_id(word, kind, is_sure)]
    read = {word: salesforce_id(word, kind) for word in ids}
    misfits = {word for word in ids if not read[word]}
    alike = Counter(word[:SHORT] for word in misfits)
    alone = {word[:SHORT]: word for word in misfits if alike[word[:SHORT]] == 1}
    kept = {word: word if word in misfits else alone.get(read[word][:SHORT], read[word]) for word in ids}
    return SalesforceIds({word: found for word, found in kept.items() if found != word}, misfits)


def is_salesforce_id(word: str, kind: str, is_sure: bool = False) -> bool:
    """Tell whether a word can be the Salesforce id of such a record."""
    if not ANY_OBJECT.fullmatch(word):
        return False
    prefixes = PREFIXES.get(kind, ())
    if word[:3].casefold() in {prefix.casefold() for prefix in prefixes}:
        return True
    if is_sure or kind in KNOWN_BY_NAME or not any(map(str.isdigit, word)):
        return False
    return not prefixes or word[0] == "a"


def salesforce_id(word: str, kind: str = "") -> str:
    """Return the 18 characters of an id; "" where its own last three do not fit the others.

    Where a program changed the case of the whole id, the last three tell what it was; “AAA”, which made-up ids end in, does not.
    """
    short, check = word[:SHORT], word[SHORT:].upper()
    if not check or check == check_characters(short):
        return short + (check or check_characters(short))
    is_one_case = check != NO_UPPER_CASE and short in {short.upper(), short.lower()}
    restored = _with_case(short, check) if is_one_case else ""
    prefixes = PREFIXES.get(kind, ())
    return f"{restored}{check}" if restored and (not prefixes or restored.startswith(prefixes)) else ""


def check_characters(short: str) -> str:
    """Return the three characters that say which of the 15 are upper case."""
    bits = short.translate(IS_UPPER_CASE)
    try:
        return CHECK_OF[bits[:5]] + CHECK_OF[bits[5:10]] + CHECK_OF[bits[10:15]]
    except KeyError:  # it holds something else than letters of English and digits
        bits = "".join("01"[letter.isupper()] for letter in short)
        return "".join(CHECK_OF[bits[start : start + 5]] for start in range(0, SHORT, 5))


def _with_case(short: str, check: str) -> str:
    """Return the 15 characters in the case that the last three say; "" where they name a digit as upper case."""
    bits = [CHECKS.find(letter) >> place & 1 if letter in CHECKS else 0 for letter in check for place in range(5)]
    found = "".join(letter.upper() if bit else letter.lower() for letter, bit in zip(short, bits, strict=True))
    return found if check_characters(found) == check else ""


def kept_id(source: str, kind: str, word: str) -> str:
    """Return one id as it is kept."""
    if source == ZOHO and (found := ZOHO_ID.fullmatch(word)):
        return found[1]
    return salesforce_ids([word], kind).kept.get(word, word) if is_of_salesforce(source) else word


def ways_to_write(source: str, kind: str, word: str) -> set[str]:
    """Return all forms under which a record with an id may be stored."""
    kept = kept_id(source, kind, word)
    is_salesforce = is_of_salesforce(source) and is_salesforce_id(kept, kind)
    return {word, kept, kept[:SHORT]} if is_salesforce else {word, kept}


def whose_ids(words: Iterable[str], source: str, kind: str) -> int:
    """Return 1 where ids are surely of a system, -1 where they surely are not, 0 where they tell nothing."""
    words = list(words)
    of_salesforce = all(is_salesforce_id(word, kind) for word in words)
    of_zoho = all(map(ZOHO_ID.fullmatch, words))
    if is_of_salesforce(source):
        return 1 if of_salesforce else -1
    if source == ZOHO and of_zoho:
        return 1
    return -1 if of_salesforce or of_zoho else 0


def is_shortened(word: str) -> bool:
    """Tell an id that a spreadsheet shortened to a rounded number: 9.87654E+12."""
    return bool(SHORTENED.fullmatch(word))
