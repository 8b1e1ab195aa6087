"""What time alone does to agreements: the bell ends what has run out and tells of rulings that are late, once."""

from datetime import UTC, date, datetime, timedelta

from agreements import actions
from agreements.models import Dispute, Version, company_today
from agreements.tasks import run_daily_checks
from notify.models import Event
from team.models import Company, User


def test_the_bell_ends_what_ran_out_and_tells_of_late_rulings(cmo: User, cro: User, cfo: User) -> None:
    one = actions.draft_version(
        by=cmo, kind="term", key="lead", title="Lead", text="A person.", expires_on=company_today()
    )
    actions.sign_version(by=cro, version=actions.propose_version(by=cmo, version=one))
    two = actions.propose_version(
        by=cmo, version=actions.draft_version(by=cmo, kind="term", key="mql", title="MQL", text="Ready.")
    )
    actions.dispute_version(by=cro, version=two, reason="No")
    run_daily_checks()
    assert not Event.objects.filter(kind__in=["agreements.expired", "agreements.late"]).exists()
    Version.objects.filter(pk=one.pk).update(expires_on=company_today() - timedelta(days=1))
    Dispute.objects.update(decide_by=company_today() - timedelta(days=1))
    for _ in range(2):
        run_daily_checks()
    assert Version.objects.get(pk=one.pk).state == "expired"
    assert Event.objects.filter(kind__in=["agreements.expired", "agreements.late"]).count() == 2


def test_a_version_binds_from_the_day_it_has_in_the_time_zone_of_the_company(
    company: Company, cmo: User, cro: User
) -> None:
    assert company.time_zone == "Europe/Berlin"
    version = actions.propose_version(
        by=cmo, version=actions.draft_version(by=cmo, kind="term", key="lead", title="Lead", text="A person.")
    )
    actions.sign_version(by=cro, version=version)
    signed, ended = datetime(2026, 3, 9, 23, 30, tzinfo=UTC), datetime(2026, 3, 19, 23, 30, tzinfo=UTC)
    Version.objects.filter(pk=version.pk).update(in_force_at=signed, ended_at=ended)
    days = [date(2026, 3, day) for day in (9, 10, 19, 20)]
    assert [Version.objects.in_force(day).exists() for day in days] == [False, True, True, False]
