"""A kind of record is one declaration: the API, imports, undo, drill-down and the facts know a new one by it."""

import re
import sys
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from importlib import reload
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.urls import clear_url_caches

import crm.facts
import crm.kinds
import crm.models
import revops.api
import revops.urls
from core.periods import Period
from core.work import run_claimed
from crm import registry
from crm.models import Account, ExchangeRate
from crm.record_kind import RecordKind
from crm.registry import find_kind, kinds_by_name, kinds_by_plural
from facts import registry as facts_registry
from facts.engine import open_facts
from facts.refresh import refresh
from funnel.buyers.timeline import scope_of, timeline_page
from imports import actions
from imports.load import removals
from imports.mapping import folders
from imports.mapping.targets import list_kinds, list_targets
from imports.models import Undo
from kpis import registry as metrics
from kpis.compute import compute_metric
from kpis.drill import find_records
from kpis.metrics.records import register_kind_count
from team.models import Company, Role
from tests import make
from tests.api.conftest import Caller
from tests.imports.importing import bring, refused

BASE = Path(django_settings.BASE_DIR)
EXAMPLE = re.compile(r"```(?:python|toml)\n# (\S+/contract\.\S+)\n(.*?)```", re.S)
CONTRACTS = (
    "Contract,Contract name,Signed on,Amount,Currency,Account\n"
    "C-1,Frame,2025-04-01,18000.00,EUR,Nordlicht\nC-2,Service,2025-04-02,500.00,EUR,Nordlicht\n"
)


def start_again() -> None:
    """Let all that is read once when Accord starts be read again."""
    for cache in (registry.kinds_by_name, registry.kinds_by_plural, removals.links_to, removals.parents_first):
        cache.cache_clear()
    for module in (crm.facts, revops.api, revops.urls):
        reload(module)
    clear_url_caches()


@pytest.fixture
def contract(transactional_db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RecordKind]:
    """Install the example of the documentation, as if its files lay where it says."""
    examples = EXAMPLE.findall((BASE / "docs/architecture.md").read_text())
    assert len(examples) == 3
    for name, text in examples:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    for package in (crm.models, crm.kinds):
        monkeypatch.setattr(
            package, "__path__", [*package.__path__, str(tmp_path / package.__name__.replace(".", "/"))]
        )
    monkeypatch.setattr(folders, "_folders", [*folders._folders, tmp_path / "imports/mappings"])
    start_again()
    kind = find_kind("contract")
    assert kind.count
    register_kind_count(kind, kind.count)
    with connection.schema_editor() as editor:
        editor.create_model(kind.model)
    for trigger in kind.model._meta.triggers:  # type: ignore[attr-defined]
        trigger.install(kind.model)
    yield kind
    with connection.schema_editor() as editor:
        editor.delete_model(kind.model)
    monkeypatch.undo()
    del apps.all_models["crm"]["contract"], metrics._metrics["contracts"], facts_registry._tables["contracts"]
    del sys.modules["crm.models.contract"], sys.modules["crm.kinds.contract"]
    for relation in ("account", "opportunity"):
        delattr(kind.model._meta.get_field(relation).related_model, "contracts")
    apps.clear_cache()
    start_again()


