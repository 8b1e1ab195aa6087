"""Everyone is notified once and sees only their own notices."""

from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from notify.actions import NewEvent, publish_event, publish_events
from notify.models import Event, Notice
from team.models import Role, User
from tests import make


def news(number: int, *to: User, link: str = "/funnel/") -> NewEvent:
    return NewEvent(f"test.{number}", "test.happened", f"Thing {number}", to, link)


def test_many_are_told_once(cmo: User, cro: User) -> None:
    gone = make.user(Role.REP, is_active=False)
    assert publish_events([news(1, cmo, cro, cmo, gone), news(2, cmo)]) == 2
    assert publish_events([news(2, cro), news(3, cro)]) == 1
    assert Event.objects.count() == 3
    assert [Notice.objects.filter(user=user).count() for user in (cmo, cro, gone)] == [2, 2, 0]


def test_telling_ten_or_forty_costs_the_same(cmo: User) -> None:
    counts = []
    for start, many in ((0, 10), (100, 40)):
        with CaptureQueriesContext(connection) as asked:
            publish_events([news(start + number, cmo) for number in range(many)])
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_the_bell_counts_on_every_page_and_by_itself(as_user: Any, cmo: User) -> None:
    publish_events([news(number, cmo) for number in range(3)])
    page = as_user(cmo).get("/agreements/").content.decode()
    assert page.count('hx-get="/notices/bell/?place=') == 2
    assert "3<span" in page
    part = as_user(cmo).get("/notices/bell/?place=top").content.decode()
    assert 'id="bell-top"' in part
    assert "3<span" in part
    assert "<html" not in part


def test_the_bell_of_someone_signed_out_falls_silent(client: Any, db: None) -> None:
    assert client.get("/notices/bell/").status_code == 204


def test_looking_at_a_notice_reads_it_and_leads_there(as_user: Any, cmo: User) -> None:
    publish_events([news(1, cmo), news(2, cmo, link="/nowhere/at-all/"), news(3, cmo, link="//elsewhere.example/")])
    page = as_user(cmo)
    targets = [page.get(f"/notices/{notice.pk}/").url for notice in Notice.objects.order_by("pk")]
    assert targets == ["/funnel/", "/notices/", "/notices/"]
    assert not Notice.objects.filter(read_at=None).exists()


def test_no_one_reads_the_notices_of_others(as_user: Any, cmo: User, cro: User) -> None:
    publish_events([news(1, cmo)])
    notice = Notice.objects.get()
    page = as_user(cro)
    assert page.get(f"/notices/{notice.pk}/").status_code == 404
    assert "Thing 1" not in page.get("/notices/").content.decode()
    page.post("/notices/read/", {"notice": notice.pk})
    page.post("/notices/read/")
    notice.refresh_from_db()
    assert notice.read_at is None


def test_all_or_one_are_marked_as_read(as_user: Any, cmo: User) -> None:
    publish_events([news(number, cmo) for number in range(3)])
    page = as_user(cmo)
    page.post("/notices/read/", {"notice": Notice.objects.first().pk})  # type: ignore[union-attr]
    assert Notice.objects.filter(read_at=None).count() == 2
    page.post("/notices/read/")
    assert "You have read everything." in page.get("/notices/").content.decode()


def test_the_list_is_paged_and_asks_the_same_however_long(as_user: Any, cmo: User) -> None:
    page, counts = as_user(cmo), []
    page.get("/notices/")
    for start, many in ((0, 10), (100, 30)):
        publish_events([news(start + number, cmo) for number in range(many)])
        with CaptureQueriesContext(connection) as asked:
            page.get("/notices/")
        counts.append(len(asked))
    assert counts[0] == counts[1]
    publish_events([news(1000 + number, cmo) for number in range(40)])
    assert "1–50 of 80 notices" in page.get("/notices/").content.decode()


def test_what_was_told_before_is_not_told_again(cmo: User) -> None:
    assert publish_event(key="a", kind="test", title="A", to=[cmo])
    assert publish_event(key="a", kind="test", title="A", to=[cmo]) is None
    assert Notice.objects.count() == 1
