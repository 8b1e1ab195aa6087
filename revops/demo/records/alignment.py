"""What the two teams of AppLexus have agreed about working together."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.text import slugify

from agreements.models import Agreement, Entry, Version
from alignment.matrix import rules
from alignment.plan.models import PlanUpdate
from alignment.plan.rules import GOAL, HORIZONS, REWARD, read_goal
from core.formatting import format_by_unit
from funnel.defaults import STAGES
from kpis.registry import get_metric
from revops.demo.records.agreements import CMO, CRO, NOON, Paper, write_papers
from revops.demo.story import CURRENCY
from revops.demo.story import GOAL as YEAR_GOAL
from team.models import Side, User

# By stage or decision: metric, and the letters of CEO, CMO, CRO, sales rep, marketer, ops admin, CFO and support
ROLES = ("ceo", "cmo", "cro", "rep", "marketer", "ops", "cfo", "support")
MATRIX_TEXT = (
    "For each stage and each recurring decision one role is accountable, and answers for the metric beside it."
)
STAGE_ROWS = {
    "targeted": ("accounts", ("", "A", "C", "I", "R", "", "", "")),
    "inquiry": ("leads", ("", "A", "I", "", "R", "", "", "")),
    "mql": ("handoffs", ("", "A", "C", "I", "R", "C", "", "")),
    "pql": ("handoffs", ("", "A", "C", "I", "R", "C", "", "I")),
    "sal": ("sla_compliance", ("", "I", "A", "R", "I", "C", "", "")),
    "sql": ("open_pipeline", ("", "C", "A", "R", "I", "", "", "")),
    "won": ("won_revenue", ("I", "C", "A", "R", "I", "", "C", "I")),
    "live": ("invoiced_revenue", ("", "", "C", "C", "", "", "I", "AR")),
    "adopted": ("payments_received", ("", "C", "C", "I", "I", "", "I", "AR")),
    "recycled": ("lead_rejections", ("", "A", "C", "I", "R", "", "", "")),
    "disqualified": ("lead_rejection_rate", ("", "C", "A", "R", "I", "C", "", "")),
    "lost": ("loss_rate_by_value", ("I", "C", "A", "R", "C", "", "", "")),
    "no_decision": ("no_decision_rate_by_value", ("I", "C", "A", "R", "C", "", "", "")),
}
DECISION_ROWS = {
    "Marketing budget of the quarter": ("smroi", ("C", "A", "C", "", "R", "", "C", "")),
    "Change of the MQL threshold": ("lead_acceptance_rate", ("I", "A", "C", "I", "C", "R", "", "")),
    "Discount beyond 15 %": ("average_revenue_per_transaction", ("I", "", "A", "R", "", "", "C", "")),
}
CFO = "ingrid.solberg"
DAYS_TO_DECIDE = 5
Begins = Callable[[date], date]
GOALS: dict[str, tuple[str, str, str, str, Begins]] = {  # by key: title, horizon, metric, target, first day
    "answers": ("Leads answered in time", "30_days", "sla_compliance", "0.8", lambda day: day - timedelta(days=18)),
    "wins": ("Won revenue of 60 days", "60_days", "won_revenue", "4600000", lambda day: day - timedelta(days=38)),
    "quarter": ("Revenue of 90 days", "90_days", "revenue", "7900000", lambda day: day - timedelta(days=66)),
    "year": ("Revenue of the year", "12_months", "revenue", str(YEAR_GOAL), lambda day: date(day.year, 1, 1)),
    "return": ("Return on spend", "24_months", "smroi", "1.3", lambda day: date(day.year - 1, 1, 1)),
    "share": (
        "Spend as a share of revenue",
        "36_months",
        "sm_share_of_revenue",
        "0.42",
        lambda day: date(day.year - 1, 1, 1),
    ),
}
GOAL_AGE = timedelta(days=60)
BONUS_TEXT = "People of both teams get the same bonus for the same two goals, so that reaching them pays off for both."
BONUS_TERMS = {
    "goals": ["year", "return"], "roles": ["cmo", "cro", "rep", "marketer"], "amount": "4000.00", "currency": CURRENCY,
    "pays_from": "0.9", "capped_at": "1.5",
    "consequence": "Both leaders bring a joint correction of the plan to the CEO within a month.",
}  # fmt: skip
UPDATE_AGE, NEXT_UPDATE = timedelta(days=28), timedelta(days=3)
UPDATE_FIGURES = {"quarter": ("0.38", "behind"), "year": ("0.72", "behind"), "return": ("0.83", "behind")}
MARKETING_UPDATE = (
    "Leads are above last year, but a fifth of them come from a source that brings little revenue.\n"
    "We have moved its budget to the campaigns whose leads Sales accepts."
)
SALES_UPDATE = (
    "The quarter is behind: more deals than last year end in no decision.\n"
    "From now on a deal without a next step for three weeks is reviewed by both teams."
)


@dataclass(frozen=True)
class Proposal:
    """What one side has proposed and the other has not signed, or disputes."""

    kind: str
    key: str
    title: str
    text: str
    terms: Mapping[str, Any]
    side: str
    age: timedelta
    objection: str = ""


MATRIX_AGE = timedelta(days=120)
TERMS = (  # title, acronym, definition, owner, synonyms not to be used
    ("Lead", "", "A person who may buy, whom we know by name.", Side.MARKETING, ("suspect", "prospect")),
    (
        "Marketing qualified lead",
        "MQL",
        "A lead whose score reached the signed threshold.",
        Side.MARKETING,
        ("hot lead",),
    ),
    ("Sales accepted lead", "SAL", "An MQL that Sales has accepted and works.", Side.SALES, ("good lead",)),
    (
        "Opportunity",
        "SQL",
        "A deal that a buyer talks to us about, with an amount and a close date.",
        Side.SALES,
        ("pipe",),
    ),
    ("Hand-off", "", "The moment a lead changes from Marketing to Sales; the clock of the SLA starts.", "", ("pass",)),
    ("No decision", "", "The buyer decided nothing: neither won nor lost.", Side.SALES, ("stalled", "dead")),
    ("Pipeline", "", "All open opportunities with their amounts.", Side.SALES, ()),
    ("SMROI", "", "Revenue less the spend on sales and marketing, divided by that spend.", "", ("marketing ROI",)),
)
PERSONA_TEXT = "A head of operations in a firm of 150 people or more, who answers for the cost of every order."
PERSONA_TERMS = {"job_titles": ["Head of Operations", "COO"], "goals": "Orders without manual work.",
                 "objections": "A long introduction.", "serves": ["customer_knowledge"],
                 "owner_side": Side.MARKETING.value}  # fmt: skip
ROLE_TEXT = "Marketing's ops admin keeps score, routing and calendars; Sales asks for changes there and nowhere else."
ROLE_TERMS = {"decides": ["routing rules", "calendars"], "hands_over_to": "Sales managers"}
TERMS_AGE = timedelta(days=300)
PRIORITY_TEXT = "Leads of accounts with an open opportunity are worked before all others."
METRIC_TEXT = "Both teams are steered by the return on what they spend together, not by the number of leads."
METRIC_TERMS = {"metric": "smroi", "looked_at": "monthly"}
RHYTHM_TEXT = "Each week both teams go through the leads that were rejected, and agree on what changes."
RHYTHM_TERMS = {"every": "week", "minutes": 30, "people": ["CMO", "CRO", "sales managers"]}
RHYTHM_KEY = "lead-review"
REVIEW_OVERDUE, REVIEW_AHEAD = timedelta(days=23), timedelta(days=60)
DISPUTED = Proposal(
    "reporting_right",
    "verdicts-by-rep",
    "Verdicts by sales rep",
    "Marketing reads every verdict with the name of the rep who gave it, within a day.",
    {"reports": ["verdicts by rep"], "readers": ["cmo", "marketer"], "every": "daily"},
    Side.MARKETING,
    timedelta(days=9),
    "Reps will stop giving honest reasons. Marketing can work with verdicts by campaign.",
)
PROMISE, PROMISE_TITLE = "promise", "What we promise"
PROPOSALS = (
    DISPUTED,
    Proposal(
        "message",
        PROMISE,
        PROMISE_TITLE,
        "AppLexus takes the manual work out of every order, and pays for itself within a year.",
        {"channels": ["website", "e-mail"]},
        Side.MARKETING,
        timedelta(days=16),
    ),
    Proposal(
        "message",
        PROMISE,
        PROMISE_TITLE,
        "AppLexus takes the manual work out of every order, and is live within six weeks.",
        {"channels": ["call", "demo"]},
        Side.SALES,
        timedelta(days=12),
    ),
)


def sign_alignment(users: dict[str, User], today: date) -> int:
    """Write down what was signed about working together; return how many papers."""
    is_new = not Agreement.objects.filter(kind=DISPUTED.kind, key=DISPUTED.key).exists()
    count = write_papers(_papers(today), users)
    Version.objects.filter(agreement__kind="meeting_rhythm", agreement__key=RHYTHM_KEY, review_on=None).update(
        review_on=today - REVIEW_OVERDUE
    )
    Version.objects.filter(agreement__kind=rules.KIND, review_on=None).update(review_on=today + REVIEW_AHEAD)
    if is_new:
        for proposal in PROPOSALS:
            _write_proposal(proposal, users, today)
    _write_update(users, today)
    return count


def _write_update(users: dict[str, User], today: date) -> None:
    """Write the update that both leaders presented last month, with the figures of that day."""
    if PlanUpdate.objects.exists():
        return
    day = today - UPDATE_AGE
    moment = datetime.combine(day, NOON)
    figures = [_figure(key, share, state, today) for key, (share, state) in UPDATE_FIGURES.items()]
    PlanUpdate.objects.create(
        number=1, drafted_by=users[CMO], due_on=day, marketing_text=MARKETING_UPDATE, sales_text=SALES_UPDATE,
        marketing_by=users[CMO], marketing_at=moment, sales_by=users[CRO], sales_at=moment, presented_at=moment,
        next_due_on=today + NEXT_UPDATE, figures=figures,
    )  # fmt: skip


def _figure(key: str, share: str, state: str, today: date) -> dict[str, Any]:
    title, horizon, metric, target, begins = GOALS[key]
    goal = read_goal(_goal_terms(horizon, metric, target, begins(today)))
    unit = get_metric(metric).unit
    value = (Decimal(target) * Decimal(share)).quantize(Decimal("0.01"))
    texts = [format_by_unit(amount, unit, goal.currency) for amount in (value, goal.target)]
    return {
        "goal": key, "title": title, "side": goal.horizon.side, "metric": metric, "target": target,
        "ends_on": goal.ends_on.isoformat(), "value": str(value), "currency": goal.currency, "state": state,
        "sentence": f"{texts[0]} of {texts[1]}.",
    }  # fmt: skip


def _goal_terms(horizon: str, metric: str, target: str, begins: date) -> dict[str, Any]:
    terms = {"horizon": horizon, "metric": metric, "target": target, "starts_on": begins.isoformat()}
    return terms | ({"currency": CURRENCY} if get_metric(metric).unit == "money" else {})


def _write_proposal(proposal: Proposal, users: dict[str, User], today: date) -> None:
    """Write a version that its side has proposed and signed; where the other side objects, it is disputed."""
    by, other = (users[CMO], users[CRO]) if proposal.side == Side.MARKETING else (users[CRO], users[CMO])
    moment = datetime.combine(today - proposal.age, NOON)
    agreement, _ = Agreement.objects.get_or_create(
        kind=proposal.kind, key=proposal.key, defaults={"title": proposal.title}
    )
    number = agreement.versions.count() + 1
    version = agreement.versions.create(
        number=number, text=proposal.text, terms=dict(proposal.terms), drafted_by=by, proposed_by=by,
        proposed_at=moment, sides=agreement.sides,
    )  # fmt: skip
    Version.objects.filter(pk=version.pk).update(drafted_at=moment)
    version.signatures.create(side=proposal.side, signed_by=by, signed_at=moment)
    lines = [("proposed", by, f"{by} proposed version {number}."), ("signed", by, f"{by} signed version {number}.")]
    if proposal.objection:
        dispute = version.disputes.create(
            side=other.side, raised_by=other, raised_at=moment, reason=proposal.objection, arbiter=users[CFO],
            decide_by=today + timedelta(days=DAYS_TO_DECIDE),
        )  # fmt: skip
        lines.append(
            ("disputed", other, f"{other} disputed version {number}; {users[CFO]} decides by {dispute.decide_by}.")
        )
    Entry.objects.bulk_create(
        Entry(agreement=agreement, version=version, verb=verb, actor=actor, words=text, written_at=moment)
        for verb, actor, text in lines
    )


def _papers(today: date) -> Iterator[Paper]:
    terms = {"rows": [row.as_json() for row in _matrix_rows()]}
    yield Paper(rules.KIND, rules.KEY, rules.TITLE, MATRIX_TEXT, terms, today - MATRIX_AGE, Side.SALES)
    for title, acronym, definition, owner, avoid in TERMS:
        values = {"acronym": acronym, "owner_side": str(owner), "avoid": list(avoid)}
        filled = {name: value for name, value in values.items() if value}
        yield Paper("term", slugify(title), title, definition, filled, today - TERMS_AGE, owner or Side.MARKETING)
    yield Paper("persona", "operations", "Head of Operations", PERSONA_TEXT, PERSONA_TERMS, today - TERMS_AGE)
    for key, (title, horizon, metric, target, begins) in GOALS.items():
        side = HORIZONS[horizon].side
        terms = _goal_terms(horizon, metric, target, begins(today))
        yield Paper(
            GOAL, key, title, f"{title}: agreed by both sides.", terms, max(begins(today), today - GOAL_AGE), side
        )
    yield Paper(REWARD, "joint-bonus", "Joint bonus", BONUS_TEXT, BONUS_TERMS, today - MATRIX_AGE, Side.SALES)
    yield Paper("priority", "pipeline-first", "Existing pipeline first", PRIORITY_TEXT, {"rank": 1}, today - TERMS_AGE)
    yield Paper(
        "steering_metric", "smroi", "Return on sales and marketing", METRIC_TEXT, METRIC_TERMS, today - TERMS_AGE
    )
    yield Paper("meeting_rhythm", RHYTHM_KEY, "Weekly lead review", RHYTHM_TEXT, RHYTHM_TERMS, today - TERMS_AGE)
    yield Paper("role", "ops-admin", "Ops admin", ROLE_TEXT, ROLE_TERMS, today - MATRIX_AGE)


def _matrix_rows() -> Iterator[rules.Row]:
    names = {stage.key: stage.name for stage in STAGES}
    for key, (metric, letters) in STAGE_ROWS.items():
        yield rules.Row(names[key], key, metric, _cells(letters))
    for name, (metric, letters) in DECISION_ROWS.items():
        yield rules.Row(name, "", metric, _cells(letters))


def _cells(letters: tuple[str, ...]) -> dict[str, str]:
    return {role: letter for role, letter in zip(ROLES, letters, strict=True) if letter}
