"""The 14 dimensions of alignment, and the kinds of agreement that belong to each. Pure.

A dimension is disputed where one of its agreements is, stale where one that binds is past its review or has expired
without a successor, agreed where one binds, and missing where none does.
"""

from collections.abc import Collection
from dataclasses import dataclass

AGREED, STALE, DISPUTED, MISSING = "agreed", "stale", "disputed", "missing"
BADGES = {
    AGREED: ("Agreed", "is-met"),
    STALE: ("Stale", "is-warning"),
    DISPUTED: ("Disputed", "is-alarm"),
    MISSING: ("Missing", ""),
}
STATES = [(state, label) for state, (label, _) in BADGES.items()]


@dataclass(frozen=True)
class Dimension:
    key: str
    name: str
    question: str
    kinds: tuple[str, ...]


DIMENSIONS = (
    Dimension("lexicon", "Lexicon", "Do both teams mean the same by each term?", ("term",)),
    Dimension("priorities", "Priorities", "What comes first for both teams?", ("priority",)),
    Dimension("roles", "Roles", "Who does what where the teams meet?", ("role",)),
    Dimension("goals", "Goals", "Which goals and rewards do the teams share?", ("goal", "reward")),
    Dimension("metrics", "Metrics", "Which numbers steer both teams?", ("steering_metric", "score")),
    Dimension("reporting", "Reporting", "Who reports what to whom, and who may see it?", ("reporting_right",)),
    Dimension(
        "accountabilities", "Accountabilities", "Who answers for each stage and decision?", ("accountability_matrix",)
    ),
    Dimension("timing", "Timing", "When does a lead pass from one team to the other?", ("stage", "funnel")),
    Dimension("expectations", "Expectations", "What does each team owe the other?", ("sla", "owed")),
    Dimension("arbitration", "Arbitration", "Who decides where the teams disagree?", ("arbitration_rule",)),
    Dimension("messaging", "Messaging", "What do both teams tell buyers?", ("message", "content")),
    Dimension("personas", "Buyer personas", "Whom do both teams sell to?", ("persona", "icp")),
    Dimension("recruitment", "Recruitment", "Whom do the teams hire, and who has a say?", ("recruiting_principle",)),
    Dimension("culture", "Culture", "How do the teams meet and learn from each other?", ("meeting_rhythm",)),
)


def dimension_state(states: Collection[str]) -> str:
    """Return the state of a dimension, given the states of its agreements (of `AgreementRow.state`, and expired)."""
    if "disputed" in states:
        return DISPUTED
    if "stale" in states or "expired" in states:
        return STALE
    return AGREED if "in_force" in states else MISSING
