from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from alarms import actions, evaluation
from alarms.context import Context
from alarms.costs import MoneyRange
from alarms.holds import MOVED_TOGETHER, judge_together
from alarms.judges import Watch
from alarms.judging import Judgement
from alarms.models import Alarm, AlarmEvent, DetectorState
from alarms.queries import calling_alarms, read_record, total_cost
from alarms.registry import Cost, Detector, Finding
from alarms.rules import RateRule
from notify.models import Notice
from team.models import Company, Role, User
from tests.kpis.memory_facts import MemoryFacts

pytestmark = pytest.mark.django_db
DAY = date(2025, 3, 3)
BAD = Judgement(DAY, value=0.3, expected=0.1, n=50, is_bad=True, is_calm=False)
CALM = replace(BAD, value=0.1, is_bad=False, is_calm=True)
EUROS = MoneyRange(Decimal(300), Decimal(400), Decimal(500), "EUR")
Evaluate = Callable[..., list[Alarm]]


def make_detector(key: str = "breaches", **fields: Any) -> Detector:
    values = {
        "key": key, "name": "Clocks missed", "looks_for": "Alerts when clocks are missed.", "section": "Follow-up",
        "owner": Role.CRO, "remedy": "Answer sooner.", "observe": lambda context: Finding(BAD),
    }  # fmt: skip
    return Detector(**{**values, **fields})


@pytest.fixture
def evaluate_judgements(company: Company, monkeypatch: pytest.MonkeyPatch) -> Evaluate:
    """Evaluate detectors that have judged so: `evaluate_judgements(breaches=BAD)`."""
    context = Context(MemoryFacts(), DAY, "EUR")  # type: ignore[arg-type]

    def run(*, tests: bool = False, cost: MoneyRange | None = None, **judgements: Judgement) -> list[Alarm]:
        findings = {key: Finding(judged) for key, judged in judgements.items()}
        monkeypatch.setattr(evaluation, "judge", lambda context, watch: findings[watch.detector.key])
        priced = Cost("counted", lambda context, finding: cost) if cost else None
        rule: dict[str, Any] = {"rule": RateRule("close_rate", "down"), "observe": None} if tests else {}
        watches = [Watch(make_detector(key, cost=priced, **rule)) for key in judgements]
        return evaluation.evaluate(context, watches)

    return run


def test_an_alarm_opens_once_and_tells_its_owner(evaluate_judgements: Evaluate, cro: User) -> None:
    assert len(evaluate_judgements(breaches=BAD, cost=EUROS)) == 1
    assert evaluate_judgements(breaches=BAD) == []
    alarm = Alarm.objects.get()
    assert alarm.owner == cro
    assert Notice.objects.get().event.title == "Alarm: Clocks missed"
    assert [event.verb for event in alarm.events.all()] == ["opened"]
    assert total_cost([alarm]) is None  # the newest evaluation could not say what it costs


def test_the_cost_is_what_the_last_evaluation_saw(evaluate_judgements: Evaluate) -> None:
    evaluate_judgements(breaches=BAD, cost=EUROS)
    alarm = Alarm.objects.get()
    assert total_cost([alarm]) == EUROS


def test_an_alarm_ends_by_itself_and_waits_for_a_verdict(evaluate_judgements: Evaluate) -> None:
    evaluate_judgements(breaches=BAD)
    for day in (1, 2):
        evaluate_judgements(breaches=replace(CALM, bucket=DAY + timedelta(days=day)))
    alarm = Alarm.objects.get()
    assert alarm.ended_at
    assert not alarm.verdict
    assert list(Alarm.objects.without_verdict()) == [alarm]
    assert len(evaluate_judgements(breaches=replace(BAD, bucket=DAY + timedelta(days=3)))) == 1


def test_a_closed_alarm_opens_again_only_when_it_is_worse(evaluate_judgements: Evaluate, cro: User) -> None:
    evaluate_judgements(breaches=BAD)
    actions.close_alarm(alarm=Alarm.objects.get(), user=cro, verdict="real")
    assert evaluate_judgements(breaches=BAD) == []
    assert len(evaluate_judgements(breaches=replace(BAD, value=0.5))) == 1
    assert read_record("breaches").real == 1


def test_a_worse_figure_ends_a_snooze(evaluate_judgements: Evaluate, cro: User) -> None:
    evaluate_judgements(breaches=BAD)
    until = Company.today() + timedelta(days=14)
    actions.snooze_alarm(alarm=Alarm.objects.get(), user=cro, until=until, reason="New rep starts on Monday.")
    assert len(calling_alarms()) == 0
    evaluate_judgements(breaches=BAD)
    assert len(calling_alarms()) == 0
    evaluate_judgements(breaches=replace(BAD, value=0.5))
    assert len(calling_alarms()) == 1
    verbs = [event.verb for event in AlarmEvent.objects.all()]
    assert verbs == ["opened", "snoozed", "worsened"]


