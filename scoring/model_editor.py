"""A score model as people build it in a form: rules in rows, faults beside the field they concern. Pure.

Everything typed stays as it was typed, so that what is wrong can be corrected; `terms` reads it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from core.request_values import read_count
from facts.criteria import Draft
from facts.rules import Rule, Subject, events_subject, parse_number
from scoring.model_checks import MOST_RULES, find_faults
from scoring.terms import EVERYBODY, MQL, SCORED

FIT, DID = "fit", "did"
SAMPLE = {"fit": {"a rule": {"rule": EVERYBODY, "points": 1}}}  # so that a part is looked at alone
PLACES = (  # what a fault begins with, and the field beside which it stands
    ("a rule needs a name", "name"), ("the points", "points"), ("The half-life", "half_life"), ("“days”", "days"),
    ("The cap", "cap"), ("no group is called", "group"), ("“events”", "events"),
)  # fmt: skip


@dataclass
class RuleDraft:
    """What is typed for one rule of fit, or of engagement (`did`)."""

    part: str
    name: str = ""
    points: str = ""
    events: str = "touches"
    half_life: str = ""
    days: str = ""
    cap: str = ""
    group: str = ""
    draft: Draft = field(default_factory=Draft)
    index: int = 0
    faults: dict[str, list[str]] = field(default_factory=dict)

    TEXTS: ClassVar = ("name", "points", "events", "half_life", "days", "cap", "group")

    @property
    def prefix(self) -> str:
        return f"{self.part}-{self.index}"

    @property
    def signed(self) -> str:
        """The points as a summary shows them: +5, −2.5; what is not a number as it was typed."""
        points = _parse_number(self.points)
        return (
            f"{'−' if points < 0 else '+'}{_value_to_text(abs(points))}"
            if isinstance(points, int | float)
            else self.points
        )

    @property
    def subject(self) -> Subject:
        return (
            SCORED if self.part == FIT else events_subject(SCORED.events.get(self.events) or SCORED.events["touches"])
        )

    @classmethod
    def of_fit(cls, name: str, rule: Mapping[str, Any], index: int) -> Self:
        return cls(
            FIT, name, _value_to_text(rule.get("points")), draft=Draft.from_rule(rule.get("rule"), SCORED), index=index
        )

    @classmethod
    def of_engagement(cls, name: str, rule: Mapping[str, Any], index: int) -> Self:
        texts: dict[str, Any] = {part: _value_to_text(rule.get(part)) for part in cls.TEXTS if part != "name"}
        rule_draft = cls(DID, name, index=index, **texts)
        rule_draft.draft = Draft.from_rule(rule.get("where"), rule_draft.subject)
        return rule_draft

    @classmethod
    def from_data(cls, data: Mapping[str, Any], part: str, index: int) -> Self:
        name = f"{part}-{index}"
        texts: dict[str, Any] = {key: _posted_text(data, f"{name}-{key}") for key in cls.TEXTS}
        texts["events"] = texts["events"] or "touches"
        return cls(part, draft=Draft.from_data(data, f"{name}-rule"), index=index, **texts)

    def terms(self, before: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return the rule as it is stored; a condition that says the same as before stays as it was written."""
        before_terms = before or {}
        if self.part == FIT:
            return {
                "rule": _keep_if_same(self.draft.to_rule(SCORED), before_terms.get("rule")),
                "points": _parse_number(self.points),
            }
        terms: dict[str, Any] = {"events": self.events, "points": _parse_number(self.points)}
        given = {
            "half_life": _parse_number(self.half_life),
            "days": _parse_number(self.days),
            "cap": _parse_number(self.cap),
            "group": self.group,
        }
        where = _keep_if_same(self.draft.to_rule(self.subject), before_terms.get("where"))
        given["where"] = None if where in (EVERYBODY, None) else where
        return terms | {name: value for name, value in given.items() if value not in (None, "") or name in before_terms}

    def find_faults(self, stored: Mapping[str, Any], groups: Mapping[str, Any]) -> None:
        """Find what is wrong with it, field by field."""
        part = "fit" if self.part == FIT else "engagement"
        messages = find_faults({"threshold": 0, part: {self.name: stored}, "groups": groups})
        self.faults = {}
        for message in messages:
            plain = message.removeprefix(f"“{self.name}”: ")
            if plain.startswith("Group “"):
                continue
            field_name = next((where for start, where in PLACES if plain.startswith(start)), "rule")
            self.faults.setdefault(field_name, []).append(plain[0].upper() + plain[1:])


