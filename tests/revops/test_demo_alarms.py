"""The demo company opens the alarms that its stories plant and no other, whatever the day on which it is loaded."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import transaction

from alarms.context import open_context
from alarms.evaluation import evaluate
from alarms.models import Alarm, DetectorState
from alarms.setups import all_watches
from facts.refresh import refresh
from funnel.classify import classify_buyers
from funnel.handoffs.clock_tick import tick_clocks
from revops.demo.verdicts import give_verdicts
from scoring.batch_scoring import score_all

pytestmark = pytest.mark.timeout(900)  # AppLexus is loaded, scored and classified for each day
STORIES = {
    "agreements_unsettled",  # a disputed report, an unsigned message, an overdue review
    "campaigns_upside_down",  # pink and blue
    "content_unused",  # two thirds of it
    "leads_never_followed_up",  # the queue of a rep who left, and leads that are bought
    "sla_breaches",  # a slow rep
    "smroi_under_benchmark",  # 117 % against 152 %
    "teams_disagree_on_sla",  # two hours or three days
}
TODAYS = [date(2026, 11, 30), date(2027, 1, 1), date(2028, 2, 29)]  # a Monday, a Friday at New Year, a Tuesday


@pytest.fixture(scope="module", params=TODAYS, ids=str)
def today(request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any) -> Iterator[date]:
    """Load AppLexus as seen on a day, with its first evaluation, for the tests of this module."""
    day = request.param
    with django_db_blocker.unblock(), transaction.atomic():
        with time_machine.travel(datetime(day.year, day.month, day.day, 17, tzinfo=UTC), tick=True):
            call_command("demo", "--records-only", verbosity=0)
            refresh()
            score_all()
            refresh()
            classify_buyers()
            tick_clocks()
            give_verdicts()
            refresh()
            evaluate(open_context(), all_watches())
        yield day
        transaction.set_rollback(True)


def test_the_demo_opens_the_alarms_of_its_stories_and_no_other(today: date, db: None) -> None:
    assert set(Alarm.objects.values_list("detector", flat=True)) == STORIES
    assert not DetectorState.objects.filter(condition="error").exists()
    costs = dict(Alarm.objects.values_list("detector", "cost"))
    assert costs["smroi_under_benchmark"] == 4_028_000
    assert 60_000 < costs["campaigns_upside_down"] < 130_000  # what was spent on pink
    assert costs["leads_never_followed_up"] > 100_000
    assert Alarm.objects.get(detector="campaigns_upside_down").sentence == (
        "“Pink – Spring webinar series” brought 50% more leads than “Blue – CFO roundtables”, but only 21% of its revenue."
    )
