"""What time alone does to agreements: the bell ends what has run out and tells of rulings that are late, once."""

from datetime import timedelta

from agreements import actions
from agreements.models import Dispute, Version, today
from agreements.tasks import days
from notify.models import Event
from team.models import User


def test_the_bell_ends_what_ran_out_and_tells_of_late_rulings(cmo: User, cro: User, cfo: User) -> None:
    one = actions.draft(by=cmo, kind="term", key="lead", title="Lead", text="A person.", expires_on=today())
    actions.sign(by=cro, version=actions.propose(by=cmo, version=one))
    two = actions.propose(by=cmo, version=actions.draft(by=cmo, kind="term", key="mql", title="MQL", text="Ready."))
    actions.dispute(by=cro, version=two, reason="No")
    days()
    assert not Event.objects.filter(kind__in=["agreements.expired", "agreements.late"]).exists()
    Version.objects.filter(pk=one.pk).update(expires_on=today() - timedelta(days=1))
    Dispute.objects.update(decide_by=today() - timedelta(days=1))
    for _ in range(2):
        days()
    assert Version.objects.get(pk=one.pk).state == "expired"
    assert Event.objects.filter(kind__in=["agreements.expired", "agreements.late"]).count() == 2