@dataclass
class GroupDraft:
    """What is typed for a group of rules: its name, and what they are worth together at most."""

    name: str = ""
    cap: str = ""
    faults: list[str] = field(default_factory=list)


@dataclass
class Editing:
    """A whole model in the making. `asked` is the button that changes the form itself, empty for none."""

    threshold: str = ""
    door: str = MQL
    position: str = "0"
    leads: Draft = field(default_factory=Draft)
    fit: list[RuleDraft] = field(default_factory=list)
    did: list[RuleDraft] = field(default_factory=list)
    groups: list[GroupDraft] = field(default_factory=list)
    base: Mapping[str, Any] = field(default_factory=dict)
    action: str = ""
    faults: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def from_terms(cls, terms: Mapping[str, Any]) -> Self:
        fit = [RuleDraft.of_fit(name, rule, n) for n, (name, rule) in enumerate((terms.get("fit") or {}).items())]
        did = [
            RuleDraft.of_engagement(name, rule, n)
            for n, (name, rule) in enumerate((terms.get("engagement") or {}).items())
        ]
        groups = [
            GroupDraft(name, _value_to_text(group.get("cap"))) for name, group in (terms.get("groups") or {}).items()
        ]
        leads = Draft.from_rule(terms.get("leads"), SCORED)
        return cls(
            _value_to_text(terms.get("threshold")), terms.get("door") or MQL, _value_to_text(terms.get("position") or 0), leads, fit, did,
            groups, terms,
        )  # fmt: skip

    @classmethod
    def from_data(cls, data: Mapping[str, Any], base: Mapping[str, Any]) -> Self:
        """Read what was posted, and carry out the button that was pressed."""
        rules = {
            part: [RuleDraft.from_data(data, part, n) for n in range(_posted_count(data, part))] for part in (FIT, DID)
        }
        groups = [
            GroupDraft(_posted_text(data, f"group-{n}-name"), _posted_text(data, f"group-{n}-cap"))
            for n in range(_posted_count(data, "group"))
        ]
        editing = cls(
            str(data.get("threshold", "")).strip(), str(data.get("door", MQL)), str(data.get("position", "0")).strip(),
            Draft.from_data(data, "leads"), rules[FIT], rules[DID], groups, base, str(data.get("do", "")),
        )  # fmt: skip
        editing._apply_action()
        return editing

    @property
    def is_changing(self) -> bool:
        """Whether a button asked for another form, so that nothing is to be kept yet."""
        return bool(self.action or self.leads.action or any(rule.draft.action for rule in (*self.fit, *self.did)))

    def _apply_action(self) -> None:
        verb, _, what = self.action.partition("-")
        part, _, dropped = what.partition("-")
        lists: dict[str, list[Any]] = {FIT: self.fit, DID: self.did, "group": self.groups}
        if verb == "add" and part in lists and len(lists[part]) < MOST_RULES:
            lists[part].append(GroupDraft() if part == "group" else RuleDraft(part, draft=_new_draft(part)))
        elif verb == "drop" and part in lists:
            lists[part][:] = [rule for index, rule in enumerate(lists[part]) if str(index) != dropped]
        for rules in (self.fit, self.did):
            for index, rule in enumerate(rules):
                rule.index = index

    def terms(self) -> dict[str, Any]:
        """Return the terms as they are stored; what the form does not know of stays as it was."""
        leads = _keep_if_same(self.leads.to_rule(SCORED), self.base.get("leads"))
        return {
            **self.base,
            "threshold": _parse_number(self.threshold),
            **({"door": self.door} if "door" in self.base or self.door != MQL else {}),
            "position": _parse_number(self.position) if self.position else 0,
            "leads": None if leads in (EVERYBODY, None) else leads,
            "groups": {group.name: {"cap": _parse_number(group.cap)} for group in self.groups},
            "fit": dict(self._stored_rules(self.fit, "fit")),
            "engagement": dict(self._stored_rules(self.did, "engagement")),
        }

    def _stored_rules(self, rules: list[RuleDraft], part: str) -> Iterator[tuple[str, dict[str, Any]]]:
        stored_rules = self.base.get(part) or {}
        for rule in rules:
            yield rule.name, rule.terms(stored_rules.get(rule.name))

    def find_faults(self) -> bool:
        """Find everything that is wrong and put it beside its field; True when nothing is."""
        terms = self.terms()
        for rules, part in ((self.fit, "fit"), (self.did, "engagement")):
            for rule in rules:
                rule.find_faults(rule.terms((self.base.get(part) or {}).get(rule.name)), terms["groups"])
            _note_duplicates(rules)
        for group in self.groups:
            whole = {**SAMPLE, "threshold": 0, "groups": {group.name: {"cap": _parse_number(group.cap)}}}
            group.faults = find_faults(whole) or ([] if group.name else ["A group needs a name."])
        self.faults = {
            name: find_faults({**SAMPLE, "threshold": 0, name: terms.get(name, MQL)})
            for name in ("threshold", "door", "position", "leads")
        }
        if not self.fit and not self.did:
            self.faults["rules"] = ["A score model needs at least one rule. Add one."]
        return not any(self.all_faults())

    def all_faults(self) -> Iterator[str]:
        """Yield every fault, wherever it stands."""
        for faults in (self.faults, *(rule.faults for rule in (*self.fit, *self.did))):
            yield from (message for messages in faults.values() for message in messages)
        yield from (message for group in self.groups for message in group.faults)


