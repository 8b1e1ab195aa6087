"""The ids that sources give their records, brought into the one form in which Accord keeps them.

Salesforce writes the id of one record with 15 characters (reports, pages) or with 18 (exports, the API). The 15 count
upper and lower case; the last three of the 18 say which of the 15 are upper case, five characters each, so that the
whole can be compared without regard to case. Accord keeps the 18. Zoho writes a number, in exports with zcrm_ in front.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crm.registry import kinds_by_name

SALESFORCE, ZOHO = "salesforce", "zoho"
CHECKS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
WEIGHTS = np.array([1, 2, 4, 8, 16])  # of five characters the first counts least
NUMBER_OF = np.full(256, -1)  # by the code of a character in either case
for number, letter in enumerate(CHECKS):
    NUMBER_OF[[ord(letter), ord(letter.lower())]] = number
SHORT, LONG = 15, 18
KNOWN_BY_NAME = {"vertical", "territory"}
ANY_OBJECT = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")
LONG_ID = re.compile(r"[0-9A-Za-z]{18}")
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

    stored: pd.Series
    shortened: np.ndarray  # rows whose id a spreadsheet shortened
    short: pd.Series  # ids of Salesforce with 15 characters, as written
    misfits: pd.Series  # ids, as written, whose last three characters do not fit the others
    decimals: pd.Series  # ids, as written, that a spreadsheet gave decimals


def is_of_salesforce(source: str) -> bool:
    """Tell whether the records of a source have Salesforce ids: Salesforce, or an org that has a name of its own."""
    return source == SALESFORCE or source.startswith(f"{SALESFORCE}-")


def read_ids(written: pd.Series, source: str, kind: str) -> Ids:
    """Return ids of records of a kind as they are kept; `source` is "" where it can be any."""
    places, distinct = pd.factorize(written)
    texts = pd.Series(distinct, dtype="str")
    shortened = match_whole(texts, SHORTENED)
    decimals = match_whole(texts, WITH_DECIMALS)
    if decimals.any() and (decimals | (texts == "")).all():  # programs write whole columns of numbers as 123.0
        stored = texts.str.replace(r"[.,]0$", "", regex=True)
    else:
        decimals, stored = pd.Series(False, index=texts.index), texts
    if not source or source == ZOHO:
        stored = stored.where(~match_whole(texts, ZOHO_ID), texts.str.removeprefix("zcrm_"))
    is_short = is_misfit = np.zeros(len(texts), bool)
    if not source or is_of_salesforce(source):
        are_ids = are_salesforce_ids(texts, kind, is_sure=not source)
        full = salesforce_ids(texts[are_ids].tolist(), kind)
        stored = stored.mask(are_ids, pd.Series(full.stored, texts.index[are_ids], dtype="str"))
        is_misfit = are_ids.to_numpy().copy()
        is_misfit[is_misfit] = full.are_misfits
        is_short = (are_ids & (texts.str.len() == SHORT)).to_numpy()
    return Ids(
        stored.take(places).set_axis(written.index),
        shortened.to_numpy()[places],
        written[is_short[places]],
        written[is_misfit[places]],
        written[decimals.to_numpy()[places]],
    )


def match_whole(texts: pd.Series, pattern: re.Pattern[str]) -> pd.Series:
    """Tell which words a pattern matches whole."""
    return texts.str.fullmatch(pattern.pattern).astype(bool)  # a compiled pattern would be tried word by word


@dataclass(frozen=True)
class SalesforceIds:
    """What ids become, and which have last three characters that do not fit; as long as the ids."""

    stored: list[str]
    are_misfits: np.ndarray


def salesforce_ids(ids: Sequence[str], kind: str) -> SalesforceIds:
    """Return the 18 characters of each id of a kind of record.

    An id whose last three characters do not fit stays as it is written, for others like it may be other records; another
    way of writing it becomes the same, where there is only one.
    """
    full = full_ids(ids, kind)
    misfits = [text for text, restored in zip(ids, full, strict=True) if not restored]
    alike = Counter(text[:SHORT] for text in misfits)
    alone = {text[:SHORT]: text for text in misfits if alike[text[:SHORT]] == 1}
    stored = [
        alone.get(restored[:SHORT], restored) if restored else text for text, restored in zip(ids, full, strict=True)
    ]
    return SalesforceIds(stored, np.array([not restored for restored in full], bool))


def are_salesforce_ids(texts: pd.Series, kind: str, is_sure: bool = False) -> pd.Series:
    """Tell which words can be Salesforce ids of such a record.

    Args:
        is_sure: only ids that begin as those of the kind do, not those of custom objects.
    """
    are_ids = match_whole(texts, ANY_OBJECT)
    prefixes = _id_prefixes(kind)
    of_kind = texts.str[:3].str.lower().isin([prefix.lower() for prefix in prefixes])
    if not is_sure and kind not in KNOWN_BY_NAME:
        begins = texts.str.startswith("a") if prefixes else True
        of_kind |= texts.str.contains("[0-9]") & begins
    return are_ids & of_kind


def _id_prefixes(kind: str) -> tuple[str, ...]:
    declared = kinds_by_name().get(kind)
    return declared.id_prefixes if declared else ()


def is_salesforce_id(text: str, kind: str) -> bool:
    """Tell whether a word can be the Salesforce id of such a record."""
    return bool(are_salesforce_ids(pd.Series([text], dtype="str"), kind).item())


def salesforce_id(text: str, kind: str = "") -> str:
    """Return the 18 characters of an id; "" where its own last three do not fit the others."""
    return full_ids([text], kind)[0]


def full_ids(ids: Sequence[str], kind: str = "") -> list[str]:
    """Return the 18 characters of each id of letters and digits; "" where its own last three do not fit the others.

    Where a program changed the case of the whole id, the last three tell what it was; “AAA”, which made-up ids end in, does not.
    """
    fitting = with_check_characters(ids)
    fits = [len(text) == SHORT or text[SHORT:].upper() == fit[SHORT:] for text, fit in zip(ids, fitting, strict=True)]
    full = [fit if is_fit else "" for fit, is_fit in zip(fitting, fits, strict=True)]
    prefixes = _id_prefixes(kind) or ("",)
    for position, restored in _with_case([text if not is_fit else "" for text, is_fit in zip(ids, fits, strict=True)]):
        if restored.startswith(prefixes):
            full[position] = restored
    return full


def with_check_characters(ids: Sequence[str]) -> list[str]:
    """Return the first 15 characters of each id with the three that say which of them are upper case."""
    letters = _character_codes(ids)[:, :SHORT]
    numbers = ((letters >= ord("A")) & (letters <= ord("Z"))).reshape(-1, 3, 5) @ WEIGHTS
    checks = np.frombuffer(CHECKS.encode(), np.uint8)[numbers]
    return [
        text[:SHORT] + check
        for text, check in zip(ids, list(checks.view(f"S{checks.shape[1]}").ravel().astype(str)), strict=True)
    ]


def _with_case(ids: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield place and id of those in one case whose last three characters name letters alone as upper case."""
    characters = _character_codes(ids)
    letters, checks = characters[:, :SHORT], NUMBER_OF[characters[:, SHORT:]]
    is_upper, is_lower = (letters >= ord("A")) & (letters <= ord("Z")), letters >= ord("a")
    names_upper = ((checks[:, :, None] & WEIGHTS) > 0).reshape(-1, SHORT)
    says_a_case = (checks >= 0).all(axis=1) & checks.any(axis=1)
    is_one_case = ~(is_upper.any(axis=1) & is_lower.any(axis=1))
    can_be = says_a_case & is_one_case & ~(names_upper & ~is_upper & ~is_lower).any(axis=1)
    for position in np.flatnonzero(can_be).tolist():
        short = "".join(
            letter.upper() if upper else letter.lower()
            for letter, upper in zip(ids[position], names_upper[position], strict=False)
        )
        yield position, short + ids[position][SHORT:].upper()


