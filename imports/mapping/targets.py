"""What a column of a file can become: the fields and links of a kind of record, in the words of our own sheets."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import models

from crm.models import Record
from crm.registry import kinds_by_name
from imports.mapping.folders import BUILT_IN_MAPPINGS
from imports.mapping.loading import load_toml
from imports.mapping.schema import model_of
from imports.mapping.templates import describe_content
from team.models import Territory

OUT, AS_IS, ID_ONLY = "out", "as_is", "id"
CUSTOM = "custom:"
HIDDEN_FIELDS = {
    "id", "source", "external_id", "custom", "pending", "last_import_id", "first_import_id", "changed_xid", "told", "told_by", "user",
    "product_as_written", "outcome_basis", "ended_as",
}  # fmt: skip
FIELD_LABELS = {"created_at": "Made in the source", "modified_at": "Last changed in the source"}
READ_AS = {
    "email": "email",
    "domain": "domain",
    "probability": "percent",
    "direction": "direction",
    "is_undelivered": "undelivered",
}  # how a field is read that no sheet tells of


@dataclass(frozen=True)
class Target:
    """Something that a column can become."""

    key: str  # field:email, link:owner
    label: str
    holds: str
    required: bool = False

    @property
    def is_link(self) -> bool:
        return self.key.startswith("link:")

    @property
    def name(self) -> str:
        return self.key.partition(":")[2]


@dataclass(frozen=True)
class Kind:
    """A kind of record that a file can hold."""

    name: str
    title: str


def list_kinds() -> list[Kind]:
    """Return every kind of record, those that people bring most first."""
    first = ["lead", "account", "contact", "opportunity", "campaign", "activity", "touch", "spend", "invoice"]
    rest = [name for name in kinds_by_name() if name not in first]
    return [Kind(name, title_of(name)) for name in (*first, *rest)]


def title_of(kind: str) -> str:
    return str(template_table(kind).get("title") or str(model_of(kind)._meta.verbose_name_plural).capitalize())


@lru_cache(maxsize=64)
def template_table(kind: str) -> dict[str, Any]:
    """Return our own mapping of a kind of record as a table; empty where we offer no sheet. Not to be changed."""
    path = BUILT_IN_MAPPINGS / "accord" / f"{kind}.toml"
    return load_toml(path) if path.exists() else {}


@lru_cache(maxsize=64)
def list_targets(kind: str) -> tuple[Target, ...]:
    """Return the fields, then the links, of a kind of record."""
    targets = [_target_of_field(kind, field) for field in _mappable_fields(kind)]
    order = {
        name: position
        for position, name in enumerate(
            (*template_table(kind).get("fields", {}), *template_table(kind).get("references", {}))
        )
    }
    return tuple(sorted(targets, key=lambda target: (target.is_link, order.get(target.name, len(order)))))


def find_target(kind: str, key: str) -> Target | None:
    return next((candidate for candidate in list_targets(kind) if candidate.key == key), None)


def _mappable_fields(kind: str) -> Iterator["models.Field[Any, Any]"]:
    for field in model_of(kind)._meta.concrete_fields:
        related = field.related_model
        if field.name in HIDDEN_FIELDS or (related and related is not Territory and not issubclass(related, Record)):
            continue
        yield field


def _target_of_field(kind: str, field: "models.Field[Any, Any]") -> Target:
    link = field.is_relation
    rule = rule_of(kind, field.name)
    names = rule.get("column", ())
    label = (
        (names if isinstance(names, str) else next(iter(names), ""))
        or FIELD_LABELS.get(field.name)
        or str(field.verbose_name).capitalize()
    )
    content = describe_content(kind, field.name, rule)
    return Target(f"{'link' if link else 'field'}:{field.name}", label, content, bool(rule.get("required")))


def rule_of(kind: str, name: str) -> dict[str, Any]:
    """Return how our own sheet reads a field or link; of one that it does not tell of, how it is read by its nature."""
    table = template_table(kind)
    for part in ("fields", "references"):
        if name in table.get(part, {}):
            rule = table[part][name]
            return dict(rule) if isinstance(rule, dict) else {"column": rule}
    if model_of(kind)._meta.get_field(name).is_relation:
        by_name = name == "territory" or any(
            kind.is_made_by_name and kind.name == name for kind in kinds_by_name().values()
        )
        return {"by": "name" if name == "territory" else "any", **({"stub": True} if by_name else {})}
    return {"as": READ_AS[name]} if name in READ_AS else {}
