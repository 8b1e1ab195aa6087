"""What the columns of a file that no mapping knows are likely to be: by their names, and by what is in them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from rapidfuzz import fuzz

from crm.registry import find_kind, kinds_by_name
from imports.mapping.catalogue import list_sources
from imports.mapping.departures import is_departure_column
from imports.mapping.schema import FieldRule, Reference
from imports.mapping.targets import AS_IS, CUSTOM, Target, list_kinds, list_targets
from imports.models import CustomType
from imports.parsing import column_values
from imports.parsing.headers import fold, is_added_header, without_unit

MIN_SIMILARITY = 86  # of 100, by rapidfuzz
MOSTLY = 0.9
CELLS_SAMPLED = 300  # cells of a column
FILE_NAMES = {"owner": ("owner", "user")}  # what files of a kind are called, where it is not its own name alone
EMAIL = r"[^@\s]+@[^@\s]+\.[^@\s]+"
ID_WORDS = re.compile(r"(?:^|[\s_.-])(?:id|no|nr|number|key|uuid|guid)\.?$|[a-z]Id$|^id", re.IGNORECASE)
COMMON_NAMES = {
    "name": ["name", "full name", "nom", "nombre"],
    "owner": ["owner", "rep", "sales rep", "assigned to", "agent", "responsible", "zuständig", "verantwortlich", "betreuer", "responsable"],
    "account": ["company", "company name", "organisation", "organization", "customer", "client", "firma", "kunde", "société", "empresa"],
    "created_at": ["created", "created at", "created date", "signup date", "signed up", "date created", "creation date", "erstellt am", "angelegt am", "créé le"],
    "amount": ["amount", "value", "deal value", "revenue", "betrag", "wert", "auftragswert", "montant", "importe"],
    "campaign": ["campaign", "utm campaign", "campaign name", "kampagne", "campagne", "campaña"],
    "email": ["email", "mail", "email address", "e-mail-adresse", "courriel", "correo"],
    "first_name": ["first name", "given name", "forename", "fname", "vorname", "prénom", "nombre de pila", "voornaam", "förnamn", "imię"],
    "last_name": ["last name", "surname", "family name", "lname", "nachname", "familienname", "nom de famille", "apellido", "apellidos", "cognome", "achternaam", "efternamn", "nazwisko"],
    "phone": ["phone", "telephone", "telefon", "téléphone", "teléfono"],
    "country": ["country", "land", "pays", "país"],
    "city": ["city", "town", "ort", "stadt", "ville", "ciudad"],
}  # fmt: skip
SPEND_HEADERS = frozenset(
    map(
        fold,
        ["Spend", "Ad spend", "Cost", "Amount spent", "Total spent", "Media cost", "Kosten", "Ausgegebener Betrag"],
    )
)
DELIVERY_HEADERS = frozenset(map(fold, [
    "Impressions", "Impr.", "Clicks", "Link clicks", "Clicks (all)", "Reach", "Views", "Impressionen", "Klicks",
]))  # fmt: skip
AD_REPORT_CONSTANTS = {"field:side": "marketing", "field:category": "lead_generation"}
AD_REPORT_WEIGHT = 8.0


@dataclass(frozen=True)
class Proposal:
    """What each column is likely to become, and what the rows are likely known by ("" where nothing is unique)."""

    kind: str
    choices: dict[str, str]
    id_column: str
    constants: dict[str, str] = field(default_factory=dict)  # target: what it is in every row


Aliases = dict[tuple[str, str], set[str]]  # (kind of record, field): names that some mapping knows it by


def propose_mapping(header: list[str], frame: pd.DataFrame, file_name: str = "") -> Proposal:
    """Return the likeliest kind of record with its columns."""
    names = mapped_names()
    proposed = sorted((kind for kind in kinds_by_name().values() if kind.proposed), key=lambda kind: kind.proposed)
    matched = {kind.name: _match_columns(kind.name, header, frame, names) for kind in proposed}
    scores = {
        kind: score
        + _file_name_score(kind, file_name)
        + _missing_required_score(kind, choices)
        + AD_REPORT_WEIGHT * (kind == "spend" and is_ad_report(header))
        for kind, (choices, score) in matched.items()
    }
    kind = max(scores, key=lambda kind: scores[kind])
    return _make_proposal(kind, matched[kind][0], header, frame)


def propose_mapping_as(kind: str, header: list[str], frame: pd.DataFrame) -> Proposal:
    """Return what the columns are likely to be of this kind of record."""
    return _make_proposal(kind, _match_columns(kind, header, frame, mapped_names())[0], header, frame)


def is_ad_report(header: Iterable[str]) -> bool:
    """Return whether it is a report of an ad platform: it has spend, and views or clicks."""
    folded = {fold(without_unit(column)) for column in header}
    return bool(folded & SPEND_HEADERS) and bool(folded & DELIVERY_HEADERS)


def _make_proposal(kind: str, choices: dict[str, str], header: list[str], frame: pd.DataFrame) -> Proposal:
    rest = {column: _unmatched_target(kind, column, frame) for column in header if column not in choices}
    fixed = AD_REPORT_CONSTANTS if kind == "spend" and is_ad_report(header) else {}
    constants = {key: value for key, value in fixed.items() if key not in choices.values()}
    id_of = "" if fixed else id_column(kind, header, frame)
    return Proposal(kind, {**choices, **rest}, id_of, constants)


def _unmatched_target(kind: str, column: str, frame: pd.DataFrame) -> str:
    """Return what becomes of a column that feeds no field: it is kept, or marks records as deleted or merged."""
    return AS_IS if is_departure_column(column, kind, "") else f"{CUSTOM}{guess_type(frame[column])}"


def _match_columns(kind: str, header: list[str], frame: pd.DataFrame, mapped: Aliases) -> tuple[dict[str, str], float]:
    """Give each field to the column most like it, whose cells it can hold; and say how alike they are in all."""
    choices: dict[str, str] = {}
    score = 0.0
    for likeness, column, target in _alike_pairs(kind, header, mapped):
        if column not in choices and target.key not in choices.values() and can_hold(target, frame[column]):
            choices[column] = target.key
            score += likeness / 100
    return choices, score


def _alike_pairs(kind: str, header: list[str], mapped: Aliases) -> list[tuple[float, str, Target]]:
    """Return (likeness, column, field) of all that are alike enough, the most similar first, then in the order of the file.

    Among those that are called just so, what we call a field ourselves comes before what some source calls it.
    """
    names = {target: names_of(kind, target, mapped) for target in list_targets(kind)}
    pairs = [
        (likeness, column, target)
        for column in header
        if fold(column) and not is_added_header(column) and not is_departure_column(column, kind, "")
        for target in list_targets(kind)
        if (likeness := _name_similarity(column, names[target])) >= MIN_SIMILARITY
    ]
    return sorted(pairs, key=lambda pair: (-pair[0], fold(pair[1]) not in {fold(pair[2].label), fold(pair[2].name)}))


def _file_name_score(kind: str, file_name: str) -> float:
    """A file called leads.csv holds leads, if its columns leave it open."""
    stem = fold(Path(file_name).stem)
    return 3.0 if any(name in stem for name in FILE_NAMES.get(kind, (fold(kind),))) else 0.0


def _missing_required_score(kind: str, choices: dict[str, str]) -> float:
    required = [target for target in list_targets(kind) if target.required]
    return -2.0 * sum(target.key not in choices.values() for target in required)


def names_of(kind: str, target: Target, mapped: Aliases) -> set[str]:
    """Return all names under which a field is known, folded: to us, to any source, to people."""
    names = {
        target.label,
        target.name,
        *find_kind(kind).headers.get(target.name, COMMON_NAMES.get(target.name, ())),
    }
    return {fold(name) for name in names if fold(name)} | mapped.get((kind, target.name), set())


def mapped_names() -> Aliases:
    """Return the columns of all mappings, by what they become."""
    names: Aliases = {}
    for source in list_sources().values():
        for mapping in source.mappings:
            rules: list[FieldRule | Reference] = [*mapping.fields, *mapping.all_references]
            for rule in rules:
                names.setdefault((mapping.object, rule.name), set()).update(fold(column) for column in rule.columns)
    return names


def _name_similarity(column: str, names: set[str]) -> float:
    """Compare names from 0 to 100; a header that looks like an id matches only exact names, so that ids do not become text fields."""
    folded = fold(column)
    if folded in names or ID_WORDS.search(column.strip()):
        return 100.0 * (folded in names)
    return max((fuzz.ratio(folded, name) for name in names), default=0.0)


def can_hold(target: Target, column: pd.Series) -> bool:
    """Return whether most of what is in a column can be what the field holds."""
    filled = column[column != ""].head(CELLS_SAMPLED)
    if target.is_link or filled.empty:
        return True
    return _share_fitting(target.holds, filled, target.name) >= MOSTLY


def _share_fitting(holds: str, filled: pd.Series, name: str) -> float:
    if holds == "an e-mail address" or name == "email":
        return float(filled.str.fullmatch(EMAIL).mean())
    read = {
        "a number": column_values.read_numbers,
        "a whole number": column_values.read_numbers,
        "a percentage": lambda cells: column_values.read_numbers(cells.str.rstrip(" %")),
        "minutes": column_values.read_numbers,
    }
    if holds in read:
        return 1 - float(read[holds](filled)[1].mean())
    if holds == "yes or no":
        return 1 - float(column_values.read_booleans(filled, nullable=True)[1].mean())
    if holds in {"a date", "a time"}:
        return float(filled.str.contains(r"\d{1,4}[-/. ]").mean())
    return 1.0


def guess_type(column: pd.Series) -> str:
    """Say what a column that is kept as it is holds: a number, a date, yes or no, else text."""
    filled = column[column != ""].drop_duplicates().head(CELLS_SAMPLED)
    if filled.empty:
        return CustomType.TEXT
    samples = set(filled.str.casefold().unique()[:10])
    if samples <= (column_values.TRUE | column_values.FALSE) and len(samples) <= 2 and not samples <= {"x"}:
        return CustomType.YES_NO
    if not column_values.read_numbers_or_percents(filled)[1].any() and not filled.str.match(r"[+]|0\d").any():
        return CustomType.NUMBER
    if filled.str.match(r"\D{0,4}\d").all() and not column_values.read_days(filled, ())[1].any():
        return CustomType.DATE
    return CustomType.TEXT


def id_column(kind: str, header: list[str], frame: pd.DataFrame) -> str:
    """Return the column that is likely to name each row: unique, and called like an id, a number or an e-mail address."""
    unique = [column for column in header if is_unique(frame[column]) and not is_added_header(column)]
    called = [column for column in unique if ID_WORDS.search(column.strip()) and not _is_id_of_other(kind, column)]
    if called:
        return called[0]
    mails = [column for column in unique if _share_fitting("", frame[column], "email") >= MOSTLY]
    return next(iter(mails), "")


def _is_id_of_other(kind: str, column: str) -> bool:
    """Return whether a column holds the id of something else: an owner's, a phone's."""
    folded = fold(column)
    if any(word in folded for word in ("phone", "owner", "postal", "zip", "fax")):
        return True
    others = [other_kind.name for other_kind in list_kinds() if other_kind.name != kind]
    return any(fold(other) in folded for other in others) and fold(kind) not in folded


def is_unique(column: pd.Series) -> bool:
    """Return whether each row of the sample has its own word in this column."""
    return len(column) > 0 and bool((column != "").all()) and bool(column.is_unique)
