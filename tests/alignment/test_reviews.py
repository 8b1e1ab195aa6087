"""The joint review: walked by both leaders, with decisions that the next one asks about, and an update of the plan."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, transaction
from django.utils import timezone

from alarms.models import Alarm
from alignment.plan.actions import present_update
from alignment.plan.models import PlanUpdate
from alignment.review import actions
from alignment.review.models import Decision, Review
from alignment.review.queries import list_asked, possible_attendees
from alignment.review.steps import STEPS
from notify.models import Notice
from team.models import Company, Role, User
from tests import make
from tests.alignment.test_plan import sign_goal


def in_days(days: int) -> Any:
    return Company.today() + timedelta(days=days)


def record(review: Review, by: User, owner: User, **fields: Any) -> Decision:
    values = {"text": "Move a fifth of the budget.", "owner": owner, "due_on": in_days(7), "step": "campaigns"}
    return actions.record_decision(by=by, review=review, **{**values, **fields})


def close(review: Review, by: User, *present: User) -> Review:
    return actions.close_review(by=by, review=review, present=present, next_due_on=in_days(30))


def test_a_review_is_walked_closed_and_stands_in_the_plan(as_user: Any, cmo: User, cro: User, rep: User) -> None:
    sign_goal(cmo, cro)
    client = as_user(cmo)
    assert client.post("/reviews/start/", follow=True).status_code == 200
    for number, step in enumerate(STEPS, 1):
        page = client.get(f"/reviews/1/steps/{step.key}/")
        assert page.status_code == 200, step.key
        assert f"step {number} of {len(STEPS)}" in page.content.decode()
    assert Review.objects.get().position == "summary"
    body = {"text": "Call every lead.", "owner": rep.pk, "due_on": in_days(7), "step": "slas", "item": "SLA compliance"}
    client.post("/reviews/1/decisions/", body)
    closing = {"present": [cmo.pk, cro.pk], "next_due_on": in_days(30)}
    page = client.post("/reviews/1/close/", closing, follow=True).content.decode()
    assert "Update 1 of the joint plan waits for the leaders who have not presented it yet." in page
    assert "Held on" in page
    assert "Mona CMO and Rob CRO" in page
    review, update = Review.objects.get(), PlanUpdate.objects.get()
    assert review.plan_update == update
    assert "Call every lead." in update.sales_text
    assert "No decision for this side." in update.marketing_text
    assert (update.marketing_by, update.sales_by) == (cmo, None)  # no one presents it for another side
    assert present_update(by=cro, update=update).is_presented
    assert Notice.objects.get(user=rep).event.link == "/reviews/1/"
    assert "Call every lead." in as_user(rep).get("/reviews/1/").content.decode()


def test_a_review_needs_a_leader_of_each_side(cmo: User, cro: User, ceo: User) -> None:
    review = actions.start_review(by=ceo)
    with pytest.raises(ValidationError, match="No leader of Sales is marked as present"):
        close(review, cmo, cmo, ceo)
    with pytest.raises(ValidationError, match="No leader of Marketing and Sales"):
        close(review, cmo)
    assert close(review, ceo, cmo, cro).is_closed
    assert [side for _, side in possible_attendees()] == ["marketing", "sales", ""]


def test_without_a_signed_goal_the_review_says_so_and_makes_no_update(as_user: Any, cmo: User, cro: User) -> None:
    actions.start_review(by=cmo)
    assert "closing the review makes no update" in as_user(cmo).get("/reviews/1/steps/summary/").content.decode()
    assert close(Review.objects.get(), cmo, cmo, cro).plan_update is None
    assert not PlanUpdate.objects.exists()


def test_one_review_is_open_at_a_time_and_is_resumed_where_it_was_left(as_user: Any, cmo: User, cro: User) -> None:
    review = actions.start_review(by=cmo)
    assert actions.start_review(by=cro) == review
    assert review.since == in_days(-30)
    as_user(cmo).get("/reviews/1/steps/slas/")
    assert as_user(cro).get("/reviews/1/").url == "/reviews/1/steps/slas/"
    close(review, cmo, cmo, cro)
    assert as_user(cro).get("/reviews/1/steps/slas/").url == "/reviews/1/"
    assert actions.start_review(by=cro).since == Company.today()


def test_the_next_review_asks_about_each_decision(cmo: User, cro: User) -> None:
    first = actions.start_review(by=cmo)
    done, late = record(first, cmo, cro), record(first, cmo, cmo, text="Write the brief.")
    close(first, cmo, cmo, cro)
    second = actions.start_review(by=cro)
    assert {asked.decision for asked in list_asked(second)} == {done, late}
    with pytest.raises(ValidationError, match="2 decisions of the last review wait for an answer"):
        close(second, cro, cmo, cro)
    actions.answer_decision(by=cro, review=second, decision=done, answer="done")
    with pytest.raises(ValidationError, match="Choose a new day"):
        actions.answer_decision(by=cro, review=second, decision=late, answer="not_done")
    for days in (20, 14):  # answered twice: the first day of the decision is remembered
        answer = actions.answer_decision(by=cro, review=second, decision=late, answer="not_done", due_on=in_days(days))
    assert answer.was_due_on == in_days(7)
    close(second, cro, cmo, cro)
    late.refresh_from_db()
    assert (late.status, late.due_on) == ("open", in_days(14))
    third = actions.start_review(by=cmo)
    assert [asked.decision for asked in list_asked(third)] == [late]
    actions.answer_decision(by=cmo, review=third, decision=late, answer="dropped", note="Not needed.")
    close(third, cmo, cmo, cro)
    assert list_asked(actions.start_review(by=cmo)) == []


def test_a_closed_review_does_not_change(cmo: User, cro: User) -> None:
    review = actions.start_review(by=cmo)
    decision = record(review, cmo, cro)
    close(review, cmo, cmo, cro)
    for act in (
        lambda: record(review, cmo, cro),
        lambda: actions.delete_decision(by=cmo, decision=decision),
        lambda: close(review, cmo, cmo, cro),
        lambda: actions.answer_leads(by=cmo, review=review, dimension="campaign", key="1", name="Blue", wish="more"),
    ):
        with pytest.raises(ValidationError, match="is closed and does not change any more"):
            act()
    with pytest.raises(DatabaseError), transaction.atomic():
        Review.objects.update(figures={})


def test_figures_are_frozen_as_numbers(cmo: User, cro: User) -> None:
    sign_goal(cmo, cro)
    review = close(actions.start_review(by=cmo), cmo, cmo, cro)
    assert set(review.figures) == {step.key for step in STEPS if step.read}
    (goal,) = review.figures["goals"]["goals"]
    assert (goal["metric"], goal["target"], goal["currency"], goal["state"]) == ("revenue", "1000", "EUR", "unknown")
    compliance = review.figures["slas"]["sales"][0]
    assert set(compliance) >= {"metric", "value", "numerator", "denominator", "n", "currency"}


def test_leaders_hold_it_and_others_read_what_they_may_see(
    as_user: Any, cmo: User, cro: User, ops: User, rep: User
) -> None:
    for user in (ops, rep):
        with pytest.raises(PermissionDenied):
            actions.start_review(by=user)
    review = actions.start_review(by=cmo)
    record(review, cmo, rep, text="Call every lead.")
    record(review, cmo, cro, text="Ask for budget.")
    actions.answer_leads(by=cmo, review=review, dimension="campaign", key="1", name="Blue", wish="more")
    assert "Call every lead." not in as_user(rep).get("/reviews/1/").content.decode()  # while it is held
    assert as_user(rep).get("/api/v1/decisions/").json()["results"] == []
    assert as_user(rep).get("/reviews/1/steps/goals/").status_code == 403
    close(review, cmo, cmo, cro)
    assert "Ask for budget." in as_user(rep).get("/reviews/1/").content.decode()
    Company.objects.update(visibility=Company.Visibility.RESTRICTED)
    page = as_user(rep).get("/reviews/1/").content.decode()
    assert "Call every lead." in page
    assert "Ask for budget." not in page
    assert as_user(rep).get("/api/v1/reviews/").json()["results"][0]["figures"] == {}
    assert [row["text"] for row in as_user(rep).get("/api/v1/decisions/").json()["results"]] == ["Call every lead."]
    assert "Call every lead." not in as_user(make.user(Role.MARKETER)).get("/reviews/").content.decode()


def test_an_overdue_decision_is_told_to_its_owner_once(cmo: User, cro: User, rep: User) -> None:
    review = actions.start_review(by=cmo)
    decision = record(review, cmo, rep, due_on=in_days(0))
    Decision.objects.filter(pk=decision.pk).update(due_on=in_days(-1))
    assert actions.remind_of_decisions() == 0  # its review is still open
    close(review, cmo, cmo, cro)
    assert [actions.remind_of_decisions(), actions.remind_of_decisions()] == [1, 0]
    Decision.objects.update(status="done")
    assert Notice.objects.filter(user=rep, event__kind="alignment.decision_overdue").count() == 1


def test_an_owner_says_what_became_of_their_decision(as_user: Any, cmo: User, cro: User, rep: User) -> None:
    review = actions.start_review(by=cmo)
    decision = record(review, cmo, rep)
    close(review, cmo, cmo, cro)
    page = as_user(rep).post(
        f"/reviews/decisions/{decision.pk}/", {"status": "done", "due_on": in_days(7)}, follow=True
    )
    assert "Saved: done." in page.content.decode()
    body = {"status": "open", "due_on": in_days(9).isoformat(), "owner": cro.pk}
    address = f"/api/v1/decisions/{decision.pk}/"
    assert as_user(make.user(Role.REP)).put(address, body, content_type="application/json").status_code == 403
    changed = as_user(rep).put(address, body, content_type="application/json").json()
    assert (changed["owner"], changed["status"], changed["changed_by"]) == (cro.pk, "open", rep.pk)
    assert Notice.objects.filter(user=cro, event__kind="alignment.decision").count() == 1


def test_the_review_goes_by_api(as_user: Any, cmo: User, cro: User, rep: User) -> None:
    client = as_user(cmo)
    made = client.post("/api/v1/reviews/", content_type="application/json").json()
    body = {"review": made["id"], "text": "Call.", "owner": rep.pk, "due_on": in_days(3).isoformat(), "step": "leads"}
    assert client.post("/api/v1/decisions/", body, content_type="application/json").status_code == 201
    for fault in ({"owner": 10**9}, {"due_on": in_days(-1).isoformat()}, {"step": "none"}, {"review": 10**9}):
        assert client.post("/api/v1/decisions/", body | fault, content_type="application/json").status_code == 400
    closing = {"present": [cmo.pk, cro.pk], "next_due_on": in_days(30).isoformat()}
    closed = client.post(f"/api/v1/reviews/{made['id']}/close/", closing, content_type="application/json")
    assert closed.json()["present"] == [cmo.pk, cro.pk]
    assert closed.json()["closed_at"]


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"text": ""}, "This field is required."),
        ({"due_on": "2020-01-01"}, "Choose a due date from today to a year ahead."),
    ],
)
def test_what_is_wrong_with_a_decision_is_said_on_the_step(
    as_user: Any, cmo: User, rep: User, fault: dict[str, str], message: str
) -> None:
    actions.start_review(by=cmo)
    body = {"text": "Call.", "owner": rep.pk, "due_on": in_days(3), "step": "goals"} | fault
    answer = as_user(cmo).post("/reviews/1/decisions/", body)
    assert answer.status_code == 422
    assert message in answer.content.decode()


def test_alarms_are_frozen_with_what_they_cost(as_user: Any, cmo: User, cro: User) -> None:
    fields = {"currency": "EUR", "owner": cro}
    Alarm.objects.create(
        detector="speed", name="Slow answers", cost=Decimal(4000), cost_low=1, cost_high=9000, **fields
    )
    Alarm.objects.create(detector="feedback", name="Feedback missing", **fields)
    past = Alarm.objects.create(detector="old", name="Long over", closed_at=timezone.now(), verdict="real")
    Alarm.objects.filter(pk=past.pk).update(closed_at=timezone.now() - timedelta(days=40))
    ended = Alarm.objects.create(detector="stale", name="Stale leads", ended_at=timezone.now())
    review = actions.start_review(by=cmo)
    page = as_user(cmo).get("/reviews/1/steps/alarms/").content.decode()
    assert "Two alarms are open; one of them costs" in page
    assert "Back to normal" in page
    assert "Long over" not in page
    frozen = close(review, cmo, cmo, cro).figures["alarms"]
    assert [(alarm["name"], alarm["cost"]) for alarm in frozen["open"]] == [
        ("Slow answers", "4000.00"),
        ("Feedback missing", None),
    ]
    assert [alarm["key"] for alarm in frozen["ended"]] == [str(ended.pk)]
    assert (frozen["cost"], frozen["currency"]) == ("4000.00", "EUR")
    Alarm.objects.filter(name="Slow answers").update(name="Renamed")
    assert "Slow answers" in as_user(cmo).get("/reviews/1/").content.decode()


def test_what_was_done_in_between_is_shown_and_needs_no_answer(as_user: Any, cmo: User, cro: User) -> None:
    first = actions.start_review(by=cmo)
    decision = record(first, cmo, cro)
    close(first, cmo, cmo, cro)
    actions.change_decision(by=cro, decision=decision, status="done", due_on=decision.due_on, owner=cro)
    second = actions.start_review(by=cmo)
    (asked,) = list_asked(second)
    assert (asked.decision, asked.waits) == (decision, False)
    assert 'is-met">Done' in as_user(cmo).get("/reviews/2/steps/previous/").content.decode()
    close(second, cmo, cmo, cro)
    third = actions.start_review(by=cmo)
    assert list_asked(third) == []
    actions.change_decision(by=cro, decision=decision, status="open", due_on=decision.due_on, owner=cro)
    assert [asked.waits for asked in list_asked(third)] == [True]
    assert len(list_asked(Review.objects.get(number=2))) == 1  # what a closed review shows does not grow


def test_a_new_owner_is_notified_each_time(cmo: User, cro: User, rep: User) -> None:
    review = actions.start_review(by=cmo)
    decision = record(review, cmo, rep)
    close(review, cmo, cmo, cro)
    for owner in (cro, rep, cro):
        decision = actions.change_decision(
            by=cmo, decision=decision, status="open", due_on=decision.due_on, owner=owner
        )
    assert [Notice.objects.filter(user=user, event__kind="alignment.decision").count() for user in (cro, rep)] == [2, 2]
