"""The demo company in the database: its figures through the ordinary metrics, twice is once, and gone on request."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import transaction
from django.db.models import Count, Q, Sum

from alignment.index import actions
from alignment.overview.queries import read_overview
from core.periods import preset_period, year_period
from crm import models as crm
from facts.engine import open_facts
from facts.refresh import refresh
from funnel.classify import classify_buyers
from funnel.handoffs.clock_tick import tick_clocks
from funnel.mapping.usage import seen_stages
from funnel.models import Answer, HandOff, Verdict
from kpis.compute import compute_metric
from kpis.models import Goal
from kpis.ranking import rank_campaigns
from revops.demo.load import ORDER
from revops.demo.prospects import NOISY
from revops.demo.story import GOAL
from revops.demo.verdicts import give_verdicts
from scoring.batch_scoring import score_all
from scoring.definitions import in_force
from scoring.proof.measures import ENOUGH, auc
from scoring.proof.outcomes import load_outcomes
from scoring.scores_in_force import scores_as_of
from team.models import Company, Role, Territory, User
from tests import make

TODAY = date(2027, 2, 10)
REVENUE, SPEND = Decimal("24700000.00"), Decimal("11400000.00")
PINK, BLUE = "Pink – Spring webinar series", "Blue – CFO roundtables"


@pytest.fixture(scope="module")
def founded(django_db_setup: None, django_db_blocker: Any) -> Iterator[date]:
    """AppLexus loaded once for the tests of this module, and gone after them."""
    today = TODAY
    with django_db_blocker.unblock(), transaction.atomic():
        with time_machine.travel(datetime(today.year, today.month, today.day, 17, tzinfo=UTC), tick=True):
            call_command("demo", "--records-only", verbosity=0)
        yield today
        transaction.set_rollback(True)


@pytest.fixture
def on_the_day(founded: date) -> Iterator[date]:
    with time_machine.travel(datetime(founded.year, founded.month, founded.day, 17, tzinfo=UTC), tick=True):
        yield founded


def counts() -> dict[str, int]:
    return {kind.__name__: kind._default_manager.count() for kind in ORDER}


def newest() -> dict[str, Any]:
    """Return the last id and the last writing transaction of each table: they move when anything is written."""
    return {kind.__name__: (kind._default_manager.order_by("-pk").values_list("pk", "changed_xid").first())
            for kind in ORDER}  # fmt: skip


def test_the_company_is_set_up_and_its_people_can_only_be_signed_in(founded: date, db: None) -> None:
    company = Company.get()
    assert (company.name, company.currency, company.is_demo) == ("AppLexus", "USD", True)
    assert company.claimed_at
    assert set(User.objects.values_list("role", flat=True)) == set(Role)
    assert not any(user.has_usable_password() for user in User.objects.all())
    assert crm.Owner.objects.filter(user__isnull=True).count() == 1
    assert User.objects.filter(role=Role.REP).order_by("pk").first().reports.count() == 0  # type: ignore[union-attr]


def test_the_database_adds_up_to_the_cent(founded: date, db: None) -> None:
    invoices = crm.Invoice.objects.filter(issued_on__year=founded.year - 1)
    sums = invoices.aggregate(
        plus=Sum("amount", filter=Q(kind="invoice")), minus=Sum("amount", filter=Q(kind="credit"))
    )
    assert sums["plus"] - sums["minus"] == REVENUE
    won = crm.Opportunity.objects.filter(outcome="won", closed_on__year=founded.year - 1)
    assert won.aggregate(total=Sum("amount"))["total"] == REVENUE
    assert crm.Spend.objects.filter(spent_on__year=founded.year - 1).aggregate(t=Sum("amount"))["t"] == SPEND


def test_loading_twice_changes_nothing(on_the_day: date, db: None, capsys: pytest.CaptureFixture[str]) -> None:
    before, people = (counts(), newest()), User.objects.aggregate(n=Count("pk"))
    call_command("demo", "--records-only")
    assert "is here already" in capsys.readouterr().out
    assert (counts(), newest(), User.objects.aggregate(n=Count("pk"))) == (*before, people)


def test_the_metrics_say_what_the_story_says(on_the_day: date, db: None) -> None:
    refresh()
    facts, whole = open_facts(), preset_period("last_year", on_the_day)
    smroi = compute_metric("smroi", whole, facts=facts)
    assert (smroi.numerator, smroi.denominator) == (REVENUE - SPEND, SPEND)
    assert smroi.value == pytest.approx(1.166667, abs=1e-6)
    assert (smroi.gap["extra_revenue"], smroi.gap["spend_saved"]) == (4_028_000, Decimal("1598412.70"))
    assert compute_metric("won_revenue", whole, facts=facts).value == REVENUE
    goal = Goal.objects.get()
    assert (goal.metric, goal.target, goal.starts_on) == ("revenue", GOAL, date(on_the_day.year, 1, 1))
    assert 0 < compute_metric("revenue", year_period(on_the_day.year), facts=facts).value < GOAL / 4
    leads = compute_metric("campaign_leads", whole, by="campaign", facts=facts).parts
    earned = compute_metric("campaign_revenue", whole, by="campaign", facts=facts).parts
    ranking = rank_campaigns(leads, earned, "USD")
    loud, quiet = ranking.upside_down or ()
    assert (loud.label, loud.leads, loud.revenue) == (PINK, 150, 100_000)
    assert (quiet.label, quiet.leads, quiet.revenue) == (BLUE, 100, 480_000)
    shown = [{one.label for one in ranked} for ranked in (ranking.by_leads, ranking.by_revenue)]
    assert all({PINK, BLUE} <= labels for labels in shown)


def test_the_page_of_the_ceo_tells_what_is_wrong_at_applexus(
    on_the_day: date, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh()
    monkeypatch.setattr(actions, "MONTHS_BACK", 6)
    actions.record_index()
    overview = read_overview(User.objects.get(role=Role.CEO))
    assert overview.money.cost
    assert overview.money.cost.extra_revenue == 4_028_000
    assert overview.behind
    assert [row.kind for row in overview.dates] == ["review", "dispute"]
    assert overview.plan.last
    history = overview.history
    assert history
    assert history.index
    assert {part.key for part in history.index.present} >= {"answers", "agreements"}
    states = {row.key: row.detail for row in history.index.parts[1].inputs}
    assert (states["reporting"], states["culture"]) == ("Disputed", "Stale")
    is_answered = [not point.index.parts[0].is_missing for point in history.points]
    assert is_answered == sorted(is_answered)  # from the first round on
    assert not is_answered[0]
    assert sum(is_answered) >= 5
    assert sum(row.points for row in history.contributions) == history.change


def test_the_score_tells_who_buys_and_sales_says_of_one_campaign_why_not(on_the_day: date, db: None) -> None:
    """What the proof, the inbox and the verdicts of the demo show; not too well, and not at all for some months."""
    refresh()
    score_all()
    refresh()
    classify_buyers()
    tick_clocks()
    assert give_verdicts() > 100
    assert not any(stage.is_unmapped for stage in seen_stages())
    rejected = Verdict.objects.filter(answer="rejected").exclude(criterion="")
    worst = rejected.values("criterion").annotate(n=Count("pk")).order_by("-n")[0]
    assert worst["criterion"] == "persona is not “Specialist”"
    assert Answer.objects.filter(is_contest=False).exists()
    assert Answer.objects.filter(is_contest=True, decision="").count() == 1
    assert HandOff.objects.open().filter(score__isnull=False).exists()
    assert give_verdicts() == 0

    refresh()
    facts = open_facts()
    frame = load_outcomes(facts).frame
    scored = facts.execute(scores_as_of(facts, in_force()[0], frame[["lead_id", "asked_at"]]).select("id", "score"))
    frame = frame.merge(scored, left_on="lead_id", right_on="id")
    handed = frame[frame["handed"]]
    noisy = handed["asked_at"].dt.month.isin(NOISY) & (handed["asked_at"].dt.year == on_the_day.year - 1)

    def tells(rows: Any) -> float:
        return auc(rows["score"].to_numpy(float), rows["won"].to_numpy(bool)) or 0.0

    assert handed["won"].sum() > 1.5 * ENOUGH
    assert 0.7 < tells(handed[~noisy]) < 0.82
    assert tells(handed[noisy]) < tells(handed[~noisy]) - 0.05


def test_reset_replaces_the_demo_and_leaves_everything_else(founded: date, db: None) -> None:
    """Nearly two years on, beside records of another person that refer to the demo's."""
    account = crm.Account.objects.filter(source="demo").first()
    mine = make.lead(source="salesforce", account=account, owner=crm.Owner.objects.first())
    user, territory = make.user(Role.REP), make.territory()
    people = set(User.objects.values_list("pk", flat=True))
    with time_machine.travel(datetime(2028, 2, 29, 17, tzinfo=UTC), tick=True):
        call_command("demo", "--reset", "--records-only", verbosity=0)
    mine.refresh_from_db()
    assert (mine.account, mine.owner, mine.source) == (None, None, "salesforce")
    assert set(User.objects.values_list("pk", flat=True)) == people
    assert User.objects.filter(pk=user.pk).exists()
    assert Territory.objects.filter(pk=territory.pk).exists()
    won = crm.Opportunity.objects.filter(outcome="won", closed_on__year=2027)
    assert won.aggregate(total=Sum("amount"))["total"] == REVENUE
    assert set(Goal.objects.values_list("starts_on__year", flat=True)) == {2028}
    assert crm.Lead.objects.exclude(source="demo").count() == 1
