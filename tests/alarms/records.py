"""Rejections in the database, answered or not."""

from datetime import datetime, time, timedelta

from funnel.models import Answer, HandOff, Verdict
from team.models import Company, User
from tests import make
from tests.alarms.detector_cases import TODAY


def reject_leads(n: int, *, days_ago: int, answered: int, by: User) -> list[Verdict]:
    """Reject so many leads on a day; Marketing answers the first ones."""
    moment = datetime.combine(TODAY - timedelta(days=days_ago), time(12), Company.get().zone)
    verdicts = []
    for _ in range(n):
        lead = make.lead()
        handoff = HandOff.objects.create(lead=lead, why="Test", started_at=moment, ended_at=moment, end="rejected")
        verdicts.append(
            Verdict.objects.create(
                handoff=handoff, lead=lead, answer="rejected", note="No budget", given_by=by, given_at=moment, settled_at=moment,
            )
        )  # fmt: skip
    Answer.objects.bulk_create(
        Answer(verdict=verdict, words="We ask now.", given_by=by) for verdict in verdicts[:answered]
    )
    return verdicts
