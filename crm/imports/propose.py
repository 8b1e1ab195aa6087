"""What the columns of a file that no mapping knows are likely to be: by their names, and by what stands in them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from rapidfuzz import fuzz

from crm.imports import values
from crm.imports.catalogue import sources
from crm.imports.headers import OURS, fold
from crm.imports.targets import CUSTOM, Target, kinds, rule_of, targets
from crm.models import CustomType

LIKE_ENOUGH = 86  # of 100, by rapidfuzz
MOSTLY = 0.9
GUESSED = (
    "lead",
    "contact",
    "account",
    "opportunity",
    "campaign",
    "activity",
    "spend",
    "invoice",
    "touch",
    "product",
    "owner",
)
MAIL = r"[^@\s]+@[^@\s]+\.[^@\s]+"
ID_WORDS = re.compile(r"(?:^|[\s_.-])(?:id|no|nr|number|key|uuid|guid)\.?$|[a-z]Id$|^id", re.IGNORECASE)
WORDS = {  # what people call a field that our sheets call otherwise
    "lead": {
        "is_converted": ["converted", "is converted", "conversion", "convert", "target", "won", "bought"],
        "name": ["name", "full name", "contact name", "lead name", "prospect"],
        "company_name": ["company", "organisation", "organization", "firm", "account name", "employer"],
        "lead_source": ["source", "lead origin", "origin", "channel", "utm source"],
        "status": ["status", "lead status", "stage"],
        "created_at": ["created", "created at", "created date", "signup date", "date created", "creation date"],
        "first_contact_on": ["first contact", "first touch", "contacted on"],
        "title": ["title", "position", "role", "job"],
        "employees": ["company size", "headcount", "number of employees"],
        "owner": ["owner", "rep", "sales rep", "assigned to", "agent"],
        "campaign": ["campaign", "utm campaign"],
    },
}  # fmt: skip


@dataclass(frozen=True)
class Proposal:
    """What each column is likely to become, and what the rows are likely known by ("" where nothing is unique)."""

    kind: str
    choices: dict[str, str]
    id_column: str
    score: float


def propose(header: list[str], frame: pd.DataFrame, file_name: str = "") -> Proposal:
    """Return the likeliest kind of record with its columns."""
    found = [propose_as(kind, header, frame, file_name) for kind in GUESSED]
    return max(found, key=lambda one: one.score)


def propose_as(kind: str, header: list[str], frame: pd.DataFrame, file_name: str = "") -> Proposal:
    """Return what the columns are likely to be of this kind of record, each field given to the column most like it."""
    names = {one.key: names_of(kind, one) for one in targets(kind)}
    scored = sorted(
        (
            (_likeness(column, names[one.key]), -place, column, one)
            for place, column in enumerate(header)
            for one in targets(kind)
            if fold(column) not in OURS and fits(kind, one, frame[column])
        ),
        key=lambda found: found[:2],
        reverse=True,
    )
    choices: dict[str, str] = {}
    score = 0.0
    for likeness, _, column, one in scored:
        if likeness >= LIKE_ENOUGH and column not in choices and one.key not in choices.values():
            choices[column] = one.key
            score += likeness / 100
    score += _told_by_name(kind, file_name) + _wanting(kind, choices)
    rest = {column: f"{CUSTOM}{guess_type(frame[column])}" for column in header if column not in choices}
    return Proposal(kind, {**choices, **rest}, id_column(kind, header, frame), score)


def _told_by_name(kind: str, file_name: str) -> float:
    """A file called leads.csv holds leads, if its columns leave it open."""
    return 3.0 if fold(kind) in fold(Path(file_name).stem) else 0.0


def _wanting(kind: str, choices: dict[str, str]) -> float:
    wanted = [one for one in targets(kind) if one.required]
    return -2.0 * sum(one.key not in choices.values() for one in wanted)


def names_of(kind: str, one: Target) -> set[str]:
    """Return all names under which a field is known: to us, to any source, to people."""
    names = {one.label, one.name, *WORDS.get(kind, {}).get(one.name, ())}
    for source in sources().values():
        for mapping in source.mappings:
            if mapping.object == kind:
                rules = [*mapping.fields, *mapping.all_references]
                names |= {column for rule in rules if rule.name == one.name for column in rule.columns}
    return {fold(name) for name in names if fold(name)}


def _likeness(column: str, names: Iterable[str]) -> float:
    folded = fold(column)
    if not folded:
        return 0.0
    return max((100.0 if folded == name else fuzz.ratio(folded, name) for name in names), default=0.0)


def fits(kind: str, one: Target, column: pd.Series) -> bool:
    """Tell whether most of what stands in a column can be what the field holds."""
    filled = column[column != ""]
    if one.is_link or filled.empty:
        return True
    return bool(_share(one.holds, filled, one.name) >= MOSTLY)


def _share(holds: str, filled: pd.Series, name: str) -> float:
    if holds == "an e-mail address" or name == "email":
        return float(filled.str.fullmatch(MAIL).mean())
    read = {
        "a number": values.number,
        "a whole number": values.number,
        "a percentage": _percent,
        "minutes": values.number,
    }
    if holds in read:
        return 1 - float(read[holds](filled)[1].mean())
    if holds == "yes or no":
        return 1 - float(values.boolean(filled, nullable=True)[1].mean())
    if holds in {"a date", "a time"}:
        return float(filled.str.contains(r"\d{1,4}[-/. ]").mean())
    return 1.0


def _percent(column: pd.Series) -> values.Read:
    return values.number(column.str.rstrip(" %"))


def guess_type(column: pd.Series) -> str:
    """Say what a column that is kept as it is holds: a number, a date, yes or no, else text."""
    filled = column[column != ""]
    if filled.empty:
        return CustomType.TEXT
    words = set(filled.str.casefold().unique()[:10])
    if words <= (values.TRUE | values.FALSE) and len(words) <= 2 and not words <= {"x"}:
        return CustomType.YES_NO
    if not values.number(filled)[1].any() and not filled.str.match(r"[+]|0\d").any():
        return CustomType.NUMBER
    if not values.day(filled, ())[1].any():
        return CustomType.DATE
    return CustomType.TEXT


def id_column(kind: str, header: list[str], frame: pd.DataFrame) -> str:
    """Return the column that is likely to name each row: unique, and called like an id, a number or an e-mail address."""
    unique = [column for column in header if is_unique(frame[column]) and fold(column) not in OURS]
    called = [column for column in unique if ID_WORDS.search(column.strip()) and not _names_another(kind, column)]
    if called:
        return called[0]
    mails = [column for column in unique if _share("", frame[column], "email") >= MOSTLY]
    return next(iter(mails), "")


def _names_another(kind: str, column: str) -> bool:
    """Tell whether a column holds the id of something else: an owner's, a phone's."""
    folded = fold(column)
    if any(word in folded for word in ("phone", "owner", "postal", "zip", "fax")):
        return True
    others = [one.name for one in kinds() if one.name != kind]
    return any(fold(other) in folded for other in others) and fold(kind) not in folded


def is_unique(column: pd.Series) -> bool:
    """Tell whether each row of the sample has its own word in this column."""
    return len(column) > 0 and bool((column != "").all()) and bool(column.is_unique)


def reads_as(kind: str, key: str) -> str:
    """Return how our own sheet reads a field: percent, email …"""
    return str(rule_of(kind, key.partition(":")[2]).get("as", ""))
