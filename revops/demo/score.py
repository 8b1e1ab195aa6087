"""How AppLexus scores its leads: who decides in a firm of the niche, and what a lead did on its first visits."""

from typing import Any

from revops.demo.names import FINANCE, IT, OPERATIONS, USER
from revops.demo.story import LAGGING, OUTSIDE

KEY, TITLE, THRESHOLD = "leads", "Score of leads", 65
TEXT = (
    "A lead is ready for Sales from 65 points. Who decides in a large firm of our niche has up to 50 of them before "
    "anything happened; the others are earned by answers, which fade by half every 30 days."
)
_ANSWERED = {"field": "has_responded", "is": "yes"}


def _has_answered(*kinds: str) -> dict[str, Any]:
    return {"all": [_ANSWERED, {"field": "kind", "is": "one_of", "value": list(kinds)}]}


def _fit_rule(points: int, **leaf: Any) -> dict[str, Any]:
    return {"rule": leaf, "points": points}


def _touch_rule(points: int, where: dict[str, Any]) -> dict[str, Any]:
    return {"events": "touches", "where": where, "points": points, "half_life": 30, "days": 180, "group": "Answers"}


TERMS: dict[str, Any] = {
    "threshold": THRESHOLD,
    "position": 0,
    "leads": None,
    "groups": {"Answers": {"cap": 60}},
    "fit": {
        "Leads a department": _fit_rule(20, field="persona", **{"is": "one_of", "value": [FINANCE, IT, OPERATIONS]}),
        "250 employees and more": _fit_rule(15, field="employees", **{"is": ">=", "value": 250}),
        "1,000 employees and more": _fit_rule(10, field="employees", **{"is": ">=", "value": 1000}),
        "Can be reached by phone": _fit_rule(5, field="phone", **{"is": "filled"}),
        "Outside our niche": _fit_rule(-15, field="vertical.name", **{"is": "is", "value": OUTSIDE}),
    },
    "engagement": {
        "Answered us": _touch_rule(12, _ANSWERED),
        "Looked at prices or compared": _touch_rule(6, _has_answered("Prices looked at", "Comparison read")),
    },
}

ICP_KEY, ICP_TITLE = "ideal", "Our ideal customer"
ICP_TEXT = "A firm of 250 people and more, in finance, insurance, industry, logistics or health, where we have people."
ICP_TERMS: dict[str, Any] = {
    "inside": 0.2,
    "near": 0.5,
    "traits": {
        "In our niche": {"rule": {"field": "vertical.name", "is": "is_not", "value": OUTSIDE}, "weight": 3},
        "250 employees and more": {"rule": {"field": "employees", "is": ">=", "value": 250}, "weight": 3},
        "A territory that we win in": {
            "rule": {"field": "territory.name", "is": "is_not", "value": LAGGING}, "weight": 1,
        },
        "Leads a department": {
            "rule": {"field": "persona", "is": "is_not", "value": USER}, "weight": 1,
        },
    },
}  # fmt: skip

# What else a lead must be to be handed over
LEAST_EMPLOYEES = 150
MUST_DECIDE: dict[str, Any] = {"field": "persona", "is": "is_not", "value": USER}
MUST_BE_LARGE: dict[str, Any] = {"field": "employees", "is": ">=", "value": LEAST_EMPLOYEES}
