"""The kinds of agreement. Each app that has terms of its own declares its kinds in a module `agreements.py`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms

from agreements.differences import compare_terms, flatten_terms
from team.access import has_right
from team.models import User


class TermsForm(forms.Form):
    """The machine-readable terms of a kind; without fields the kind is agreed in words alone."""

    def terms(self) -> dict[str, Any]:
        """Return what is stored, from the cleaned form."""
        return dict(self.cleaned_data)

    @classmethod
    def initial_from(cls, terms: Mapping[str, Any]) -> dict[str, Any]:
        """Return the form's initial values for stored terms."""
        return dict(terms)


def _list_terms(terms: Mapping[str, Any]) -> list[str]:
    return [f"{name.replace('_', ' ')}: {value}" for name, value in flatten_terms(terms).items()]


@dataclass(frozen=True)
class Starter:
    """A first wording that people begin from: a title, a text and terms, to be changed before it is proposed."""

    title: str
    text: str
    terms: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Kind:
    """A kind of agreement: what it is called, what it is for, the form of its terms, and the terms in words.

    `figures` are those that a version is proposed with, kept as its evidence for those who sign; `changes` says what
    new terms change against old ones.
    """

    key: str
    name: str
    plural: str
    purpose: str
    form: type[TermsForm] = TermsForm
    in_words: Callable[[Mapping[str, Any]], list[str]] = field(default=_list_terms)
    figures: Callable[[Any], dict[str, Any]] = field(default=lambda version: {})
    page: str = ""  # the name of the page on which a version is proposed, by the agreement's key; empty: the form here
    new_page: str = ""  # of the page that opens a further agreement of the kind
    right: str = ""  # of team.access, which drafting and proposing needs beyond what every kind asks for
    reading_right: str = ""  # of team.access; signatories read what they sign without it
    changes: Callable[[Mapping[str, Any], Mapping[str, Any]], list[str]] = field(default=compare_terms)
    starter: Starter | None = None
    take_effect: Callable[[Any], None] = field(default=lambda version: None)  # when a version comes into force


_kinds: dict[str, Kind] = {}


def register_kind(kind: Kind) -> None:
    _kinds[kind.key] = kind


def get_kind(key: str) -> Kind:
    """Return a declared kind; one that is no longer declared is still readable, with generic labels."""
    return _kinds.get(key) or Kind(key, key.replace("_", " ").capitalize(), key.replace("_", " "), "")


def all_kinds() -> list[Kind]:
    return list(_kinds.values())


def closed_to(user: User) -> list[str]:
    """Return the kinds that the user's role does not read."""
    return [kind.key for kind in all_kinds() if kind.reading_right and not has_right(user, kind.reading_right)]
