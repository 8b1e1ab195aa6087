"""Learn a model from what became of the leads, and prove it on those that were held out.

The part held out is the later one where dates say which is later, else drawn at random. Fields, values and bounds are
looked up in the part learned from only; the held-out leads are scored by the engine that scores them every night.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from facts.rules import describe_rule
from scoring.definitions import in_force
from scoring.descriptions import describe_engagement_rule
from scoring.fields import read_columns
from scoring.leakage import find_suspects
from scoring.learned.candidates import HALF_LIVES, candidates_model, engagement_rules, fit_rules
from scoring.learned.fitting import Tell, best_threshold, fit_regression, scores_to_probabilities
from scoring.learned.query import answer_rules, event_kinds
from scoring.learned.result import Other, Part, Reason, Result, refusal_reason
from scoring.learned.scope import Scope
from scoring.model_checks import find_faults
from scoring.proof.evidence import Evidence, gather_evidence
from scoring.proof.measures import Flags, Floats, auc
from scoring.proof.outcomes import Outcomes, load_outcomes
from scoring.proof.validation import outcome_context, score_at_handoff
from scoring.terms import MQL, SCORED, EngagementRule, FitRule, Model, from_terms

SEED = 20
HELD_OUT = 0.3
MOST_LEADS = 150_000
OFTEN = 0.95  # of the leads with an event have no more than the cap


@dataclass(frozen=True)
class Feature:
    """A rule with what it says of each lead: between 0 and 1; `cap` is how many fresh events make 1."""

    rule: FitRule | EngagementRule
    values: Floats
    cap: float = 1.0


def learn_model(scope: Scope, report: Tell, *, put_back: Collection[str] = (), seed: int = SEED) -> Result:
    """Learn from the leads of the scope; suspected fields are left out, except those in `put_back`."""
    report(0, 1, "Reading the outcomes of the leads")
    outcomes = load_outcomes(scope)
    rows = _select_leads(outcomes, seed)
    won = rows["won"].to_numpy(dtype=bool)
    result = Result(outcomes.goal, outcomes.has_dates, len(rows), int(won.sum()), seed=seed)
    if reason := refusal_reason(int(won.sum()), int((~won).sum()), outcomes.goal):
        return replace(result, refusal=reason)
    report(0, 1, "Checking fields that may contain the outcome")
    suspects = find_suspects(scope, outcomes)
    left_out = {suspect.field for suspect in suspects} - set(put_back)
    learned, held_out = split_leads(rows, outcomes.has_dates, seed)
    result = replace(
        result, learned=_describe_part(learned), held_out=_describe_part(held_out), suspects=[suspect.as_json() for suspect in suspects],
        put_back=sorted(set(put_back) & {suspect.field for suspect in suspects}),
    )  # fmt: skip
    return _prove_result(
        _learn_rules(scope, outcomes, learned, left_out, result, report), scope, outcomes, held_out, report
    )


def _select_leads(outcomes: Outcomes, seed: int) -> pd.DataFrame:
    """Return the leads to learn from and to prove on, in the order of time where there is one."""
    rows = outcomes.frame
    if outcomes.has_dates:
        rows = rows[rows["asked_at"].notna()]
    if len(rows) > MOST_LEADS:
        rows = rows.sample(MOST_LEADS, random_state=seed)
    order = ["asked_at", "lead_id"] if outcomes.has_dates else ["lead_id"]
    return rows.sort_values(order, ignore_index=True)


def split_leads(rows: pd.DataFrame, is_dated: bool, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the part to learn from and the part held out, which has 30 % of the won where time parts them."""
    if is_dated:
        wins = rows["won"].cumsum()
        moment = rows["asked_at"].iloc[int(np.searchsorted(wins, wins.iloc[-1] * (1 - HELD_OUT)))]
        is_held = (rows["asked_at"] > moment).to_numpy()
    else:
        places = np.random.default_rng(seed).permutation(len(rows))
        is_held = np.isin(np.arange(len(rows)), places[: round(len(rows) * HELD_OUT)])
    return rows[~is_held].reset_index(drop=True), rows[is_held].reset_index(drop=True)


def _describe_part(rows: pd.DataFrame) -> Part:
    days = rows["asked_at"].dropna().dt.strftime("%Y-%m-%d")
    return Part(len(rows), int(rows["won"].sum()), days.min() if len(days) else "", days.max() if len(days) else "")


def _learn_rules(
    scope: Scope, outcomes: Outcomes, rows: pd.DataFrame, left_out: Collection[str], result: Result, report: Tell
) -> Result:
    """Propose rules with points, and a threshold."""
    won = rows["won"].to_numpy(dtype=bool)
    features = _make_features(scope, rows, outcomes.has_dates, left_out, won, report)
    matrix = np.column_stack([feature.values for feature in features]) if features else np.zeros((len(rows), 0))
    fitted = fit_regression(matrix, won, is_dated=outcomes.has_dates, seed=result.seed, tell=report)
    pairs = [(feature, int(points)) for feature, points in zip(features, fitted.points, strict=True) if points]
    rules = [_give_points(feature, points) for feature, points in pairs]
    scores = np.zeros(len(rows))
    for (feature, _), rule in zip(pairs, rules, strict=True):
        scores += _feature_points(feature, rule)
    reasons = [_explain_rule(feature, rule, won) for (feature, _), rule in zip(pairs, rules, strict=True)]
    return replace(
        result, candidates=len(features), rules=sorted(reasons, key=lambda feature: -abs(feature.cap or feature.points)),
        terms=_make_terms(scope, rules, best_threshold(scores, won)), base=fitted.base, slope=fitted.slope, tried=list(fitted.tried),
    )  # fmt: skip


