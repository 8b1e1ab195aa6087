"""Rounds are opened with promises that hold, answered once by each person, and stored without the person."""

from datetime import date
from typing import Any
from unittest.mock import Mock

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from alignment.rounds import actions
from alignment.rounds.link_secrets import clean_code, derive_key, draw_code
from alignment.rounds.models import AnswerSheet, Invitation, InvitationLink, Reminder, Round, SkillSheet
from alignment.rounds.queries import count_progress
from core.work import run_claimed
from team.models import User
from tests.alignment.rounds.answering import addresses, answer, end, names, open_round, sheet, token_of

pytestmark = pytest.mark.django_db


def test_everyone_invited_gets_a_link_of_their_own(ceo: User) -> None:
    opened, links = open_round(ceo)
    assert len({link.url for link in links}) == 11
    assert [(each.side, each.invited, each.answered) for each in count_progress([opened])[opened.pk]] == [
        ("marketing", 5, 0),
        ("sales", 6, 0),
    ]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"marketing": 4}, "at least 5 people of Marketing"),
        ({"minimum": 3, "sales": 2}, "at least 3 people of Sales"),
        ({"people": {"marketing": names("a", 5), "sales": names("a", 5)}}, "on both sides"),
        ({"closes_on": date(2020, 1, 1)}, "closing date"),
    ],
)
def test_a_round_that_could_show_nothing_is_refused(ceo: User, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        open_round(ceo, **options)
    assert not Round.objects.exists()


def test_reps_open_no_round(rep: User) -> None:
    with pytest.raises(PermissionDenied):
        open_round(rep)


@pytest.mark.parametrize("change", [{"minimum": 3}, {"has_skills": True}, {"terms": [1]}])
def test_what_was_promised_cannot_be_changed_even_by_sql(ceo: User, change: dict[str, Any]) -> None:
    opened, _ = open_round(ceo)
    with pytest.raises(DatabaseError), transaction.atomic():
        Round.objects.filter(pk=opened.pk).update(**change)


def test_the_database_holds_neither_links_nor_codes_nor_who_answered_what(ceo: User) -> None:
    _, links = open_round(ceo, has_skills=True)
    code = answer(links[0], sheet(4))
    stored = ""
    with connection.cursor() as cursor:
        for model in (Round, Invitation, InvitationLink, AnswerSheet, SkillSheet):
            cursor.execute(f'SELECT * FROM "{model._meta.db_table}"')
            stored += str(cursor.fetchall())
    assert token_of(links[0]) not in stored
    assert code not in stored
    columns = {field.name for field in AnswerSheet._meta.get_fields()}
    assert columns == {"key", "round", "side", "answers", "guesses", "expectations"}
    assert {field.name for field in Invitation._meta.get_fields()} == {
        "id", "round", "side", "person", "is_used", "links",
    }  # fmt: skip


def test_the_key_needs_both_link_and_code(ceo: User) -> None:
    _, links = open_round(ceo)
    code = answer(links[0], sheet(4))
    key = AnswerSheet.objects.get().key
    assert key == derive_key(token_of(links[0]), code)
    assert key != derive_key(token_of(links[1]), code)
    assert key != derive_key(token_of(links[0]), draw_code())
    assert clean_code(code.lower().replace("-", " ")) == code


def test_all_sheets_are_of_one_transaction_and_lie_in_random_order(ceo: User) -> None:
    """Neither the time of writing nor the place of a row joins a sheet to an invitation."""
    _, links = open_round(ceo)
    for link in links[:5]:
        answer(link, sheet(3))
    with connection.cursor() as cursor:
        cursor.execute('SELECT key, xmin::text FROM "alignment_answersheet" ORDER BY ctid')
        rows = cursor.fetchall()
    assert [key for key, _ in rows] == sorted(key for key, _ in rows)
    assert len({writer for _, writer in rows}) == 1


def test_answers_are_changed_with_the_code_and_counted_once(ceo: User) -> None:
    opened, links = open_round(ceo)
    code = answer(links[0], sheet(4))
    again = actions.submit_answers(token=token_of(links[0]), code=code, submission=sheet(2))
    assert again == code
    assert set(AnswerSheet.objects.get().answers.values()) == {2}
    assert sum(each.answered for each in count_progress([opened])[opened.pk]) == 1


def test_a_used_link_without_its_code_changes_nothing(ceo: User) -> None:
    _, links = open_round(ceo)
    answer(links[0], sheet(4))
    with pytest.raises(ValidationError, match="used already"):
        answer(links[0], sheet(1))
    assert set(AnswerSheet.objects.get().answers.values()) == {4}


def test_a_second_link_of_the_same_person_gives_no_second_vote(ceo: User) -> None:
    opened, links = open_round(ceo)
    more = actions.make_links(by=ceo, of=opened)
    answer(links[0], sheet(4))
    other = next(link for link in more if link.person == links[0].person)
    with pytest.raises(ValidationError, match="used already"):
        answer(other, sheet(1))
    assert len(more) == 11  # of everyone, so that it does not tell who has answered


def test_nothing_is_answered_after_the_end(ceo: User) -> None:
    opened, links = open_round(ceo)
    actions.close_round(by=ceo, of=opened)
    with pytest.raises(ValidationError, match="ended"):
        answer(links[0], sheet(4))
    with pytest.raises(ValidationError, match="ended already"):
        actions.close_round(by=ceo, of=opened)


def test_a_wrong_link_is_refused(ceo: User) -> None:
    open_round(ceo)
    with pytest.raises(ValidationError, match="not valid"):
        actions.submit_answers(token="x" * 32, code="", submission=sheet(3))


def test_reminders_go_to_those_who_have_not_answered(ceo: User) -> None:
    people = {"marketing": addresses("marketing", 5), "sales": [*addresses("sales", 5), "Karl, desk 4"]}
    opened, links = open_round(ceo, people=people)
    assert [link.person for link in links] == ["karl, desk 4"]
    assert len(mail.outbox) == 10
    invitation = next(each for each in mail.outbox if each.to == ["sales1@example.com"])
    assert "never of fewer than 5 people" in invitation.body
    token = invitation.body.split("/answer/")[1].split("/")[0]
    actions.submit_answers(token=token, code="", submission=sheet(3))
    mail.outbox.clear()
    reminder = actions.remind(by=ceo, of=opened)
    assert not mail.outbox  # the request sends nothing
    assert reminder.total_units == 9
    run_claimed(Reminder, reminder.pk)
    reminder.refresh_from_db()
    assert (reminder.state, reminder.done_units, reminder.failed, len(mail.outbox)) == ("done", 9, 0, 9)
    assert "sales1@example.com" not in {each.to[0] for each in mail.outbox}
    with pytest.raises(ValidationError, match="less than a day ago"):
        actions.remind(by=ceo, of=opened)


def test_skills_are_stored_apart_and_only_of_sales(ceo: User) -> None:
    _, links = open_round(ceo, has_skills=True)
    for link in (links[0], links[-1]):
        answer(link, sheet(3, ratings={"selling_skills.1": 2}, is_manager=True))
    skill = SkillSheet.objects.get()
    assert skill.ratings == {"selling_skills.1": 2}
    assert skill.key not in set(AnswerSheet.objects.values_list("key", flat=True))


def test_a_worker_that_stops_between_reminders_goes_on_after_the_last_one(
    ceo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "REMINDERS_AT_ONCE", 4)
    opened, _ = open_round(ceo, people={"marketing": addresses("marketing", 5), "sales": addresses("sales", 5)})
    mail.outbox.clear()
    reminder = actions.remind(by=ceo, of=opened)
    run_claimed(Reminder, reminder.pk, budget=0)
    assert len(mail.outbox) == 4
    for _ in range(3):
        run_claimed(Reminder, reminder.pk)
    assert sorted(each.to[0] for each in mail.outbox) == sorted(addresses("marketing", 5) + addresses("sales", 5))
    stored = str(list(Reminder.objects.values()))
    assert not any(each.body.split("/answer/")[1].split("/")[0] in stored for each in mail.outbox)


def test_reminders_that_the_mail_server_refuses_are_tried_again(ceo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, _ = open_round(ceo, people={"marketing": addresses("marketing", 5), "sales": addresses("sales", 5)})
    mail.outbox.clear()
    reminder = actions.remind(by=ceo, of=opened)
    with monkeypatch.context() as patch:
        patch.setattr(actions, "send_text", Mock(side_effect=OSError))
        with pytest.raises(OSError, match="took none"):
            run_claimed(Reminder, reminder.pk)
    assert Reminder.objects.get().state == "queued"
    Reminder.objects.update(run_after=timezone.now())
    run_claimed(Reminder, reminder.pk)
    assert len(mail.outbox) == 10


def test_no_reminder_goes_out_after_the_end(ceo: User) -> None:
    opened, _ = open_round(ceo, people={"marketing": addresses("marketing", 5), "sales": addresses("sales", 5)})
    mail.outbox.clear()
    reminder = actions.remind(by=ceo, of=opened)
    end(opened)
    run_claimed(Reminder, reminder.pk)
    assert not mail.outbox
