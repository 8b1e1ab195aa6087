"""The detectors of this app: each alerts on a small case, and is silent on its healthy and on its empty twin."""

from datetime import date, timedelta
from typing import Any

import pytest

from alarms.context import Context
from alarms.registry import Finding, declared_detectors
from alignment.plan.models import PlanUpdate
from funnel.models import Verdict
from team.models import Company, User
from tests.alarms.records import reject_leads
from tests.alignment.rounds.answering import answer_all, end, open_round, sheet
from tests.alignment.test_plan import goal_terms, sign
from tests.funnel.handoff_factory import signed
from tests.kpis.memory_facts import MemoryFacts

pytestmark = pytest.mark.django_db
BONUS = {
    "goals": ["revenue"], "roles": ["cmo"], "amount": "5000.00", "currency": "EUR", "pays_from": "0.9", "capped_at": "1.5",
    "consequence": "Both review the plan.",
}  # fmt: skip


def look(key: str, today: date | None = None) -> Finding:
    detector = next(detector for detector in declared_detectors() if detector.key == key)
    assert detector.observe
    return detector.observe(Context(MemoryFacts(), today or Company.today(), "EUR"))  # type: ignore[arg-type]


def test_an_update_is_overdue_a_month_after_the_first_goal(cmo: User, cro: User) -> None:
    assert look("plan_update_overdue").judgement.reason == "No joint goal is signed, so no update of the plan is due."
    sign(cro, cmo, "goal", "revenue", goal_terms())
    assert not look("plan_update_overdue").judgement.is_bad
    finding = look("plan_update_overdue", Company.today() + timedelta(days=40))
    assert finding.judgement.value == 10
    assert finding.sentence.startswith("The update of the joint plan was due on ")
    assert not PlanUpdate.objects.exists()


def test_a_company_that_signs_needs_a_goal_and_a_reward(cmo: User, cro: User) -> None:
    assert not look("no_joint_goal").judgement.has_data
    signed(cmo, cro)
    assert look("no_joint_goal").sentence == "No joint goal and no joint reward is active."
    sign(cro, cmo, "goal", "revenue", goal_terms())
    assert look("no_joint_goal").sentence == "No joint reward is active."
    sign(cro, cmo, "reward", "bonus", BONUS)
    assert not look("no_joint_goal").judgement.is_bad


@pytest.mark.parametrize(("sales", "is_bad"), [(5, False), (24, True)])
def test_teams_that_believe_different_things_of_the_sla_alert(
    cmo: User, cro: User, ceo: User, sales: int, is_bad: bool
) -> None:
    assert not look("teams_disagree_on_sla").judgement.has_data
    signed(cmo, cro)
    held, links = open_round(ceo)
    beliefs: dict[str, Any] = {"marketing": [4] * 5, "sales": [sales] * 6}
    answer_all(
        links,
        {side: [sheet(4, expectations={"sla.mql.response": hours}) for hours in own] for side, own in beliefs.items()},
    )
    end(held)
    finding = look("teams_disagree_on_sla")
    assert finding.judgement.has_data
    assert finding.judgement.is_bad == is_bad
    assert ("believe clearly different things of 1 of " in finding.sentence) == is_bad


def test_words_that_the_lexicon_avoids_alert_from_three_texts_on(cmo: User, cro: User) -> None:
    assert look("unsigned_words").judgement.reason == "The lexicon names no synonym to avoid."
    sign(cmo, cro, "term", "mql", {"acronym": "MQL", "avoid": ["lead"], "owner_side": "marketing"})
    verdicts = reject_leads(3, days_ago=5, answered=0, by=cro)
    today = verdicts[0].given_at.date() + timedelta(days=5)
    assert not look("unsigned_words", today).judgement.is_bad
    Verdict.objects.update(note="A weak lead, and no leadership.")
    finding = look("unsigned_words", today)
    assert finding.judgement.is_bad
    assert finding.sentence == "3 texts of 90 days use words that the lexicon avoids: lead."
