"""What the two teams of AppLexus have agreed about working together."""

from collections.abc import Iterator
from datetime import date, timedelta

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


def sign_alignment(users: dict[str, User], today: date) -> int:
    """Write down what was signed about working together; return how many papers."""
    return write_papers(_papers(today), users)


def _papers(today: date) -> Iterator[Paper]:
    terms = {"rows": [row.as_json() for row in _matrix_rows()]}
    yield Paper(rules.KIND, rules.KEY, rules.TITLE, MATRIX_TEXT, terms, today - MATRIX_AGE, Side.SALES)


def _matrix_rows() -> Iterator[rules.Row]:
    names = {stage.key: stage.name for stage in STAGES}
    for key, (metric, letters) in STAGE_ROWS.items():
        yield rules.Row(names[key], key, metric, _cells(letters))
    for name, (metric, letters) in DECISION_ROWS.items():
        yield rules.Row(name, "", metric, _cells(letters))


def _cells(letters: tuple[str, ...]) -> dict[str, str]:
    return {role: letter for role, letter in zip(ROLES, letters, strict=True) if letter}
