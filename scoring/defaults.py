"""The score models that Accord proposes to a new company; they take effect when both sides have signed them."""

from typing import Any

from scoring.terms import MQL, PQL

KEY = "leads"
TITLE = "Score of leads"
TEXT = (
    "A lead is ready for Sales from 65 points. Points for who they are stay; points for what they did fade by half "
    "every 30 days, so that interest of long ago does not count as interest of today."
)
_ANSWERED = {"field": "has_responded", "is": "yes"}
TERMS: dict[str, Any] = {
    "threshold": 65,
    "door": MQL,
    "position": 0,
    "leads": None,
    "groups": {"Answers": {"cap": 40}},
    "fit": {
        "Can be reached by phone": {"rule": {"field": "phone", "is": "filled"}, "points": 5},
        "Company is known": {"rule": {"any": [
            {"field": "company_name", "is": "filled"}, {"field": "account.name", "is": "filled"}]}, "points": 10},
        "Large enough": {"rule": {"any": [
            {"field": "employees", "is": ">=", "value": 50},
            {"field": "account.employees", "is": ">=", "value": 50}]}, "points": 20},
        "Leads a team": {"rule": {"any": [
            {"field": "title", "is": "contains", "value": word} for word in ("chief", "head", "director", "vp")
        ]}, "points": 15},
        "Private address": {"rule": {"any": [
            {"field": "email", "is": "contains", "value": host} for host in ("@gmail.", "@yahoo.", "@hotmail.")
        ]}, "points": -10},
    },
    "engagement": {
        "Answered a campaign": {"events": "touches", "where": _ANSWERED, "points": 10, "half_life": 30, "group": "Answers"},
        "Came to an event": {"events": "touches", "where": {"all": [_ANSWERED, {"any": [
            {"field": "kind", "is": "contains", "value": word} for word in ("webinar", "event", "demo")]}]},
            "points": 10, "half_life": 30, "group": "Answers"},
        "Unsubscribed": {"events": "touches", "where": {"field": "status", "is": "contains", "value": "unsubscribed"},
            "points": -30, "half_life": 180, "cap": 30},
        "Uses the product": {"events": "usage_events", "points": 2, "half_life": 14, "cap": 30},
    },
}  # fmt: skip

PQL_KEY = "use"
PQL_TITLE = "Score of product use"
PQL_TEXT = (
    "A lead goes to Sales without waiting for Marketing from 20 points of its own use of the product: ten uses within "
    "two weeks. Use fades by half every 30 days, and what was used more than 90 days ago does not count."
)
PQL_TERMS: dict[str, Any] = {
    "threshold": 20,
    "door": PQL,
    "position": 0,
    "leads": None,
    "groups": {},
    "fit": {},
    "engagement": {
        "Uses the product": {"events": "usage_events", "where": None, "points": 2.5, "half_life": 30, "days": 90},
    },
}
PROPOSED = {MQL: (KEY, TITLE, TEXT, TERMS), PQL: (PQL_KEY, PQL_TITLE, PQL_TEXT, PQL_TERMS)}
