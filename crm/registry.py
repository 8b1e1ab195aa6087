"""Every kind of record there is: each file of `crm/kinds/` declares one."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from django.core.exceptions import ImproperlyConfigured
from django.db import models

from crm import kinds
from crm.models import Record
from crm.record_kind import RecordKind


class UnknownKind(LookupError):
    """No kind of record has this name."""


@cache
def kinds_by_name() -> Mapping[str, RecordKind]:
    """Return every kind by its name (stage_change), in the order of imports.

    Raises:
        ImproperlyConfigured: a file declares none, or another than it is named after.
    """
    declared: dict[str, RecordKind] = {}
    for module in iter_modules(kinds.__path__):
        kind = getattr(import_module(f"crm.kinds.{module.name}"), "KIND", None)
        if not isinstance(kind, RecordKind) or kind.name != module.name:
            raise ImproperlyConfigured(
                f"crm.kinds.{module.name} does not declare the kind “{module.name}”. "
                "Add KIND = RecordKind(…) with the model of that name."
            )
        declared[kind.name] = kind
    return dict(sorted(declared.items(), key=lambda item: item[1].rank))


@cache
def kinds_by_plural() -> Mapping[str, RecordKind]:
    """Return every kind by its name in the API and the facts (stage_changes), in the order of the alphabet."""
    return dict(sorted((kind.plural, kind) for kind in kinds_by_name().values()))


def find_kind(name: str) -> RecordKind:
    """Return the kind.

    Raises:
        UnknownKind: there is none.
    """
    try:
        return kinds_by_name()[name]
    except KeyError:
        raise UnknownKind(f"The kind of record “{name}” does not exist.") from None


def dependents_of(model: type[models.Model]) -> Iterator[tuple[type[Record], str]]:
    """Yield (model, link) of the records that mean nothing without the record behind the link."""
    for kind in kinds_by_name().values():
        for link in kind.part_of:
            if kind.model._meta.get_field(link).related_model is model:
                yield kind.model, link


OTHER_LINKS = {"territory": "territories", "handoff": "handoffs"}  # to tables that hold no kind of record


def linked_table(link: str) -> str:
    """Return the fact table that a link points to."""
    kinds = kinds_by_plural().values()
    return OTHER_LINKS.get(link) or next(kind.plural for kind in kinds if link in {kind.name, *kind.link_names})
