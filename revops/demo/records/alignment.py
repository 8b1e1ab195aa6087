"""What the two teams of AppLexus have agreed about working together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.text import slugify

from agreements.models import Agreement, Entry, Version
from alignment.matrix import rules
from funnel.defaults import STAGES
from revops.demo.records.agreements import CMO, CRO, NOON, Paper, write_papers
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
                 "objections": "A long introduction.", "owner_side": Side.MARKETING.value}  # fmt: skip
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
    return count


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
