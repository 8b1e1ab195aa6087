"""Accord stages as records and criteria name them: by key, or by the name that both sides signed. Pure."""

from collections.abc import Mapping
from typing import Any

from django.utils.text import slugify

from facts.rules import Rule
from funnel.stages.drafts import Funnel

MAX_KEY_LENGTH = 20


def plain_name(name: str) -> str:
    """Return a name without the differences of spelling that do not matter: case, underscores, outer spaces."""
    return name.strip().casefold().replace("_", " ")


def stage_key(name: str) -> str:
    """Return the key of a new stage."""
    return slugify(name).replace("-", "_")[:MAX_KEY_LENGTH]


def stage_keys_by_name(funnel: Funnel) -> dict[str, str]:
    """Return the keys of the funnel's stages by key and by signed name, both as `plain_name` writes them."""
    by_key = {plain_name(stage.key): stage.key for stage in funnel}
    return by_key | {plain_name(stage.name): stage.key for stage in funnel}


def with_stage_keys(rule: Rule, keys: Mapping[str, str]) -> Rule:
    """Return the rule with each Accord stage that it compares the stage in the CRM with written as its key.

    Raises ValueError if a value is not an Accord stage: such a condition would never hold, without any notice.
    """
    for group in ("all", "any"):
        if group in rule:
            return {**rule, group: [with_stage_keys(part, keys) for part in rule[group]]}
    if "not" in rule:
        return {**rule, "not": with_stage_keys(rule["not"], keys)}
    if rule.get("field") != "crm_stage" or rule.get("is") not in {"is", "is_not", "one_of", "none_of"}:
        return rule
    value = rule["value"]
    return {
        **rule,
        "value": [_find_key(part, keys) for part in value] if isinstance(value, list) else _find_key(value, keys),
    }


def _find_key(name: Any, keys: Mapping[str, str]) -> str:
    key = keys.get(plain_name(str(name)))
    if key is None:
        known = ", ".join(sorted(set(keys.values())))
        raise ValueError(
            f"“{name}” is not an Accord stage. Map the stage of your CRM under Stage mapping, and compare with one of: {known}."
        )
    return key
