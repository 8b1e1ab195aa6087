"""Questions to the facts: exact money, aware times, the right columns when empty, many threads, both engines."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from facts import delta_tables, engine, registry
from facts.columns import Column
from facts.custom import custom_field
from facts.engine import Facts, as_of, open_facts
from facts.refresh import refresh
from facts.registry import FactTable
from team.models import Company
from tests import make
from tests.facts.conftest import Only

QUERIES = {
    "sum of money": lambda f: f.table("leads").aggregate(total=f.table("leads").annual_revenue.sum()),
    "by custom field": lambda f: (
        f.table("leads")
        .mutate(kind=custom_field(f.table("leads"), "lead type"))
        .group_by("kind")
        .agg(n=lambda t: t.count(), worth=lambda t: t.annual_revenue.sum())
        .order_by("kind")
    ),
    "by local day": lambda f: (
        f.table("leads").group_by(day=f.table("leads").created_at.date()).agg(n=lambda t: t.count()).order_by("day")
    ),
    "moments": lambda f: f.table("leads").select("id", "created_at").order_by("id"),
    "joined": lambda f: (
        f.table("leads")
        .join(f.table("owners"), f.table("leads").owner_id == f.table("owners").id)
        .select(lead="id", owner=f.table("owners").name, worth="annual_revenue", employees="employees")
        .order_by("lead")
    ),
    "nothing": lambda f: f.table("invoices").aggregate(
        n=f.table("invoices").count(), s=f.table("invoices").amount.sum()
    ),
}


@pytest.fixture
def some_leads(company: Company, only: Only) -> None:
    only("leads", "owners", "invoices")
    owner = make.owner(name="Ola")
    for cents, moment, kind in [
        (10, datetime(2026, 3, 28, 22, 59, tzinfo=UTC), "pink"),
        (20, datetime(2026, 3, 28, 23, 1, tzinfo=UTC), "blue"),
        (30, datetime(2026, 6, 30, 22, 1, tzinfo=UTC), "pink"),
        (9_999_999_999_999_999, None, None),
    ]:
        make.lead(
            annual_revenue=Decimal(cents) / 100,
            created_at=moment,
            custom={"lead type": kind} if kind else {},
            owner=owner,
            employees=cents if kind == "pink" else None,
        )


def answer(facts: Facts, name: str) -> pd.DataFrame:
    return facts.execute(QUERIES[name](facts))


def test_money_is_added_exactly(some_leads: None) -> None:
    refresh()
    total = answer(open_facts(), "sum of money").loc[0, "total"]
    assert isinstance(total, Decimal)
    assert total == Decimal("100000000000000.59")


def test_days_are_the_company_s(some_leads: None) -> None:
    refresh()
    days = answer(open_facts(), "by local day")
    assert [str(day.date()) for day in days["day"][:3]] == ["2026-03-28", "2026-03-29", "2026-07-01"]


def test_another_time_zone_of_the_company_counts_at_once(some_leads: None, company: Company) -> None:
    refresh()
    company.time_zone = "America/New_York"
    company.save()
    days = answer(open_facts(), "by local day")
    assert [str(day.date()) for day in days["day"][:2]] == ["2026-03-28", "2026-06-30"]


def test_moments_are_aware(some_leads: None) -> None:
    refresh()
    moments = answer(open_facts(), "moments")["created_at"]
    assert moments.dtype == "datetime64[us, UTC]"
    assert moments[1] == datetime(2026, 3, 28, 23, 1, tzinfo=UTC)


def test_custom_fields_come_as_text(company: Company, only: Only) -> None:
    only("leads")
    make.lead(custom={"number": 5, "yes": True, "none": None, 'odd "name".x': "é", "list": [1, 2]})
    make.lead()
    refresh()
    facts = open_facts()
    leads = facts.table("leads").order_by("id")
    names = ["number", "yes", "none", 'odd "name".x', "list", "missing"]
    rows = facts.execute(leads.select(**{name: custom_field(leads, name) for name in names})).fillna("–")
    assert rows.iloc[0].tolist() == ["5", "true", "–", "é", "[1,2]", "–"]
    assert set(rows.iloc[1]) == {"–"}


@pytest.mark.django_db
def test_a_company_without_facts_has_empty_tables_of_the_right_shape() -> None:
    facts = open_facts()
    assert facts.as_of is None
    assert as_of() is None
    for name, table in registry.all_tables().items():
        empty = facts.table(name)
        assert list(empty.columns) == [column.name for column in table.columns]
        assert facts.execute(empty.count()).iloc[0, 0] == 0
    schema = facts.table("opportunities").schema()
    assert str(schema["amount"]) == "decimal(16, 2)"
    assert schema["closed_at"].is_timestamp()
    assert str(schema["closed_on"]) == "date"


def test_a_new_snapshot_is_seen_and_the_old_one_stays(some_leads: None) -> None:
    old = refresh()
    before = open_facts()
    assert open_facts() is before, "opened once"
    make.lead()
    new = refresh()
    assert [count(open_facts()), count(before), count(open_facts(old))] == [5, 4, 4]
    assert open_facts().as_of == new.taken_at == as_of()


def count(facts: Facts) -> int:
    return int(facts.execute(facts.table("leads").count()).iloc[0, 0])


def test_a_lost_folder_shows_nothing_rather_than_failing(some_leads: None, settings: Any) -> None:
    refresh()
    shutil.rmtree(settings.FACTS_DIR)
    assert count(open_facts()) == 0
    assert open_facts().as_of is None


def test_columns_declared_since_are_null_until_the_next_refresh(
    some_leads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh()
    table = registry.get_table("leads")
    more = FactTable("leads", table.model, (*table.columns, Column("heat", "float64", "rating")))
    monkeypatch.setitem(registry._tables, "leads", more)
    facts = open_facts()
    frame = facts.execute(facts.table("leads").select("heat"))
    assert len(frame) == 4
    assert frame["heat"].isna().all()


def test_many_threads_ask_at_once(some_leads: None) -> None:
    refresh()
    facts = open_facts()
    start = threading.Barrier(8)

    def ask(number: int) -> Any:
        start.wait(10)
        return [answer(facts, "sum of money").loc[0, "total"] for _ in range(5)]

    with ThreadPoolExecutor(8) as pool:
        answers = [total for totals in pool.map(ask, range(8)) for total in totals]
    assert answers == [Decimal("100000000000000.59")] * 40


def test_an_answer_that_is_left_half_read_blocks_no_other(some_leads: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("facts.duckdb_engine.STREAM_ROWS", 1)
    refresh()
    facts = open_facts()
    portions = facts.stream(facts.table("leads").select("id"))
    assert len(next(portions)) == 1
    portions.close()
    assert count(facts) == 4
    assert sum(len(portion) for portion in facts.stream(facts.table("leads").select("id"))) == 4


def test_folders_with_odd_names_are_read(some_leads: None, settings: Any, tmp_path: Any) -> None:
    settings.FACTS_DIR = str(tmp_path / "über 'uns'")
    refresh()
    make.lead()
    refresh()
    assert count(open_facts()) == 5


def test_an_object_store_is_given_what_the_environment_says(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    assert delta_tables.store_options() is None
    settings.FACTS_DIR = "s3://accord/facts/"
    assert delta_tables.table_uri("leads") == "s3://accord/facts/leads"
    options = delta_tables.store_options()
    assert options is not None
    assert options["AWS_REGION"] == "eu-central-1"
    assert "PATH" not in options


def test_few_engines_are_kept(some_leads: None) -> None:
    for _ in range(4):
        refresh()
        open_facts()
    assert len(engine._opened) <= engine.CACHED_ENGINES


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore")
def test_both_engines_agree(some_leads: None, settings: Any) -> None:
    pytest.importorskip("pyspark", reason="Spark is not installed: pip install .[spark]")
    refresh()
    ours = {name: answer(open_facts(), name) for name in QUERIES}
    settings.FACTS_ENGINE = "spark"
    facts = open_facts()
    for name, expected in ours.items():
        pd.testing.assert_frame_equal(answer(facts, name), expected, obj=name)
    assert list(facts.table("leads").columns) == [column.name for column in registry.get_table("leads").columns]
