"""The dimensions that are agreed on a day: from dates alone, and today as the workspace shows them."""

from datetime import date, timedelta
from typing import Any

import pytest

from agreements import actions
from agreements.models import Version, company_today
from alignment.index.agreed import DatedVersion, read_agreed_part, state_on
from alignment.workspace.dimensions import AGREED
from alignment.workspace.queries import read_workspace
from team.models import User

DAY = date(2026, 6, 30)
BEFORE, AFTER = DAY - timedelta(days=1), DAY + timedelta(days=1)


def version(number: int = 1, **changes: Any) -> DatedVersion:
    fields: dict[str, Any] = {"in_force_on": BEFORE, "ended_on": None, "end": "", "expires_on": None, "review_on": None}
    return DatedVersion(number, **fields | changes)


@pytest.mark.parametrize(
    ("versions", "state"),
    [
        ([], ""),
        ([version()], "in_force"),
        ([version(in_force_on=DAY)], "in_force"),
        ([version(in_force_on=AFTER)], ""),
        ([version(is_pilot=True)], ""),
        ([version(review_on=BEFORE)], "stale"),
        ([version(review_on=DAY)], "in_force"),
        ([version(expires_on=BEFORE)], "expired"),
        ([version(expires_on=DAY)], "in_force"),
        ([version(ended_on=AFTER, end="ended")], "in_force"),
        ([version(ended_on=BEFORE, end="ended")], ""),
        ([version(ended_on=BEFORE, end="expired")], "expired"),
        ([version(ended_on=DAY, end="superseded"), version(2, in_force_on=DAY, review_on=AFTER)], "in_force"),
        ([version(), version(2, in_force_on=None, disputes=[(BEFORE, None)])], "disputed"),
        ([version(), version(2, in_force_on=None, disputes=[(BEFORE, AFTER)])], "disputed"),
        ([version(), version(2, in_force_on=None, disputes=[(BEFORE, DAY)])], "in_force"),
        ([version(), version(2, in_force_on=None, disputes=[(AFTER, None)])], "in_force"),
        (
            [version(), version(2, in_force_on=None, ended_on=DAY, end="withdrawn", disputes=[(BEFORE, None)])],
            "in_force",
        ),
    ],
)
def test_the_state_on_a_day_follows_from_the_dates(versions: list[DatedVersion], state: str) -> None:
    assert state_on(versions, DAY) == state


@pytest.mark.django_db
def test_nothing_signed_is_missing_and_not_zero(cmo: User, cro: User) -> None:
    assert read_agreed_part(company_today()).is_missing
    sign(cmo, cro, "priority")
    part = read_agreed_part(company_today())
    assert part.text == "7.1"  # 1 of 14
    assert read_agreed_part(company_today() - timedelta(days=1)).is_missing


@pytest.mark.django_db
def test_today_the_part_counts_what_the_workspace_shows(ceo: User, cmo: User, cro: User, cfo: User) -> None:
    stale = sign(cmo, cro, "priority", review_on=company_today())
    Version.objects.filter(pk=stale.pk).update(review_on=company_today() - timedelta(days=1))
    sign(cmo, cro, "role")
    sign(cmo, cro, "meeting_rhythm", terms={"every": "week", "minutes": 30})
    draft = actions.draft_version(by=cmo, kind="role", key="two", title="Two", text="Two.")
    actions.dispute_version(by=cro, version=actions.propose_version(by=cmo, version=draft), reason="No.")
    shown = {row.dimension.key: row.state for row in read_workspace(ceo).dimensions}
    counted = {row.key: row.score for row in read_agreed_part(company_today()).inputs}
    assert {key for key, score in counted.items() if score} == {key for key, state in shown.items() if state == AGREED}
    assert {key for key, score in counted.items() if score} == {"culture"}


def sign(by: User, other: User, kind: str, **fields: Any) -> Version:
    draft = actions.draft_version(by=by, kind=kind, key="one", title="One", text="One.", **fields)
    return actions.sign_version(by=other, version=actions.propose_version(by=by, version=draft))
