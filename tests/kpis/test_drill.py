"""The records behind a number: as many as the number says, and only those that the reader may see."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from core import periods
from core.periods import Period
from crm import models as crm
from facts.engine import Facts
from facts.refresh import refresh
from kpis import visibility
from kpis.compute import compute_metric
from kpis.drill import find_records
from kpis.registry import BadCut, all_metrics
from team.models import Company, User
from tests import make
from tests.kpis.ask_metric import shapes

pytestmark = pytest.mark.slow

YEAR = periods.year_period(2025)


@pytest.mark.parametrize("period", [Period(), YEAR], ids=["all", "2025"])
def test_every_number_rests_on_exactly_the_records_that_are_shown(sold: Facts, cfo: User, period: Period) -> None:
    for metric in shapes() if period.start else all_metrics():
        result = compute_metric(metric, period, facts=sold)
        drills = [find_records(metric, period, user=cfo, table=table, facts=sold) for table, _ in result.records]
        assert sum(drill.n for drill in drills) == result.n, metric.key
        assert sum(drill.rows.count() for drill in drills) == result.n, metric.key
        assert not any(drill.hidden for drill in drills)


def test_the_amounts_of_the_records_are_the_number(sold: Facts, cfo: User) -> None:
    drill = find_records("won_revenue", YEAR, user=cfo, by="owner", part="Rita", facts=sold)
    assert [row.amount for row in drill.rows] == [Decimal("1000.10")]
    assert drill.result.value == Decimal("1000.10")


def test_the_latest_come_first_and_pages_do_not_overlap(sold: Facts, cfo: User) -> None:
    drill = find_records("opportunities_won", Period(), user=cfo, facts=sold)
    days = [row.closed_on for row in drill.page(0, 10)]
    assert days == sorted(days, reverse=True)
    assert [row.pk for row in drill.page(0, 2) + drill.page(2, 4)] == drill.visible_ids


def test_a_rep_of_a_restricted_company_is_told_how_much_is_hidden(sold: Facts, rep: User) -> None:
    Company.objects.update(visibility=Company.Visibility.RESTRICTED)
    for _ in range(3):
        make.opportunity(outcome="won", closed_on=date(2025, 5, 5), amount=Decimal(7))
    refresh()
    drill = find_records("opportunities_won", YEAR, user=rep)
    assert (drill.n, len(drill.visible_ids), drill.hidden) == (6, 1, 5)


def test_so_few_records_that_a_reader_may_not_read_are_not_counted(sold: Facts, rep: User) -> None:
    Company.objects.update(visibility=Company.Visibility.RESTRICTED)
    drill = find_records("opportunities_won", YEAR, user=rep, facts=sold)
    assert (drill.n, len(drill.visible_ids), drill.hidden) == (1, 1, 0)
    assert [row.owner.name for row in drill.rows] == ["Rita"]


def test_lines_of_spend_stay_with_those_who_may_see_them(sold: Facts, rep: User, cmo: User) -> None:
    assert find_records("smroi", YEAR, user=rep, table="spend", facts=sold).hidden == 1
    assert find_records("smroi", YEAR, user=cmo, table="spend", facts=sold).rows.count() == 1


def test_a_metric_of_two_kinds_of_records_shows_each(sold: Facts, cfo: User) -> None:
    drill = find_records("smroi", YEAR, user=cfo, facts=sold)
    assert (drill.table, drill.tables) == ("invoices", (("invoices", 1), ("spend", 1)))
    with pytest.raises(BadCut, match="Use one of: invoices, spend"):
        find_records("smroi", YEAR, user=cfo, table="leads", facts=sold)


def test_records_of_another_currency_are_not_behind_the_number(company: Company, cfo: User) -> None:
    from tests.kpis.memory_facts import MemoryFacts

    pks = [make.opportunity(outcome="won", amount=1, currency=code).pk for code in ("EUR", "USD", "")]
    rows = [
        {"id": pk, "outcome": "won", "amount": Decimal(1), "currency": code}
        for pk, code in zip(pks, ("EUR", "USD", ""), strict=True)
    ]
    facts: Any = MemoryFacts(opportunities=rows)
    drill = find_records("won_revenue", Period(), user=cfo, facts=facts)
    assert (drill.n, drill.result.n) == (2, 2)
    assert pks[1] not in drill.ids


def test_a_record_deleted_since_is_counted_but_no_longer_shown(sold: Facts, cfo: User) -> None:
    crm.Opportunity.objects.filter(owner__name="Sam", outcome="won").delete()
    drill = find_records("opportunities_won", YEAR, user=cfo, facts=sold)
    assert (drill.n, drill.rows.count(), len(drill.page(0, 10))) == (3, 2, 2)


@pytest.mark.parametrize("name", ["Rita", "Rita Renamed", "No one of that name"])
def test_a_colleague_is_not_found_by_the_name_of_the_last_copy(sold: Facts, rep: User, name: str) -> None:
    """Until the next refresh the facts know people by the names that they had."""
    Company.objects.update(achievement=Company.Achievement.LEADERS)
    crm.Owner.objects.filter(name="Rita").update(name="Rita Renamed")
    with pytest.raises(PermissionDenied, match="This colleague does not exist"):
        visibility.compute_for(rep, "won_revenue", YEAR, where={"owner": name}, facts=sold)
    with pytest.raises(PermissionDenied):
        find_records("won_revenue", YEAR, user=rep, where={"owner": name}, facts=sold)


def test_a_column_of_the_companys_own_tells_nothing_of_buyers_however_many_share_its_value(
    company: Company, rep: User
) -> None:
    Company.objects.update(visibility=Company.Visibility.RESTRICTED)
    for _ in range(9):
        make.lead(custom={"plan": "Of others"})
    make.lead(custom={"plan": "One's own"}, owner=make.owner(user=rep))
    refresh()
    found = visibility.compute_for(rep, "leads", Period(), by="custom.plan")
    assert found.is_readable_only
    assert [part.label for part in found.parts] == ["One's own"]