def test_a_new_kind_is_imported_read_counted_and_undone(contract: RecordKind, company: Company) -> None:
    ops, account = make.user(Role.OPS), make.account(name="Nordlicht", source="accord")
    run = bring({"contracts.csv": CONTRACTS})
    assert run.files.get().counts["contract"]["created"] == 2, refused(run)
    first, second = contract.model._default_manager.order_by("external_id")
    assert (first.name, first.account, first.amount) == ("Frame", account, Decimal(18000))  # type: ignore[attr-defined]

    caller = Caller(ops)
    assert [row["external_id"] for row in caller.rows("contracts", ordering="amount")] == ["C-2", "C-1"]
    assert [row["name"] for row in caller.rows("contracts", signed_on_to="2025-04-01", account=account.pk)] == ["Frame"]
    assert [row["name"] for row in caller.rows("contracts", search="serv")] == ["Service"]
    shown = caller.get(f"contracts/{first.pk}/").json()
    assert (shown["account"], shown["amount"], shown["signed_on"]) == (account.pk, "18000.00", "2025-04-01")
    assert caller.get("contracts/", colour="red").status_code == 400

    refresh()
    assert list(open_facts().execute(open_facts().table("contracts").name.name("name").as_table())["name"])
    result = compute_metric("contracts", Period(), by="account")
    assert [(part.label, part.value) for part in result.parts] == [("Nordlicht", 2)]
    drill = find_records("contracts", Period(), user=ops)
    assert [row.pk for row in drill.page(0, 10)] == [second.pk, first.pk]
    assert [column.label for column in drill.columns] == ["Name", "Account", "Amount", "Signed"]

    line = timeline_page(scope_of(account, ops))
    assert [entry.title for entry in line.entries] == ["Contract signed: Service", "Contract signed: Frame"]
    assert timeline_page(scope_of(account, ops), "contract") == line

    undone = run_claimed(Undo, actions.undo_import(run=run, user=ops).pk, budget=1e9)
    assert undone is not None
    assert undone.state == "done", undone.last_error
    assert not contract.model._default_manager.exists()
    assert Account.objects.get() == account


def test_a_new_kind_is_a_target_of_mappings_and_in_the_description(contract: RecordKind, client: Any) -> None:
    assert ("contract", "Contracts") in [(kind.name, kind.title) for kind in list_kinds()]
    targets = {target.key for target in list_targets("contract")}
    assert {"field:amount", "field:signed_on", "link:account", "link:opportunity"} <= targets
    paths = client.get("/api/schema/?format=json").json()["paths"]
    parameters = {parameter["name"] for parameter in paths["/api/v1/contracts/"]["get"]["parameters"]}
    assert {"account", "signed_on_from", "amount_to", "search", "changed_since"} <= parameters
    assert "/api/v1/contracts/{id}/" in paths


def test_a_new_kind_is_seen_by_those_who_may_see_it(contract: RecordKind, company: Company) -> None:
    Company.objects.update(visibility=Company.Visibility.RESTRICTED)
    rep, other = make.user(Role.REP), make.user(Role.REP)
    row = make.example(contract, [make.account(owner=make.owner(user=rep))])
    assert [shown["id"] for shown in Caller(rep).rows("contracts")] == [row.pk]
    assert Caller(other).rows("contracts") == []


def test_an_amount_of_a_new_kind_needs_the_rate_of_its_day(contract: RecordKind, company: Company) -> None:
    Company.objects.update(currency="EUR", foreign_amounts=Company.ForeignAmounts.CONVERT)
    make.account(name="Nordlicht", source="accord")
    make.record(ExchangeRate, currency="USD", base="EUR", valued_on=date(2025, 4, 1), rate=Decimal(2))
    run = bring({"contracts.csv": CONTRACTS.replace("EUR", "USD").replace("2025-04-02", "2024-04-02")})
    assert [(line, column) for line, column, _ in refused(run)] == [(3, "Amount")]


def test_kinds_come_after_those_that_they_point_to() -> None:
    ranks: dict[Any, int] = {kind.model: kind.rank for kind in kinds_by_name().values()}
    for kind in kinds_by_name().values():
        for name in kind.fields:
            target = kind.model._meta.get_field(name).related_model
            assert ranks.get(target, 0) <= kind.rank, f"{kind.name}.{name}"


def test_a_declaration_names_fields_that_there_are() -> None:
    for kind in kinds_by_plural().values():
        fields = {field.name for field in kind.model._meta.concrete_fields}
        named = {
            *kind.fields,
            *kind.exact,
            *kind.ranges,
            *kind.search,
            *kind.ordering,
            *kind.not_in_facts,
            *kind.part_of,
        }
        assert named <= fields, kind.name
        assert not kind.money or {*kind.money.amounts, "currency"} <= fields, kind.name


def test_a_file_that_declares_no_kind_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "treaty.py").write_text("KIND = 1")
    monkeypatch.setattr(crm.kinds, "__path__", [str(tmp_path)])
    with pytest.raises(ImproperlyConfigured, match=r"treaty does not declare the kind “treaty”\. Add KIND"):
        kinds_by_name.__wrapped__()
    del sys.modules["crm.kinds.treaty"]