def test_an_evaluation_that_is_killed_opens_nothing_and_loses_nothing(
    evaluate_judgements: Evaluate, monkeypatch: pytest.MonkeyPatch, cro: User
) -> None:
    def die(*args: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(evaluation, "tell_owner", die)
        with pytest.raises(SystemExit):
            evaluate_judgements(breaches=BAD)
    assert not Alarm.objects.exists()
    assert not DetectorState.objects.exists()
    assert len(evaluate_judgements(breaches=BAD)) == 1
    assert Notice.objects.count() == 1


def test_a_detector_that_fails_does_not_stop_the_others(company: Company, cro: User) -> None:
    def fail(context: Context) -> Finding:
        raise ZeroDivisionError("no hand-offs")

    watches = [Watch(make_detector("broken", observe=fail)), Watch(make_detector())]
    opened = evaluation.evaluate(Context(MemoryFacts(), DAY, "EUR"), watches)  # type: ignore[arg-type]
    assert [alarm.detector for alarm in opened] == ["breaches"]
    state = DetectorState.objects.get(key="broken")
    assert state.condition == "error"
    assert state.reason == "ZeroDivisionError: no hand-offs"


def test_many_tests_that_turn_at_once_are_held(evaluate_judgements: Evaluate) -> None:
    certain = replace(BAD, p_value=0.0001)
    assert evaluate_judgements(tests=True, one_a=certain, two_b=certain, three_c=certain) == []
    assert {state.condition for state in DetectorState.objects.all()} == {"pending"}


def test_one_test_among_many_rings(evaluate_judgements: Evaluate) -> None:
    normal = replace(CALM, p_value=0.6)
    opened = evaluate_judgements(tests=True, a=replace(BAD, p_value=0.0001), b=normal, c=normal, d=normal)
    assert [alarm.detector for alarm in opened] == ["a"]


def test_a_snooze_needs_a_reason_and_a_day(evaluate_judgements: Evaluate, cro: User) -> None:
    evaluate_judgements(breaches=BAD)
    alarm, today = Alarm.objects.get(), Company.today()
    with pytest.raises(ValidationError, match="Enter a reason"):
        actions.snooze_alarm(alarm=alarm, user=cro, until=today + timedelta(days=3), reason=" ")
    with pytest.raises(ValidationError, match="after today"):
        actions.snooze_alarm(alarm=alarm, user=cro, until=today, reason="Known.")


def test_a_closed_alarm_can_be_reopened(evaluate_judgements: Evaluate, cro: User) -> None:
    evaluate_judgements(breaches=BAD)
    alarm = actions.close_alarm(alarm=Alarm.objects.get(), user=cro, verdict="not_real", note="Import was late.")
    assert len(calling_alarms()) == 0
    actions.reopen_alarm(alarm=alarm, user=cro)
    assert len(calling_alarms()) == 1
    assert not Alarm.objects.get().verdict


def test_a_detector_yields_to_the_one_that_sees_the_same_cause(company: Company, cro: User) -> None:
    rejections, acceptance = make_detector("rejections"), make_detector("acceptance", yields_to="rejections")
    context = Context(MemoryFacts(), DAY, "EUR")  # type: ignore[arg-type]
    opened = evaluation.evaluate(context, [Watch(acceptance), Watch(rejections)])
    assert [alarm.detector for alarm in opened] == ["rejections"]
    state = DetectorState.objects.get(key="acceptance")
    assert state.condition == "pending"
    assert state.reason == "Held: the alarm “Clocks missed” has the same cause."
    assert evaluation.evaluate(context, [Watch(acceptance)]) == []  # the other one is still open
    DetectorState.objects.filter(key="rejections").update(is_alerting=False)
    assert [alarm.detector for alarm in evaluation.evaluate(context, [Watch(acceptance)])] == ["acceptance"]


def test_a_detector_without_its_records_has_no_data(company: Company) -> None:
    context = Context(MemoryFacts(leads=[{}]), DAY, "EUR")  # type: ignore[arg-type]
    evaluation.evaluate(context, [Watch(make_detector(requires=("leads", "content_uses")))])
    state = DetectorState.objects.get(key="breaches")
    assert (state.condition, state.reason) == ("no_data", "No content uses on record.")


def test_figures_that_move_together_have_one_alarm_until_somebody_answers_it(
    company: Company, ops: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = Context(MemoryFacts(), DAY, "EUR")  # type: ignore[arg-type]
    detectors = [make_detector(key, rule=RateRule("close_rate", "down"), observe=None) for key in ("a", "b", "c")]
    together = make_detector(MOVED_TOGETHER, observe=lambda context: judge_together(context, ()))
    watches = [Watch(detector) for detector in (*detectors, together)]
    certain, calm = Finding(replace(BAD, p_value=0.0001)), Finding(CALM)
    monkeypatch.setattr(evaluation, "judge", lambda context, watch: certain if watch.detector.is_test else calm)
    assert [alarm.detector for alarm in evaluation.evaluate(context, watches)] == [MOVED_TOGETHER]
    assert Alarm.objects.get().sentence == "3 figures changed for the worse at once, so their own alarms are held."
    assert evaluation.evaluate(context, watches) == []
    actions.close_alarm(alarm=Alarm.objects.get(), user=ops, verdict="real")
    assert [alarm.detector for alarm in evaluation.evaluate(context, watches)] == ["a", "b", "c"]


def test_a_detector_that_is_turned_off_ends_its_alarm_and_says_why(evaluate_judgements: Evaluate, cro: User) -> None:
    evaluate_judgements(breaches=BAD)
    actions.set_detector(detector=make_detector(), user=cro, is_on=False)
    assert len(calling_alarms()) == 0
    event = Alarm.objects.get().events.last()
    assert event
    assert (event.verb, event.by, event.note) == ("ended", cro, "The detector was turned off.")
