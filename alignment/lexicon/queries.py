"""Reads of the lexicon: the active terms, and what each side says in messages and personas."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Prefetch
from django.urls import reverse
from django.utils.safestring import SafeString

from agreements.differences import Piece, compare_texts
from agreements.models import Agreement, Version
from agreements.queries import AgreementRow, agreement_row, search_agreements
from alignment.lexicon.underline import Definition, has_headings, underline_terms
from team.models import Role, Side, User

FIRST_SENTENCE = re.compile(r".+?[.!?](?=\s|$)", re.DOTALL)
LONGEST = 300


@dataclass(frozen=True)
class Term:
    """A term as the lexicon shows it: what binds, and whether another version waits."""

    row: AgreementRow
    acronym: str
    definition: str
    owner_side: str
    avoid: list[str]

    @property
    def name(self) -> str:
        return self.row.agreement.title

    @property
    def anchor(self) -> str:
        return f"term-{self.row.agreement.pk}"

    @property
    def signed_at(self) -> datetime | None:
        return self.row.binding.in_force_at if self.row.binding else None


@dataclass(frozen=True)
class Wording:
    """What one side says: its newest wording, with what it adds to that of the other side."""

    side: str
    label: str
    version: Version | None
    pieces: list[Piece]


@dataclass(frozen=True)
class Comparison:
    """A message or a persona as each side words it, beside what both have signed."""

    row: AgreementRow
    wordings: list[Wording]

    @property
    def is_same(self) -> bool:
        """Whether both sides use the same wording: that which is signed, or equal ones of their own."""
        texts = {wording.version.text.strip() for wording in self.wordings if wording.version}
        return len(texts) == 1 and all(wording.version for wording in self.wordings)


def list_terms(user: User, text: str = "") -> list[Term]:
    """Return the terms that the reader may read, by name, narrowed to a text in name, acronym, definition or synonym."""
    terms = [_read_term(agreement_row(agreement)) for agreement in search_agreements(user, "term")]
    return sorted((term for term in terms if _matches(term, text)), key=lambda term: term.name.casefold())


def _matches(term: Term, text: str) -> bool:
    return text.casefold() in " ".join([term.name, term.acronym, term.definition, *term.avoid]).casefold()


def _read_term(row: AgreementRow) -> Term:
    version = row.binding or row.pending
    terms = version.terms if version else {}
    return Term(
        row,
        str(terms.get("acronym", "")),
        short_definition(version) if version else "",
        str(terms.get("owner_side", "")),
        list(terms.get("avoid", [])),
    )


def short_definition(version: Version) -> str:
    """Return the definition in one sentence: the one that was given, else the first sentence of the text."""
    given = version.terms.get("definition")
    if given:
        return str(given)
    sentence = FIRST_SENTENCE.match(version.text.strip())
    text = sentence[0] if sentence else version.text.strip()
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def signed_definitions() -> list[Definition]:
    """Return the terms that both sides have signed, in one query; pilots of one team are left out."""
    lexicon = reverse("lexicon")
    versions = Version.objects.in_force().filter(agreement__kind="term", pilot_manager=None).select_related("agreement")
    return [
        Definition(
            version.agreement.title, str(version.terms.get("acronym", "")), short_definition(version),
            f"{lexicon}#term-{version.agreement_id}",
        )
        for version in versions
    ]  # fmt: skip


def underline_for(reader: Any, html: str) -> SafeString:
    """Underline the signed terms in the headings of a page or a part, for people who are signed in."""
    if reader is None or not reader.is_authenticated or not has_headings(html):
        return SafeString(html)
    return underline_terms(html, signed_definitions())


def compare_wordings(user: User, kind: str, text: str = "") -> list[Comparison]:
    """Return the agreements of a kind with the newest wording of each side that the reader may read."""
    agreements = search_agreements(user, kind, text).prefetch_related(
        Prefetch("versions", Version.objects.readable_by(user).select_related("drafted_by").prefetch_related("signatures"), to_attr="readable")
    )  # fmt: skip
    return [Comparison(agreement_row(agreement), _read_wordings(agreement)) for agreement in agreements]


def _read_wordings(agreement: Agreement) -> list[Wording]:
    versions: list[Version] = agreement.readable  # type: ignore[attr-defined]
    newest = {side: _newest_of(versions, side) for side in (Side.MARKETING, Side.SALES)}
    wordings = []
    for side, other in ((Side.MARKETING, Side.SALES), (Side.SALES, Side.MARKETING)):
        version, against = newest[side], newest[other]
        pieces = compare_texts(against.text, version.text) if version and against else []
        wordings.append(Wording(side, side.label, version, [piece for piece in pieces if piece.change != "removed"]))
    return wordings


def _newest_of(versions: list[Version], side: Side) -> Version | None:
    """Return the newest version that a person of the side has drafted, or else the newest that the side has signed."""
    drafted = [
        version for version in versions if Role(version.drafted_by.role).side == side and version.end != "withdrawn"
    ]
    signed = [version for version in versions if any(given.side == side for given in version.signatures.all())]
    return max([*drafted, *signed], key=lambda version: version.number, default=None)
