"""The kept figures: whole or not at all, once for each state of the facts, one set a day."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from facts.engine import Facts, open_facts
from facts.refresh import refresh
from kpis import snapshots
from kpis.models import MetricSnapshot, SnapshotSet
from kpis.registry import all_metrics
from kpis.snapshots import current_set, take_snapshots
from team.models import Company
from tests import make


@pytest.fixture(autouse=True)
def few_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = [
        metric for metric in snapshots.all_metrics() if metric.key in {"won_revenue", "close_rate", "sales_cycle_time"}
    ]
    monkeypatch.setattr(snapshots, "all_metrics", lambda: chosen)


def test_figures_are_kept_as_they_are_computed(sold: Facts) -> None:
    heard: list[str] = []
    written = take_snapshots(sold, lambda done, total, what: heard.append(what))
    assert written == MetricSnapshot.objects.count() > 20
    kept = MetricSnapshot.objects.get(metric="won_revenue", starts_on=None, ends_on=None)
    assert (kept.value, kept.n, kept.currency) == (Decimal("3050.30"), 4, "EUR")
    assert heard == ["Won revenue", "Close rate", "Sales cycle time"]
    assert MetricSnapshot.objects.filter(metric="sales_cycle_time", quartiles__median=30).exists()


def test_twice_is_once(sold: Facts) -> None:
    first = take_snapshots(sold)
    pictures = list(MetricSnapshot.objects.order_by("pk").values())
    assert take_snapshots(sold) == first
    assert list(MetricSnapshot.objects.order_by("pk").values()) == pictures


def test_the_last_set_of_a_day_takes_the_place_of_the_earlier(sold: Facts) -> None:
    take_snapshots(sold)
    make.opportunity(outcome="won", amount=100)
    refresh()
    take_snapshots(open_facts())
    found = current_set()
    assert SnapshotSet.objects.get() == found
    assert MetricSnapshot.objects.get(metric="won_revenue", starts_on=None, ends_on=None).value == Decimal("3150.30")


def test_of_earlier_days_the_companys_figures_stay(sold: Facts) -> None:
    take_snapshots(sold)
    yesterday = timezone.now() - timedelta(days=1)
    SnapshotSet.objects.update(facts_snapshot_id=None, as_of=yesterday, local_day=yesterday.date())
    take_snapshots(sold)
    old, new = SnapshotSet.objects.order_by("as_of")
    assert old.figures.filter(dimension="").exists()
    assert not old.figures.exclude(dimension="").exists()
    assert new.figures.exclude(dimension="").exists()


def test_a_killed_taking_leaves_the_old_set(sold: Facts, monkeypatch: pytest.MonkeyPatch) -> None:
    take_snapshots(sold)
    before = list(MetricSnapshot.objects.order_by("pk").values())
    refresh()

    def die(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(snapshots.SnapshotSet.objects, "filter", die)
    with pytest.raises(RuntimeError):
        snapshots._replace_set(open_facts(), [])
    assert list(MetricSnapshot.objects.order_by("pk").values()) == before


def test_out_of_time_it_asks_to_be_called_again(sold: Facts) -> None:
    assert take_snapshots(sold, seconds=-1) is None
    assert not SnapshotSet.objects.exists()


def test_an_empty_company_has_an_empty_set(company: Company) -> None:
    refresh()
    assert take_snapshots(open_facts()) == 0
    assert SnapshotSet.objects.count() == 1


def test_no_part_is_kept_for_each_customer() -> None:
    """A company has tens of thousands of them, and a night would store a row of each metric for each."""
    cuts = {metric.default_cut for metric in all_metrics()}
    assert "account" in cuts
    assert not any(snapshots._part_dimension(metric) == "account" for metric in all_metrics())
