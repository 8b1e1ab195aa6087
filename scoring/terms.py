"""A score model as both sides sign it: who fits, what counts as interest, how it fades. Pure.

    {"threshold": 65, "door": "mql", "position": 10, "leads": rule or None, "groups": {"E-mail": {"cap": 20}},
     "fit": {"Large company": {"rule": rule, "points": 30}},
     "engagement": {"Answered a mail": {"events": "touches", "where": rule or None, "points": 5, "half_life": 30,
                                        "days": 90, "cap": 40, "group": "E-mail"}}}

The door is the way to Sales that the threshold opens. Fit rules are looked at once a lead; each event that an
engagement rule counts brings its points, which fade by half in every `half_life` days, and leave after `days`. `cap`
bounds what a rule, or a group of rules, is worth at any one moment. Rules are named, so that two versions are compared
rule by rule.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from crm.rule_fields import FIGURES, LEADS
from facts.rules import Rule, Subject
from scoring.icp.rules import FIELDS, Profile, names_icp

COUNTED = ("touches", "activities", "usage_events")
LETTERS = (("A", 0.8), ("B", 0.6), ("C", 0.4), ("D", 0.2))  # the least share of the possible fit points
LOWEST = "F"
SCORED = Subject(
    "leads",
    {path: column for path, column in LEADS.fields.items() if path not in FIGURES} | FIELDS,
    {name: LEADS.events[name] for name in COUNTED},
)
EVERYBODY: Rule = {"all": []}
MQL, PQL = "mql", "pql"
DOORS = {
    MQL: "MQL: handed over by Marketing",
    PQL: "PQL: by the use of the product",
}  # in the order in which they count


@dataclass(frozen=True)
class FitRule:
    """Who a lead is: the points go to every lead that fulfils the rule."""

    name: str
    rule: Rule
    points: float


@dataclass(frozen=True)
class EngagementRule:
    """What a lead did: each event of the kind brings points that fade."""

    name: str
    events: str
    points: float
    where: Rule | None = None
    half_life: float | None = None  # days
    days: int | None = None
    cap: float | None = None
    group: str = ""

    @property
    def pool(self) -> "Pool":
        return Pool(-1 if self.points < 0 else 1, self.half_life, self.group, self.cap, self.name if self.cap else "")


@dataclass(frozen=True)
class Pool:
    """Points that fade together, so that one logarithm holds them: equal in sign and half-life, under the same caps."""

    sign: int
    half_life: float | None
    group: str
    cap: float | None
    rule: str  # the one rule whose cap it is, else empty

    @property
    def rate(self) -> float:
        """How many times its points halve in a day."""
        return 1 / self.half_life if self.half_life else 0.0


@dataclass(frozen=True)
class Model:
    """A score model: the terms of one version."""

    key: str
    threshold: float
    fit: tuple[FitRule, ...] = ()
    engagement: tuple[EngagementRule, ...] = ()
    leads: Rule = field(default_factory=lambda: EVERYBODY)
    groups: Mapping[str, float] | None = None  # cap by group
    position: int = 0
    door: str = MQL
    profile: Profile | None = None  # the ideal customer, where a rule names the distance from it
    title: str = ""
    version_id: int | None = None
    number: int | None = None

    @cached_property
    def pools(self) -> tuple[Pool, ...]:
        return tuple(dict.fromkeys(rule.pool for rule in self.engagement))

    @property
    def place(self) -> tuple[int, int, str]:
        """Where it stands among the models that score a lead: the lowest counts."""
        return list(DOORS).index(self.door), self.position, self.key

    @property
    def names_icp(self) -> bool:
        return any(names_icp(rule) for rule in (self.leads, *(rule.rule for rule in self.fit)))

    @property
    def possible_fit(self) -> float:
        return sum(rule.points for rule in self.fit if rule.points > 0)

    @property
    def may_rise(self) -> bool:
        """Whether time alone can lift a score: points removed fade too."""
        return any(pool.sign < 0 and pool.rate for pool in self.pools)

    def letter(self, fit_points: float) -> str:
        if not self.possible_fit:
            return ""
        share = fit_points / self.possible_fit
        return next((letter for letter, least in LETTERS if share >= least), LOWEST)


def from_terms(key: str, terms: Mapping[str, Any], **fields: Any) -> Model:
    """Read a model from terms without faults; the rules come in the order of their names."""
    return Model(
        key=key,
        threshold=float(terms["threshold"]),
        fit=tuple(
            FitRule(name, rule["rule"], float(rule["points"])) for name, rule in sorted(terms.get("fit", {}).items())
        ),
        engagement=tuple(
            _parse_engagement_rule(name, rule) for name, rule in sorted(terms.get("engagement", {}).items())
        ),
        leads=terms.get("leads") or EVERYBODY,
        groups={name: float(group["cap"]) for name, group in sorted(terms.get("groups", {}).items())},
        position=int(terms.get("position") or 0),
        door=terms.get("door") or MQL,
        **fields,
    )


def _parse_engagement_rule(name: str, rule: Mapping[str, Any]) -> EngagementRule:
    half_life, cap = rule.get("half_life"), rule.get("cap")
    return EngagementRule(
        name,
        rule["events"],
        float(rule["points"]),
        rule.get("where") or None,
        float(half_life) if half_life else None,
        rule.get("days"),
        float(cap) if cap else None,
        rule.get("group") or "",
    )
