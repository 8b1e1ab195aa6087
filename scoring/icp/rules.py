"""The ideal customer profile: traits with weights, and how far a lead or an account is from it.

    {"inside": 0.2, "near": 0.5, "traits": {"Large enough": {"rule": rule, "weight": 3}}}

The distance is the share of the weights whose traits are not met, from 0 to 1. Traits speak of a company, and of a
person where a lead is asked; of a company they read the account's field, and the lead's own where no account tells it.
Traits of a person are not asked of accounts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import ibis

from core.formatting import format_count, format_exact, format_percent
from crm.rule_fields import ACCOUNTS, LEADS
from facts.compiling import RuleContext, add_rule_columns
from facts.rules import IN_DAYS, Field, Rule, Subject, check_rule, describe_rule, list_conditions, parse_number

ICP = "icp"
INSIDE, NEAR, OUTSIDE = "inside", "near", "outside"
MOST_TRAITS, MOST_WEIGHT = 40, 1_000
COMPANY = (
    "employees",
    "annual_revenue",
    "country",
    "region",
    "city",
    "vertical.name",
    "territory.name",
    "kind",
    "founded_year",
)
PERSON = ("title", "persona", "lead_source", "email", "phone")
IDEAL = Subject(
    "profile",
    {name: ACCOUNTS.fields[name] for name in COMPANY} | {name: LEADS.fields[name] for name in PERSON},
)
FIELDS = {
    "icp_distance": Field("icp_distance", "distance from the ideal customer", "number"),
    "icp": Field("icp", "place by the ideal customer profile", "text"),
}
KNOWN, OF_TRAIT = {"inside", "near", "traits"}, {"rule", "weight"}


@dataclass(frozen=True)
class Trait:
    """What an ideal customer is: more weight, more distance where it is not met."""

    name: str
    rule: Rule
    weight: float

    @property
    def is_of_a_person(self) -> bool:
        return any(leaf["field"] in PERSON for leaf in list_conditions(self.rule))


@dataclass(frozen=True)
class Profile:
    """The terms of one version."""

    inside: float
    near: float
    traits: tuple[Trait, ...]
    version_id: int | None = None

    def asked_of(self, subject: str) -> tuple[Trait, ...]:
        return tuple(trait for trait in self.traits if subject == "leads" or not trait.is_of_a_person)

    def place(self, distance: float) -> str:
        return INSIDE if distance <= self.inside else NEAR if distance <= self.near else OUTSIDE


def from_terms(terms: Mapping[str, Any], version_id: int | None = None) -> Profile:
    """Read a profile from terms without faults."""
    traits = sorted(terms["traits"].items())
    return Profile(
        float(terms["inside"]),
        float(terms["near"]),
        tuple(Trait(name, trait["rule"], float(trait["weight"])) for name, trait in traits),
        version_id,
    )


def find_faults(terms: Any) -> list[str]:
    """Return everything that is wrong, in words that say what to change."""
    if not isinstance(terms, Mapping):
        return ["The terms are an object with “inside”, “near” and “traits”."]
    return list(_iter_faults(terms))


def _iter_faults(terms: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"“{name}” is not part of a profile. Remove it." for name in sorted(set(terms) - KNOWN))
    inside, near = parse_number(terms.get("inside")), parse_number(terms.get("near"))
    if inside is None or near is None or not 0 <= inside <= near <= 1:
        yield "“Inside” and “near” are distances from 0 to 1, and near is no less than inside."
    traits = terms.get("traits")
    if not isinstance(traits, Mapping) or not traits:
        yield "A profile needs at least one trait."
        return
    if len(traits) > MOST_TRAITS:
        yield f"A profile has at most {MOST_TRAITS} traits. Join some."
    for name, trait in traits.items():
        yield from (f"“{name}”: {fault}" for fault in _iter_trait_faults(name, trait))


def _iter_trait_faults(name: Any, trait: Any) -> Iterator[str]:
    if not str(name).strip() or len(str(name)) > 80:
        yield "a trait needs a name of 1 to 80 letters."
    if not isinstance(trait, Mapping) or set(trait) != OF_TRAIT:
        yield "a trait is an object with a rule and a weight, and nothing else."
        return
    weight = parse_number(trait["weight"])
    if weight is None or not 0 < weight <= MOST_WEIGHT:
        yield f"the weight must be more than 0, at most {format_count(MOST_WEIGHT)}."
    problems = check_rule(trait["rule"], IDEAL)
    yield from (problem.message for problem in problems)
    if not problems and any(leaf["is"] in IN_DAYS for leaf in list_conditions(trait["rule"])):
        yield "a trait does not change with time. Compare with a date."
    if not problems and not list(list_conditions(trait["rule"])):
        yield "say what is asked of the customer."


def terms_in_words(terms: Mapping[str, Any]) -> list[str]:
    """Describe stored terms; a profile that refers to missing objects is shown by its faults."""
    if wrong := find_faults(terms):
        return [f"Cannot be computed: {fault}" for fault in wrong]
    profile = from_terms(terms)
    total_weight = sum(trait.weight for trait in profile.traits)
    return [
        f"Inside up to a distance of {format_exact(profile.inside)}, near up to {format_exact(profile.near)}, outside beyond it",
        *(f"{trait.name}: {describe_rule(trait.rule, IDEAL)} ({format_percent(trait.weight / total_weight, 0)} of the distance)" for trait in profile.traits),
    ]  # fmt: skip


def names_icp(rule: Rule) -> bool:
    """Whether a rule asks for the distance or the place."""
    return any(leaf.get("field") in FIELDS for leaf in list_conditions(rule))


def columns_of(profile: Profile | None) -> set[str]:
    """The columns of leads that the profile reads."""
    paths = {leaf["field"] for trait in profile.traits for leaf in list_conditions(trait.rule)} if profile else set()
    columns = {
        "custom" if path.startswith("custom.") else f"{path.split('.')[0]}_id" if "." in path else path
        for path in paths
    }
    return columns | {"account_id"} if profile else set()


def add_icp_columns(context: RuleContext, rows: Any, profile: Profile | None, subject: str = "leads") -> Any:
    """Return the rows with `icp_distance` and `icp`, both empty without a profile.

    Beside them stand the traits themselves, `trait_<n>` (yes/no), in the order in which the profile asks them.
    """
    traits = profile.asked_of(subject) if profile else ()
    if profile is None or not traits:
        return rows.mutate(icp_distance=ibis.null("float64"), icp=ibis.null("string"))
    rules = {f"trait_{n}": trait.rule for n, trait in enumerate(traits)}
    customers = _join_accounts(context, rows, profile) if subject == "leads" else rows
    met = add_rule_columns(context, IDEAL, rules, customers).select(icp_of="id", **{name: name for name in rules})
    total_weight = sum(trait.weight for trait in traits)
    unmet = sum(
        (met[f"trait_{n}"].ifelse(0.0, trait.weight) for n, trait in enumerate(traits)), start=ibis.literal(0.0)
    )
    met = met.mutate(icp_distance=(unmet / total_weight).round(6))
    met = met.mutate(
        icp=ibis.cases(
            (met.icp_distance <= profile.inside, INSIDE), (met.icp_distance <= profile.near, NEAR), else_=OUTSIDE
        )
    )
    return rows.left_join(met, rows["id"] == met.icp_of).drop("icp_of")


def _join_accounts(context: RuleContext, rows: Any, profile: Profile) -> Any:
    """Return the leads as customers: of their company what the account says, else what they say themselves."""
    accounts = context.tables.table("accounts")
    wanted = [
        name
        for name in columns_of(profile)
        if name in accounts.columns and name != "account_id" and name not in {*PERSON, "custom"}
    ]
    theirs = accounts.select(company="id", **{f"company_{name}": name for name in wanted})
    wide = rows.left_join(theirs, rows.account_id == theirs.company)
    merged = {
        name: ibis.coalesce(_filled(wide[f"company_{name}"]), wide[name])
        if name in rows.columns
        else wide[f"company_{name}"]
        for name in wanted
    }
    return wide.mutate(**merged).select(*dict.fromkeys([*rows.columns, *wanted]))


def _filled(value: Any) -> Any:
    return value.nullif("") if value.type().is_string() else value
