"""The index over time: stored snapshots, month ends from dated records, the page and the API."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from agreements.models import Seat, Signatory, Version
from alignment.index.actions import record_index
from alignment.index.models import IndexSnapshot
from alignment.index.queries import read_history
from alignment.index.rules import Input, Part
from alignment.rounds.models import Round
from core.dates import start_of_day
from core.periods import add_months
from team.models import Company, Role, User
from team.navigation import navigation_links
from tests import make
from tests.alignment.index.test_agreed import sign
from tests.alignment.rounds.answering import answer_all, end, open_round, sheet

pytestmark = pytest.mark.django_db
KEYS = {"answers": "Answers", "agreements": "Active agreements", "behaviour": "Behaviour"}


def snapshot(day: date, **scores: str | None) -> IndexSnapshot:
    parts = [
        Part(key, label, (Input("one", "One", None if scores.get(key) is None else Decimal(str(scores[key]))),), "Read")
        for key, label in KEYS.items()
    ]
    row = IndexSnapshot(local_day=day, parts=[part.as_json() for part in parts])
    row.score = row.index.score
    row.save()
    return row


def last_month_end(back: int = 0) -> date:
    return add_months(Company.today().replace(day=1), -back) - timedelta(days=1)


def signed_long_ago(cmo: User, cro: User) -> Version:
    version = sign(cmo, cro, "priority")
    day = last_month_end(1) - timedelta(days=10)  # two month ends have passed since, whatever the day of the month is
    Version.objects.filter(pk=version.pk).update(in_force_at=start_of_day(day, Company.get().zone))
    return version


def held_round(ceo: User) -> Round:
    opened, links = open_round(ceo)
    answer_all(links, {"marketing": [sheet(4)] * 5, "sales": [sheet(3)] * 6})
    return end(opened)


def test_today_is_stored_once_and_past_month_ends_follow_from_dates(ceo: User, cmo: User, cro: User) -> None:
    signed_long_ago(cmo, cro)
    held_round(ceo)
    assert record_index() == 3  # today, and the two month ends since the signature
    assert record_index() == 1
    history = read_history()
    assert [point.is_reconstructed for point in history.points] == [True, True, False]
    assert [part.key for part in history.points[0].index.missing] == ["answers", "behaviour"]  # no round had ended
    assert history.points[0].score is None
    assert history.index is not None
    assert [part.key for part in history.index.missing] == ["behaviour"]
    assert history.index.score == Decimal("28.6")  # (50.0 + 7.1) ÷ 2


def test_a_stored_month_is_never_computed_again(cmo: User, cro: User) -> None:
    signed_long_ago(cmo, cro)
    kept = snapshot(last_month_end() - timedelta(days=3), answers="10", agreements="20")
    record_index()
    assert read_history().points[-2].local_day == kept.local_day
    assert not IndexSnapshot.objects.filter(local_day=last_month_end()).exists()


def test_a_company_of_which_nothing_is_known_has_no_point(company: Company, ceo: User, as_user: Any) -> None:
    assert record_index() == 0
    page = as_user(ceo).get("/alignment/index/").content.decode()
    assert "There is no alignment index yet" in page
    assert "Open a round" in page
    answer = as_user(ceo).get("/api/v1/alignment-index/").json()
    assert (answer["score"], answer["points"], answer["change"]) == (None, [], None)


def test_the_page_names_what_is_missing_and_what_moved_the_index(ceo: User, as_user: Any) -> None:
    snapshot(last_month_end(), answers="50", agreements="60", behaviour="70")
    snapshot(Company.today(), answers="56", agreements="57")
    client = as_user(ceo)
    page = client.get("/alignment/index/").content.decode()
    assert "(56.0 + 57.0) ÷ 2 = 56.5" in page
    assert "Not counted: Behaviour." in page
    assert "70.0 before, not known now" in page
    answer = client.get("/api/v1/alignment-index/").json()
    assert answer["missing"] == ["behaviour"]
    assert answer["change"] == -3.5
    assert sum(row["points"] for row in answer["contributions"]) == pytest.approx(-3.5)
    assert {row["part"]: row["kind"] for row in answer["contributions"]} == {
        "answers": "moved", "agreements": "moved", "behaviour": "left",
    }  # fmt: skip


def test_one_part_alone_is_shown_as_itself(ceo: User, as_user: Any) -> None:
    snapshot(Company.today(), agreements="57")
    page = as_user(ceo).get("/alignment/index/").content.decode()
    assert "it needs two of its three parts" in page
    assert "57.0" in page


def test_reading_the_index_takes_one_query_of_snapshots_for_many_days(
    company: Company, django_assert_num_queries: Any
) -> None:
    for back in range(40):
        snapshot(Company.today() - timedelta(days=back), answers="50", agreements="60")
    with django_assert_num_queries(2):  # the company's day, and the snapshots
        history = read_history()
    assert len({(point.local_day.year, point.local_day.month) for point in history.points}) == len(history.points)


@pytest.mark.parametrize("role", Role.values)
def test_those_who_read_results_read_the_index(company: Company, as_user: Any, role: str) -> None:
    client = as_user(make.user(role))
    status = 200 if role in {Role.CEO, Role.CFO, Role.CMO, Role.CRO} else 403
    assert client.get("/alignment/index/").status_code == status
    assert client.get("/api/v1/alignment-index/").status_code == status


def test_a_deputy_who_signs_meets_results_and_index_in_the_navigation(ops: User, rep: User) -> None:
    def labels() -> set[str]:
        return {link.label for group in navigation_links(rep, "/") for link in group.links}

    assert not labels() & {"Assessment", "Alignment index"}
    Signatory.objects.create(seat=Seat.SALES, holder=rep, named_by=ops)
    assert {"Assessment", "Alignment index"} <= labels()


def test_the_owner_of_the_installation_reads_no_results_by_that_alone(as_user: Any, company: Company) -> None:
    client = as_user(make.user(Role.OPS, is_superuser=True))
    assert client.get("/rounds/").status_code == 200
    assert client.get("/alignment/index/").status_code == 403
