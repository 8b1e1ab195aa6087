"""The funnel that Accord proposes: what holds, marked unsigned, until a company's two sides have signed their own."""

from typing import Any

from funnel.stages.drafts import Stage

RESPONSES = 3
RESPONSE_DAYS = 90
USES = 10


def _any_of(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"any": list(rules)}


def _in_crm(*stages: str) -> dict[str, Any]:
    if len(stages) == 1:
        return {"field": "crm_stage", "is": "is", "value": stages[0]}
    return {"field": "crm_stage", "is": "one_of", "value": list(stages)}


def _has_deals(*conditions: dict[str, Any], at_least: int = 1) -> dict[str, Any]:
    count: dict[str, Any] = {"count": "opportunities", "is": ">=", "value": at_least}
    return {**count, "where": conditions[0]} if conditions else count


def _has_ended_deal(outcome: str) -> dict[str, Any]:
    return _has_deals({"field": "outcome", "is": "is", "value": outcome})


TARGETS = ["Target", "Target account", "Targeted", "Prospect"]
STAGES = (
    Stage(
        "targeted", "Targeted", 0, kind="inventory", side="marketing", phase="identify", buyers="accounts",
        criteria={"all": [
            {"field": "kind", "is": "one_of", "value": TARGETS},
            {"count": "touches", "is": "=", "value": 0},
            {"count": "activities", "is": "=", "value": 0},
            {"count": "opportunities", "is": "=", "value": 0},
        ]},
        text="An account that is selected but not contacted yet.",
    ),
    Stage(
        "inquiry", "Inquiry", 10, kind="inventory", side="marketing", phase="identify", buyers="leads", dated_by="first_contact",
        criteria={"all": []},
        text="A known person who may buy has answered or sent an enquiry.",
    ),
    Stage(
        "mql", "MQL", 20, kind="gate", side="marketing", phase="connect", buyers="leads", standing="qualified",
        criteria=_any_of(
            {"field": "is_ready", "is": "yes"},
            _in_crm("mql"),
            {"count": "touches", "is": ">=", "value": RESPONSES, "days": RESPONSE_DAYS,
             "where": {"field": "has_responded", "is": "yes"}},
        ),
        text="The score of the lead reached the signed threshold: Marketing hands it to Sales, and a clock starts.",
    ),
    Stage(
        "pql", "PQL", 25, way="door", kind="gate", side="joint", phase="connect", buyers="leads", standing="qualified",
        criteria=_any_of(
            _in_crm("pql"),
            {"field": "is_ready_by_use", "is": "yes"},
        ),
        text="The score of the lead's own use of the product reached the signed threshold; it goes to Sales without waiting for a score.",
    ),
    Stage(
        "sal", "SAL", 30, kind="sla", side="sales", phase="connect", buyers="leads", standing="qualified",
        criteria=_any_of({"field": "verdict", "is": "is", "value": "accepted"}, _in_crm("sal")),
        text="Sales reviewed the lead and accepted it.",
    ),
    Stage(
        "sql", "SQL", 40, kind="sla", side="sales", phase="explore", standing="qualified", dated_by="opened",
        criteria=_any_of(_has_deals(), {"field": "is_converted", "is": "yes"}),
        text="There is an opportunity with a need, a decision maker and an amount, or the CRM converted the lead.",
    ),
    Stage(
        "won", "Won", 50, kind="gate", side="sales", phase="advise", standing="qualified", dated_by="won",
        criteria=_has_ended_deal("won"),
        text="The buyer signed.",
    ),
    Stage(
        "live", "Live", 60, kind="sla", side="support", phase="advise", standing="qualified", dated_by="first_use",
        criteria=_has_ended_deal("won"),
        text="The customer uses what was bought. Support brought them there.",
    ),
    Stage(
        "adopted", "Adopted", 70, kind="inventory", side="support", phase="advise", standing="qualified", dated_by="counted",
        criteria={"all": [
            _has_ended_deal("won"),
            {"count": "usage_events", "is": ">=", "value": USES},
        ]},
        text="The customer uses the product regularly and would miss it.",
    ),
    Stage(
        "recycled", "Recycled", 80, way="detour", kind="inventory", side="marketing", phase="connect", buyers="leads",
        criteria=_in_crm("recycled"),
        text="Not now: back to Marketing, to be nurtured until it is ready again.",
    ),
    Stage(
        "disqualified", "Disqualified", 90, way="detour", kind="inventory", side="joint", phase="connect", buyers="leads",
        standing="disqualified", criteria=_in_crm("disqualified"),
        text="Will never buy: wrong person, wrong company, or asked not to be contacted.",
    ),
    Stage(
        "lost", "Lost", 100, way="detour", kind="inventory", side="sales", phase="advise", dated_by="lost",
        criteria=_has_ended_deal("lost"),
        text="The buyer chose another vendor. It stays in every denominator.",
    ),
    Stage(
        "no_decision", "No decision", 110, way="detour", kind="inventory", side="joint", phase="advise", dated_by="no_decision",
        criteria=_has_ended_deal("no_decision"),
        text="The buyer made no decision. It is neither lost nor won, and it stays in every denominator.",
    ),
)  # fmt: skip
ORDER = tuple(stage.key for stage in STAGES)