def _note_duplicates(rules: list[RuleDraft]) -> None:
    seen: set[str] = set()
    for rule in rules:
        if rule.name in seen:
            rule.faults.setdefault("name", []).append(f"Another rule is called “{rule.name}”. Use different names.")
        seen.add(rule.name)


def _new_draft(part: str) -> Draft:
    """A rule of fit begins with a condition to be filled in; events may all count."""
    draft = Draft()
    if part == FIT:
        draft.action = "group"
        draft._apply_action()
    return draft


def simplify_rule(rule: Any) -> Any:
    """Return a rule without groups of one."""
    if not isinstance(rule, Mapping):
        return rule
    for join in ("all", "any"):
        if join in rule:
            parts = [simplify_rule(part) for part in rule[join]]
            return parts[0] if len(parts) == 1 else {join: parts}
    return {"not": simplify_rule(rule["not"])} if "not" in rule else dict(rule)


def _keep_if_same(rule: Rule, before: Any) -> Any:
    if before is not None and simplify_rule(before) == simplify_rule(rule):
        return before
    return simplify_rule(rule)


def _parse_number(text: str) -> Any:
    """Return a number as JSON keeps it; text that is none stays, so that the check can say so."""
    parsed = parse_number(text.replace(",", ".").replace("−", "-")) if text else None
    if parsed is None:
        return text or None
    return int(parsed) if parsed == parsed.to_integral_value() else float(parsed)


def _value_to_text(value: Any) -> str:
    return "" if value is None else f"{value:.10g}" if isinstance(value, int | float) else str(value)


def _posted_text(data: Mapping[str, Any], name: str) -> str:
    return str(data.get(name, "")).strip()


def _posted_count(data: Mapping[str, Any], part: str) -> int:
    return read_count(data.get(f"{part}-count", "0"), most=MOST_RULES)