def _make_features(
    scope: Scope, rows: pd.DataFrame, is_dated: bool, left_out: Collection[str], won: Flags, report: Tell
) -> list[Feature]:
    report(0, 1, "Looking for rules that leads part by")
    allowed = [column for column in read_columns(scope, rows, then=is_dated) if column.path not in left_out]
    model = candidates_model(fit_rules(allowed), engagement_rules(event_kinds(scope)))
    answer = answer_rules(scope, model, rows, report)
    fits = [Feature(rule, answer[f"fit_{number}"].to_numpy()) for number, rule in enumerate(model.fit)]
    did = [
        _engagement_feature(rule, answer[f"sum_{number}"].to_numpy()) for number, rule in enumerate(model.engagement)
    ]
    groups = [did[first : first + len(HALF_LIVES)] for first in range(0, len(did), len(HALF_LIVES))]
    return [*fits, *(feature for group in groups if (feature := _best_half_life(group, won)))]


def _engagement_feature(rule: EngagementRule, sums: Floats) -> Feature:
    some = sums[sums > 0]
    cap = max(1.0, round(float(np.quantile(some, OFTEN)), 1)) if len(some) else 1.0
    return Feature(rule, np.minimum(sums, cap) / cap, cap)


def _best_half_life(group: Sequence[Feature], won: Flags) -> Feature | None:
    """Return the half-life that separates the leads best, under a name without its place."""
    best = max(group, key=lambda feature: abs((auc(feature.values, won) or 0.5) - 0.5))
    if not best.values.any():
        return None
    assert isinstance(best.rule, EngagementRule)
    return replace(best, rule=replace(best.rule, name=best.rule.name.rpartition(" ")[0]))


def _give_points(feature: Feature, points: int) -> FitRule | EngagementRule:
    """Give a rule its points; of events, those that make the most together share them."""
    if isinstance(feature.rule, FitRule):
        return replace(feature.rule, points=float(points))
    each = max(1, round(abs(points) / feature.cap))
    return replace(feature.rule, points=float(each if points > 0 else -each), cap=float(abs(points)))


def _feature_points(feature: Feature, rule: FitRule | EngagementRule) -> Floats:
    if isinstance(rule, FitRule):
        return feature.values * rule.points
    assert rule.cap
    amount = np.minimum(feature.values * feature.cap * abs(rule.points), rule.cap)
    return amount if rule.points > 0 else -amount


def _explain_rule(feature: Feature, rule: FitRule | EngagementRule, won: Flags) -> Reason:
    holds = feature.values > 0
    description = (
        f"when {describe_rule(rule.rule, SCORED)}" if isinstance(rule, FitRule) else describe_engagement_rule(rule)
    )
    return Reason(
        rule.name, description.removeprefix(f"{rule.name}: "), rule.points, int(holds.sum()),
        int(won[holds].sum()), float(won[~holds].mean()) if (~holds).any() else None,
        rule.cap if isinstance(rule, EngagementRule) else None,
    )  # fmt: skip


def _make_terms(scope: Scope, rules: Sequence[FitRule | EngagementRule], least: int) -> dict[str, Any]:
    fit_part = {
        rule.name: {"rule": rule.rule, "points": int(rule.points)} for rule in rules if isinstance(rule, FitRule)
    }
    did = {
        f"{rule.name} (event)" if rule.name in fit_part else rule.name: _engagement_to_terms(rule)
        for rule in rules
        if isinstance(rule, EngagementRule)
    }
    return {
        "threshold": least, "door": MQL, "position": 0, "leads": scope.rule, "fit": fit_part, "engagement": did, "groups": {}
    }  # fmt: skip


def _engagement_to_terms(rule: EngagementRule) -> dict[str, Any]:
    terms = {
        "events": rule.events,
        "where": rule.where,
        "points": int(rule.points),
        "half_life": rule.half_life,
        "cap": rule.cap,
    }
    return {name: value for name, value in terms.items() if value is not None}


def _prove_result(result: Result, scope: Scope, outcomes: Outcomes, held_out: pd.DataFrame, report: Tell) -> Result:
    """Evaluate the learned model and the active one on the leads held out."""
    report(0, 1, "Proving it on the leads held out")
    if not result.rules:
        return result
    problems = find_faults(result.terms)
    assert not problems, problems
    model = from_terms("learned", result.terms)
    evidence = _gather_evidence(scope, model, outcomes, held_out, result)
    report(0, 1, "Holding the active model against the same leads")
    return replace(result, evidence=evidence, other=_evaluate_in_force(scope, outcomes, held_out))


def _gather_evidence(
    scope: Scope, model: Model, outcomes: Outcomes, rows: pd.DataFrame, fitted: Result | None
) -> Evidence:
    frame = score_at_handoff(scope, model, rows)
    chances = (
        scores_to_probabilities(frame["score"].to_numpy(dtype=float), fitted.base, fitted.slope) if fitted else None
    )
    return gather_evidence(frame, model.threshold, outcome_context(outcomes), chances)


def _evaluate_in_force(scope: Scope, outcomes: Outcomes, rows: pd.DataFrame) -> Other | None:
    """The first active model that scores any of these leads."""
    for model in in_force():
        if model.door == MQL:
            evidence = _gather_evidence(scope, model, outcomes, rows, None)
            if evidence.n:
                return Other(model.title, model.number or 0, model.key, evidence)
    return None
