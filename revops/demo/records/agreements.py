"""What AppLexus has signed: each stage of its funnel and their order, who owes what to whom, and the score of leads.

The papers carry the days on which they were signed, so that history is judged by them; no one is notified of them again.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from agreements.models import Agreement, Entry, Seat, Signature, Version
from agreements.seat_actions import give_seat
from funnel.defaults import ORDER, STAGES
from funnel.definitions import FUNNEL, ONLY_KEY, STAGE
from funnel.stages.drafts import Stage
from kpis.revenue.terms import REVENUE_MIX
from revops.demo import score
from revops.demo.story import CURRENCY
from scoring.defaults import PQL_KEY, PQL_TERMS, PQL_TEXT, PQL_TITLE
from scoring.icp.rules import ICP
from team.models import Side, User

SLA, SLA_KEY = "sla", "mql"
HANDED_OVER = timedelta(days=240)  # AppLexus hands over by its SLA since then
SLA_TERMS: dict[str, object] = {
    "stage": "mql", "response": 8, "response_unit": "hours", "warn_share": 75, "escalate_to": "manager", "track_days": 60,
}  # fmt: skip
SLA_TEXT = "Sales answers every qualified lead within one working day, and says of each whether it was one."
OWED, OWED_KEY = "owed", "monthly"
OWED_TERMS: dict[str, object] = {"qualified_leads": 50, "pipeline_value": "1500000.00", "currency": CURRENCY}
OWED_TEXT = "Marketing hands over enough qualified leads every month for Sales to reach the joint goal."
MIX_KEY = "yearly"
MIX_TERMS: dict[str, object] = {"new_share": "50.00", "new_weight": "1.00", "existing_weight": "1.20"}
MIX_TEXT = "Half of what we invoice comes from new business. Margin from customers we keep counts a fifth more."
ORDER_TEXT = "A buyer walks through these stages, in this order; no one enters one whose criteria fail."
CMO, CRO, OPS, SUPPORT = "priya.raman", "marcus.oyelaran", "tomas.vidal", "aisha.diallo"
NOON = time(16, tzinfo=UTC)  # in New York


@dataclass(frozen=True)
class Paper:
    """What was signed, by which side it was proposed, and on which day it came into force."""

    kind: str
    key: str
    title: str
    text: str
    terms: Mapping[str, Any]
    day: date
    side: str = Side.MARKETING
    third_side: str = ""

    @property
    def signed_at(self) -> datetime:
        return datetime.combine(self.day, NOON)

    @property
    def proposed_at(self) -> datetime:
        return self.signed_at - timedelta(days=6)


def sign_papers(users: dict[str, User], first: date, today: date) -> int:
    """Write down what was signed, except agreements that people have started; return how many papers.

    The funnel and the score are as old as the records, the two halves of the SLA as old as the hand-offs.
    """
    give_seat(by=users[OPS], seat=Seat.SUPPORT, person=users[SUPPORT])
    return write_papers(_list_papers(first, today - HANDED_OVER), users)


def write_papers(papers: Iterable[Paper], users: dict[str, User]) -> int:
    """Write the agreements that people have not started; return how many."""
    existing = set(Agreement.objects.values_list("kind", "key"))
    missing = [paper for paper in papers if (paper.kind, paper.key) not in existing]
    for paper in missing:
        _write_paper(paper, users)
    return len(missing)


def _list_papers(first: date, handed_over: date) -> Iterator[Paper]:
    for stage in map(_adapt_stage, STAGES):
        side = Side.SALES if stage.side == Side.SALES else Side.MARKETING
        yield Paper(STAGE, stage.key, stage.name, stage.text, stage.terms, first, side, stage.third_side)
    yield Paper(FUNNEL, ONLY_KEY, "Our funnel", ORDER_TEXT, {"stages": list(ORDER)}, first)
    yield Paper(ICP, score.ICP_KEY, score.ICP_TITLE, score.ICP_TEXT, score.ICP_TERMS, first)
    yield Paper("score", score.KEY, score.TITLE, score.TEXT, score.TERMS, first)
    yield Paper("score", PQL_KEY, PQL_TITLE, PQL_TEXT, PQL_TERMS, first)
    yield Paper(SLA, SLA_KEY, "Sales answers qualified leads", SLA_TEXT, SLA_TERMS, handed_over)
    yield Paper(REVENUE_MIX, MIX_KEY, "Half of our revenue is new", MIX_TEXT, MIX_TERMS, handed_over, Side.SALES)
    yield Paper(OWED, OWED_KEY, "Marketing fills the pipeline", OWED_TEXT, OWED_TERMS, handed_over, Side.SALES)


def _adapt_stage(stage: Stage) -> Stage:
    """Return the stage as AppLexus signed it: who is handed over decides, in a firm that is large enough."""
    if stage.key != "mql":
        return stage
    text = "The score of the lead reached the agreed threshold; it decides, in a firm of 150 people or more. A clock starts."
    return replace(stage, criteria={"all": [stage.criteria, score.MUST_DECIDE, score.MUST_BE_LARGE]}, text=text)


def _write_paper(paper: Paper, users: dict[str, User]) -> None:
    """Write a paper with its signatures: who proposes signs on that day, the others on the day of its force."""
    signers = {Side.MARKETING: users[CMO], Side.SALES: users[CRO], Side.SUPPORT: users[SUPPORT]}
    by = signers[Side(paper.side)]
    agreement = Agreement.objects.create(kind=paper.kind, key=paper.key, title=paper.title, third_side=paper.third_side)
    version = agreement.versions.create(
        number=1, text=paper.text, terms=paper.terms, drafted_by=by, proposed_by=by, proposed_at=paper.proposed_at,
        sides=agreement.sides,
    )  # fmt: skip
    order = sorted(agreement.sides, key=lambda side: side != paper.side)
    given = [
        Signature(version=version, side=side, signed_by=signers[Side(side)],
                  signed_at=paper.signed_at if index else paper.proposed_at)
        for index, side in enumerate(order)
    ]  # fmt: skip
    Signature.objects.bulk_create(given)
    Version.objects.filter(pk=version.pk).update(drafted_at=paper.proposed_at, in_force_at=paper.signed_at)
    Entry.objects.bulk_create(_history_entries(paper, version, by, given))


def _history_entries(paper: Paper, version: Version, by: User, given: list[Signature]) -> Iterator[Entry]:
    events: list[tuple[str, User | None, str, datetime]] = [
        ("opened", by, f"{by} opened “{paper.title}”.", paper.proposed_at),
        ("proposed", by, f"{by} proposed version 1.", paper.proposed_at),
        *(
            (
                "signed",
                signature.signed_by,
                f"{signature.signed_by} signed version 1 for {Side(signature.side).label}.",
                signature.signed_at,
            )
            for signature in given
        ),
        ("in_force", None, "Both sides have signed: version 1 is active.", paper.signed_at),
    ]
    for verb, actor, text, moment in events:
        yield Entry(agreement=version.agreement, version=version, verb=verb, actor=actor, words=text, written_at=moment)