def _character_codes(ids: Sequence[str]) -> np.ndarray:
    """Return the codes of the characters, one row of 18 for each id."""
    return np.array(ids, f"S{LONG}").view(np.uint8).reshape(-1, LONG)


def stored_form(source: str, kind: str, text: str) -> str:
    """Return one id as it is kept."""
    if source == ZOHO and (match := ZOHO_ID.fullmatch(text)):
        return match[1]
    if is_of_salesforce(source) and is_salesforce_id(text, kind):
        return salesforce_id(text, kind) or text
    return text


def ways_to_write(source: str, kind: str, text: str) -> set[str]:
    """Return all forms under which a record with an id may be stored."""
    stored = stored_form(source, kind, text)
    is_salesforce = is_of_salesforce(source) and is_salesforce_id(stored, kind)
    return {text, stored, stored[:SHORT]} if is_salesforce else {text, stored}


def source_evidence(ids: Iterable[str], source: str, kind: str) -> int:
    """Return 1 where ids are surely of a system, -1 where they surely are not, 0 where they tell nothing."""
    ids = list(ids)
    of_salesforce = bool(are_salesforce_ids(pd.Series(ids, dtype="str"), kind).all())
    of_zoho = all(map(ZOHO_ID.fullmatch, ids))
    if is_of_salesforce(source):
        return 1 if of_salesforce else -1
    if source == ZOHO and of_zoho:
        return 1
    return -1 if of_salesforce or of_zoho else 0


def is_shortened(word: str) -> bool:
    """Tell an id that a spreadsheet shortened to a rounded number: 9.87654E+12."""
    return bool(SHORTENED.fullmatch(word))
