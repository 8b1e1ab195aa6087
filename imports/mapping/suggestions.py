"""What the columns of a file that no mapping knows are likely to be: by their names, and by what stands in them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from rapidfuzz import fuzz

from imports.mapping.catalogue import sources
from imports.mapping.departures import says_departure
from imports.mapping.schema import FieldRule, Reference
from imports.mapping.targets import AS_IS, CUSTOM, Target, kinds, targets
from imports.models import CustomType
from imports.parsing import column_values
from imports.parsing.headers import fold, is_ours, without_unit

LIKE_ENOUGH = 86  # of 100, by rapidfuzz
MOSTLY = 0.9
LOOKED_AT = 300  # cells of a column
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
CALLED = {"owner": ("owner", "user")}  # what files of a kind are called, where it is not its own name alone
MAIL = r"[^@\s]+@[^@\s]+\.[^@\s]+"
ID_WORDS = re.compile(r"(?:^|[\s_.-])(?:id|no|nr|number|key|uuid|guid)\.?$|[a-z]Id$|^id", re.IGNORECASE)
COMMON = {
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
WORDS = {  # what people call a field that our sheets call otherwise
    "touch": {
        "happened_at": ["touched at", "clicked at", "timestamp", "time", "event time", "date", "interaction date", "zeitpunkt"],
        "kind": ["kind", "interaction", "interaction type", "event", "event type", "touch type", "channel"],
        "value": ["value", "conversion value", "conv value", "revenue", "purchase value", "conversionswert"],
        "lead": ["lead", "email", "lead email", "e-mail"],
    },
    "spend": {
        "amount": ["spend", "ad spend", "cost", "amount spent", "total spent", "media cost", "kosten", "ausgaben", "ausgegebener betrag", "dépenses", "gasto"],
        "spent_on": ["date", "day", "reporting starts", "start date", "datum", "tag", "jour", "fecha", "week", "month"],
        "campaign": ["campaign", "campaign name", "utm campaign", "kampagne", "campagne", "campaña"],
        "description": ["ad set name", "ad set", "ad group", "ad group name", "ad name", "creative name", "anzeigengruppe"],
        "currency": ["currency", "currency code", "account currency", "währung"],
    },
    "lead": {
        "is_converted": ["converted", "is converted", "conversion", "convert", "target", "won", "bought", "became a deal", "konvertiert", "gewonnen", "converti", "convertido"],
        "name": ["name", "full name", "contact name", "lead name", "ansprechpartner", "kontakt", "kontaktperson", "contact", "nom", "nombre"],
        "company_name": ["company", "organisation", "organization", "firm", "account name", "employer", "firma", "unternehmen", "société", "entreprise", "empresa"],
        "lead_source": ["source", "lead origin", "origin", "channel", "utm source", "quelle", "herkunft", "kanal", "origine", "origen"],
        "status": ["status", "lead status", "stage", "statut", "estado"],
        "first_contact_on": ["first contact", "first touch", "contacted on", "erstkontakt", "erster kontakt", "premier contact", "primer contacto"],
        "title": ["title", "position", "role", "job", "funktion", "poste", "fonction", "cargo"],
        "employees": ["company size", "headcount", "number of employees"],
        "account": [],
    },
}  # fmt: skip


SPENT = frozenset(
    map(
        fold,
        ["Spend", "Ad spend", "Cost", "Amount spent", "Total spent", "Media cost", "Kosten", "Ausgegebener Betrag"],
    )
)
DELIVERED = frozenset(map(fold, [
    "Impressions", "Impr.", "Clicks", "Link clicks", "Clicks (all)", "Reach", "Views", "Impressionen", "Klicks",
]))  # fmt: skip
ADS = {"field:side": "marketing", "field:category": "lead_generation"}
AD_REPORT_WEIGHT = 8.0


@dataclass(frozen=True)
class Proposal:
    """What each column is likely to become, and what the rows are likely known by ("" where nothing is unique)."""

    kind: str
    choices: dict[str, str]
    id_column: str
    constants: dict[str, str] = field(default_factory=dict)  # target: what it is in every row


Aliases = dict[tuple[str, str], set[str]]  # (kind of record, field): names that some mapping knows it by


def propose(header: list[str], frame: pd.DataFrame, file_name: str = "") -> Proposal:
    """Return the likeliest kind of record with its columns."""
    known = aliases()
    found = {kind: _choices(kind, header, frame, known) for kind in GUESSED}
    scores = {
        kind: score + _told_by_name(kind, file_name) + _wanting(kind, choices) + _ad_report(kind, header)
        for kind, (choices, score) in found.items()
    }
    kind = max(scores, key=lambda one: scores[one])
    return _proposal(kind, found[kind][0], header, frame)


def propose_as(kind: str, header: list[str], frame: pd.DataFrame) -> Proposal:
    """Return what the columns are likely to be of this kind of record."""
    return _proposal(kind, _choices(kind, header, frame, aliases())[0], header, frame)


def is_ad_report(header: Iterable[str]) -> bool:
    """Tell a report of an ad platform: money was spent, and something was seen or clicked for it."""
    folded = {fold(without_unit(column)) for column in header}
    return bool(folded & SPENT) and bool(folded & DELIVERED)


def _ad_report(kind: str, header: list[str]) -> float:
    return AD_REPORT_WEIGHT * (kind == "spend" and is_ad_report(header))


def _proposal(kind: str, choices: dict[str, str], header: list[str], frame: pd.DataFrame) -> Proposal:
    rest = {column: _kept(kind, column, frame) for column in header if column not in choices}
    fixed = ADS if kind == "spend" and is_ad_report(header) else {}
    constants = {key: value for key, value in fixed.items() if key not in choices.values()}
    id_of = "" if fixed else id_column(kind, header, frame)
    return Proposal(kind, {**choices, **rest}, id_of, constants)


def _kept(kind: str, column: str, frame: pd.DataFrame) -> str:
    """Return what becomes of a column that feeds no field: it is kept, or marks records as deleted or merged."""
    return AS_IS if says_departure(column, kind, "") else f"{CUSTOM}{guess_type(frame[column])}"


def _choices(kind: str, header: list[str], frame: pd.DataFrame, known: Aliases) -> tuple[dict[str, str], float]:
    """Give each field to the column most like it, whose cells it can hold; and say how alike they are in all."""
    choices: dict[str, str] = {}
    score = 0.0
    for likeness, column, one in _pairs(kind, header, known):
        if column not in choices and one.key not in choices.values() and fits(one, frame[column]):
            choices[column] = one.key
            score += likeness / 100
    return choices, score


def _pairs(kind: str, header: list[str], known: Aliases) -> list[tuple[float, str, Target]]:
    """Return (likeness, column, field) of all that are alike enough, the likest first, then in the order of the file.

    Among those that are called just so, what we call a field ourselves comes before what some source calls it.
    """
    names = {one: names_of(kind, one, known) for one in targets(kind)}
    found = [
        (likeness, column, one)
        for column in header
        if fold(column) and not is_ours(column) and not says_departure(column, kind, "")
        for one in targets(kind)
        if (likeness := _likeness(column, names[one])) >= LIKE_ENOUGH
    ]
    return sorted(found, key=lambda pair: (-pair[0], fold(pair[1]) not in {fold(pair[2].label), fold(pair[2].name)}))


def _told_by_name(kind: str, file_name: str) -> float:
    """A file called leads.csv holds leads, if its columns leave it open."""
    stem = fold(Path(file_name).stem)
    return 3.0 if any(name in stem for name in CALLED.get(kind, (fold(kind),))) else 0.0


def _wanting(kind: str, choices: dict[str, str]) -> float:
    wanted = [one for one in targets(kind) if one.required]
    return -2.0 * sum(one.key not in choices.values() for one in wanted)


def names_of(kind: str, one: Target, known: Aliases) -> set[str]:
    """Return all names under which a field is known, folded: to us, to any source, to people."""
    names = {one.label, one.name, *WORDS.get(kind, {}).get(one.name, COMMON.get(one.name, ()))}
    return {fold(name) for name in names if fold(name)} | known.get((kind, one.name), set())


def aliases() -> Aliases:
    """Return the columns of all mappings, by what they become."""
    found: Aliases = {}
    for source in sources().values():
        for mapping in source.mappings:
            rules: list[FieldRule | Reference] = [*mapping.fields, *mapping.all_references]
            for rule in rules:
                found.setdefault((mapping.object, rule.name), set()).update(fold(column) for column in rule.columns)
    return found


def _likeness(column: str, names: set[str]) -> float:
    """Compare names from 0 to 100; what is called an id is nothing else, unless somebody calls it just so."""
    folded = fold(column)
    if folded in names or ID_WORDS.search(column.strip()):
        return 100.0 * (folded in names)
    return max((fuzz.ratio(folded, name) for name in names), default=0.0)


def fits(one: Target, column: pd.Series) -> bool:
    """Tell whether most of what stands in a column can be what the field holds."""
    filled = column[column != ""].head(LOOKED_AT)
    if one.is_link or filled.empty:
        return True
    return _share(one.holds, filled, one.name) >= MOSTLY


def _share(holds: str, filled: pd.Series, name: str) -> float:
    if holds == "an e-mail address" or name == "email":
        return float(filled.str.fullmatch(MAIL).mean())
    read = {
        "a number": column_values.number,
        "a whole number": column_values.number,
        "a percentage": _percent,
        "minutes": column_values.number,
    }
    if holds in read:
        return 1 - float(read[holds](filled)[1].mean())
    if holds == "yes or no":
        return 1 - float(column_values.boolean(filled, nullable=True)[1].mean())
    if holds in {"a date", "a time"}:
        return float(filled.str.contains(r"\d{1,4}[-/. ]").mean())
    return 1.0


def _percent(column: pd.Series) -> column_values.Read:
    return column_values.number(column.str.rstrip(" %"))


def guess_type(column: pd.Series) -> str:
    """Say what a column that is kept as it is holds: a number, a date, yes or no, else text."""
    filled = column[column != ""].drop_duplicates().head(LOOKED_AT)
    if filled.empty:
        return CustomType.TEXT
    words = set(filled.str.casefold().unique()[:10])
    if words <= (column_values.TRUE | column_values.FALSE) and len(words) <= 2 and not words <= {"x"}:
        return CustomType.YES_NO
    if not column_values.number_or_percent(filled)[1].any() and not filled.str.match(r"[+]|0\d").any():
        return CustomType.NUMBER
    if filled.str.match(r"\D{0,4}\d").all() and not column_values.day(filled, ())[1].any():
        return CustomType.DATE
    return CustomType.TEXT


def id_column(kind: str, header: list[str], frame: pd.DataFrame) -> str:
    """Return the column that is likely to name each row: unique, and called like an id, a number or an e-mail address."""
    unique = [column for column in header if is_unique(frame[column]) and not is_ours(column)]
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
