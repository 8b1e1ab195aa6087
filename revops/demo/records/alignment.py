"""What the two teams of AppLexus have agreed about working together."""

from collections.abc import Iterator
from datetime import date, timedelta

from django.utils.text import slugify

from alignment.matrix import rules
from funnel.defaults import STAGES
from revops.demo.records.agreements import Paper, write_papers
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


def sign_alignment(users: dict[str, User], today: date) -> int:
    """Write down what was signed about working together; return how many papers."""
    return write_papers(_papers(today), users)


def _papers(today: date) -> Iterator[Paper]:
    terms = {"rows": [row.as_json() for row in _matrix_rows()]}
    yield Paper(rules.KIND, rules.KEY, rules.TITLE, MATRIX_TEXT, terms, today - MATRIX_AGE, Side.SALES)
    for title, acronym, definition, owner, avoid in TERMS:
        values = {"acronym": acronym, "owner_side": str(owner), "avoid": list(avoid)}
        filled = {name: value for name, value in values.items() if value}
        yield Paper("term", slugify(title), title, definition, filled, today - TERMS_AGE, owner or Side.MARKETING)
    yield Paper("persona", "operations", "Head of Operations", PERSONA_TEXT, PERSONA_TERMS, today - TERMS_AGE)
    yield Paper("role", "ops-admin", "Ops admin", ROLE_TEXT, ROLE_TERMS, today - MATRIX_AGE)


def _matrix_rows() -> Iterator[rules.Row]:
    names = {stage.key: stage.name for stage in STAGES}
    for key, (metric, letters) in STAGE_ROWS.items():
        yield rules.Row(names[key], key, metric, _cells(letters))
    for name, (metric, letters) in DECISION_ROWS.items():
        yield rules.Row(name, "", metric, _cells(letters))


def _cells(letters: tuple[str, ...]) -> dict[str, str]:
    return {role: letter for role, letter in zip(ROLES, letters, strict=True) if letter}
