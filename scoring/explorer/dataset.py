"""The data of the explorer: the leads of a snapshot, their events, their outcomes, and which of them fulfil a rule."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from crm.rule_fields import LINKS, RuleTables
from facts.compiling import RuleContext, add_rule_columns
from facts.custom import unix_seconds
from facts.engine import Facts
from facts.rules import Rule, Subject, events_subject
from scoring.decay import EPOCH
from scoring.definitions import profile_in_force
from scoring.explorer.array_cache import Arrays, folder_of, load_arrays, load_or_make, short_digest
from scoring.explorer.curves import LOOK, Flags, Floats, Stream, Whole
from scoring.icp.rules import INSIDE, Profile, add_icp_columns, names_icp
from scoring.proof.outcomes import load_outcomes
from scoring.terms import EVERYBODY, SCORED, Model

NEVER = np.iinfo(np.int64).min
Reporter = Callable[[str], None]


@dataclass(frozen=True)
class EventArrays:
    """The events of one kind, in the order of their ids: whose, and when."""

    ids: Whole
    lead: Whole
    second: Whole


class Dataset:
    """The leads of one snapshot in the order of their ids; every answer about them is computed once and cached in files."""

    def __init__(self, facts: Facts, report: Reporter = lambda words: None) -> None:
        assert facts.snapshot is not None
        assert facts.as_of is not None
        self.facts, self.report = facts, report
        self.now = facts.as_of
        self.folder: Path = folder_of(facts.snapshot)
        self.profile = profile_in_force()

    @cached_property
    def people(self) -> Arrays:
        """Of each lead: id, born, asked (seconds since 2020 or NEVER), ended (its outcome is due), won, revenue."""
        return load_or_make(self.folder, "people", self._load_people)

    def _load_people(self) -> Arrays:
        self.report("Reading the leads and their outcomes")
        leads = self.facts.table("leads")
        answer = _query_to_arrow(self.facts, leads.select("id", born=unix_seconds(leads.created_at)))
        ids, born = _sort_by_id(answer["id"], _to_seconds(answer["born"]))
        return {"id": ids, "born": born, **_load_outcomes(self.facts, ids)}

    @property
    def inside(self) -> Flags | None:
        """Which leads are inside the active ideal customer profile; None while none is."""
        if self.profile is None:
            return None
        return load_or_make(self.folder, inside_name(self.profile), lambda: {"inside": self._load_inside()})["inside"]

    def _load_inside(self) -> Flags:
        self.report("Measuring the distance from the ideal customer")
        context = RuleContext(RuleTables(self.facts, "leads"), self.now, LINKS)
        placed_by = add_icp_columns(context, self.facts.table("leads"), self.profile)
        answer = _query_to_arrow(self.facts, placed_by.filter(placed_by.icp == INSIDE).select("id"))
        lead_position, is_known = find_positions(self.people["id"], answer["id"].to_numpy())
        return np.asarray(_assign_values(np.zeros(self.people["id"].size, bool), lead_position[is_known], True))

    def events_of_kind(self, kind: str) -> EventArrays:
        return EventArrays(**load_or_make(self.folder, f"events-{kind}", lambda: self._load_events(kind)))

    def _load_events(self, kind: str) -> Arrays:
        self.report(f"Reading the {SCORED.events[kind].label}")
        events, rows = self._event_rows(kind)
        chosen = rows.select("id", lead=rows[events.key], second=unix_seconds(rows[events.moment]))
        answer = _query_to_arrow(self.facts, chosen)
        ids, owner, second = _sort_by_id(answer["id"], answer["lead"].to_numpy(), _to_seconds(answer["second"]))
        lead_position, is_known = find_positions(self.people["id"], owner)
        is_known &= second <= second_of(self.now)
        return {"ids": ids[is_known], "lead": lead_position[is_known], "second": second[is_known]}

    def _event_rows(self, kind: str) -> tuple[Any, Any]:
        events = SCORED.events[kind]
        rows = RuleTables(self.facts, "leads").table(kind)
        return events, rows.filter(rows[events.key].notnull() & rows[events.moment].notnull())

    def event_stream(self, kinds: Sequence[str]) -> Stream:
        """Return the events of some kinds, one kind after the other, with looks at birth, hand-off and now."""
        arrays = load_or_make(self.folder, f"stream-{'-'.join(kinds) or 'none'}", lambda: self._build_stream(kinds))
        return Stream(**arrays)

    def _build_stream(self, kinds: Sequence[str]) -> Arrays:
        self.report("Sorting the events of each lead")
        events = [self.events_of_kind(kind) for kind in kinds]
        everybody = np.arange(self.people["id"].size)
        looks = [(everybody, self.people[name]) for name in ("born", "asked")]
        now = second_of(self.now)
        looks.append((everybody, np.full(everybody.size, now)))
        is_past = [(second != NEVER) & (second <= now) for _, second in looks]
        past_looks = [(lead[past], second[past]) for (lead, second), past in zip(looks, is_past, strict=True)]
        lead = np.concatenate([*(kind_events.lead for kind_events in events), *(lead for lead, _ in past_looks)])
        second = np.concatenate(
            [*(kind_events.second for kind_events in events), *(second for _, second in past_looks)]
        )
        count = sum(kind_events.ids.size for kind_events in events)
        laid = Stream.from_rows(lead, second, np.r_[np.arange(count), np.full(lead.size - count, LOOK)])
        return {name: getattr(laid, name) for name in ("starts", "lead", "second", "event", "major")}

    def leads_fulfilling(self, rules: Mapping[str, Rule]) -> dict[str, Flags]:
        """Return for each rule which leads fulfil it; those on the ideal customer hang on its signed profile."""
        rows = self.facts.table("leads")
        of_icp = {name: rule for name, rule in rules.items() if names_icp(rule)}
        others = {name: rule for name, rule in rules.items() if name not in of_icp}
        marks = self._evaluate_rules("leads", others, SCORED, rows, self.people["id"])
        if of_icp:
            profile = profile_in_force()
            rows = add_icp_columns(RuleContext(RuleTables(self.facts, "leads"), self.now, LINKS), rows, profile)
            table = f"leads-icp-{profile.version_id if profile else 0}"
            marks |= self._evaluate_rules(table, of_icp, SCORED, rows, self.people["id"])
        return marks

    def events_fulfilling(self, kind: str, rules: Mapping[str, Rule]) -> dict[str, Flags]:
        """Return for each rule which events of the kind fulfil it."""
        events, rows = self._event_rows(kind)
        return self._evaluate_rules(kind, rules, events_subject(events), rows, self.events_of_kind(kind).ids)

    def _evaluate_rules(
        self, table: str, rules: Mapping[str, Rule], subject: Subject, rows: Any, ids: Whole
    ) -> dict[str, Flags]:
        """Ask for the rules that were never asked of this snapshot, all in one question."""
        marks, missing = {}, {}
        for name, rule in rules.items():
            cached = load_arrays(self.folder, self._cache_name(table, rule))
            if rule == EVERYBODY:
                marks[name] = np.ones(ids.size, bool)
            elif cached is not None:
                marks[name] = cached["marks"]
            else:
                missing[name] = rule
        if missing:
            self.report(f"Asking who fulfils {len(missing)} {'rule' if len(missing) == 1 else 'rules'}")
            marks |= self._query_rules(table, missing, subject, rows, ids)
        return marks

    def _query_rules(
        self, table: str, rules: Mapping[str, Rule], subject: Subject, rows: Any, ids: Whole
    ) -> dict[str, Flags]:
        columns = {f"is_{number}": rule for number, rule in enumerate(rules.values())}
        context = RuleContext(RuleTables(self.facts, "leads"), self.now, LINKS)
        if any(names_icp(rule) for rule in rules.values()):
            rows = add_icp_columns(context, rows, self.profile)
        query = add_rule_columns(context, subject, columns, rows).select("id", *columns)
        answer = _query_to_arrow(self.facts, query)
        number, is_known = find_positions(ids, answer["id"].to_numpy())
        by_name = {}
        for column, (name, rule) in zip(columns, rules.items(), strict=True):
            marks = np.zeros(ids.size, bool)
            marks[number[is_known]] = answer[column].fill_null(False).to_numpy()[is_known]
            by_name[name] = load_or_make(self.folder, self._cache_name(table, rule), partial(dict, marks=marks))[
                "marks"
            ]
        return by_name

    def _cache_name(self, table: str, rule: Rule) -> str:
        return f"marks-{table}-{short_digest((rule, self.profile) if names_icp(rule) else rule)}"


def inside_name(profile: Profile) -> str:
    return f"inside-{short_digest(profile)}"


def _load_outcomes(facts: Facts, ids: Whole) -> Arrays:
    """How the leads ended, by the outcomes that the proof goes by."""
    outcomes = load_outcomes(facts)
    positions, is_known = find_positions(ids, outcomes.frame["lead_id"].to_numpy(dtype=np.int64))
    positions, frame = positions[is_known], outcomes.frame[is_known]
    moments = frame["asked_at"].astype("datetime64[us, UTC]")
    seconds = moments.astype("int64").to_numpy() // 1_000_000 - int(EPOCH.timestamp())
    return {
        "asked": _assign_values(np.full(ids.size, NEVER), positions, np.where(moments.isna(), NEVER, seconds)),
        "ended": _assign_values(np.zeros(ids.size, bool), positions, True),
        "won": _assign_values(np.zeros(ids.size, bool), positions, frame["won"].to_numpy(dtype=bool)),
        "revenue": _assign_values(np.zeros(ids.size), positions, frame["revenue"].fillna(0).to_numpy(dtype=float)),
        "said": np.array([outcomes.goal_words, outcomes.currency, str(outcomes.maturity_days)]),
    }


def _assign_values(array: Any, positions: Whole, values: Any) -> Any:
    array[positions] = values
    return array


def find_positions(ids: Whole, wanted: Whole) -> tuple[Whole, Flags]:
    """Return where ids lie among ascending ones, and whether they are there at all."""
    insertion = np.searchsorted(ids, wanted)
    positions = np.minimum(insertion, max(ids.size - 1, 0))
    return positions, (ids[positions] == wanted) if ids.size else np.zeros(len(wanted), bool)


def _sort_by_id(ids: pa.ChunkedArray, *others: Whole) -> list[Whole]:
    keys = ids.to_numpy()
    order = np.argsort(keys, kind="stable")
    return [keys[order], *(other[order] for other in others)]


def _to_seconds(column: pa.ChunkedArray) -> Whole:
    """Seconds since 2020 of those since 1970; NEVER for none."""
    is_null = column.is_null().to_numpy()
    return np.where(is_null, NEVER, column.fill_null(0).to_numpy() - int(EPOCH.timestamp()))


def second_of(moment: datetime) -> int:
    return int(moment.timestamp()) - int(EPOCH.timestamp())


def _query_to_arrow(facts: Facts, expression: Any) -> pa.Table:
    return pa.Table.from_batches(list(facts.stream(expression)), schema=expression.schema().to_pyarrow())


def engagement_marks(dataset: Dataset, model: Model, kinds: Sequence[str]) -> list[Flags]:
    """Return for each engagement rule a yes or no of each event of the stream."""
    sizes = {kind: dataset.events_of_kind(kind).ids.size for kind in kinds}
    by_rule: dict[int, Flags] = {}
    for kind in kinds:
        rules = {str(n): rule.where or EVERYBODY for n, rule in enumerate(model.engagement) if rule.events == kind}
        for name, marks in dataset.events_fulfilling(kind, rules).items():
            # events of the stream lie kind by kind; those of other kinds never count for this rule
            parts = [marks if other == kind else np.zeros(size, bool) for other, size in sizes.items()]
            by_rule[int(name)] = np.concatenate(parts)
    return [by_rule[n] for n in range(len(model.engagement))]


def fit_of(dataset: Dataset, model: Model) -> tuple[Floats, Flags]:
    """Return the fit points of each lead, and whether the model scores it."""
    rules = {str(n): rule.rule for n, rule in enumerate(model.fit)}
    marks = dataset.leads_fulfilling({**rules, "meant": model.leads})
    points = np.zeros(dataset.people["id"].size)
    for name in rules:
        points += np.where(marks[name], model.fit[int(name)].points, 0.0)
    return points, marks["meant"]
