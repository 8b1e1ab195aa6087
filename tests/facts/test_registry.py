"""The declarations say what is copied, and hold every record kind."""

import ibis
import pyarrow as pa
import pytest
from django.db import models

from crm import models as crm
from crm.facts import LEFT_OUT
from crm.registry import kinds_by_plural
from facts.registry import BadColumn, Column, FactTable, all_tables, columns_of, register_table
from team.models import Territory

CONTRACT = {
    "accounts", "contacts", "leads", "opportunities", "owners", "products", "verticals", "campaigns", "touches", "spend",
    "activities", "enquiries", "enquiry_handovers", "invoices", "payments", "stage_changes", "buying_roles",
    "content_assets", "content_uses", "usage_events", "quotas", "territories", "line_items", "subscriptions",
}  # fmt: skip


def test_every_app_declares_its_tables_when_django_starts() -> None:
    assert set(all_tables()) >= CONTRACT


def test_every_kind_of_record_has_a_table() -> None:
    kinds = {model for model in vars(crm).values() if isinstance(model, type) and issubclass(model, crm.Record)}
    assert {table.model for table in all_tables().values()} >= kinds - {crm.Record}


@pytest.mark.parametrize("name", sorted(CONTRACT))
def test_every_field_is_a_column_or_is_listed_as_left_out(name: str) -> None:
    table = all_tables()[name]
    left_out = {*kinds_by_plural()[name].not_in_facts} if name in kinds_by_plural() else set()
    fields = {field.column for field in table.model._meta.concrete_fields}
    copied = {column.from_column for column in table.columns}
    assert copied <= fields
    assert fields - copied == (LEFT_OUT | left_out | {"calendar_id", "logged_by_id"}) & fields


def test_columns_take_their_types_from_the_fields() -> None:
    types = {column.name: column.type for column in all_tables()["opportunities"].columns}
    assert types["id"] == types["account_id"] == "int64"
    assert types["amount"] == "decimal(16,2)"
    assert types["probability"] == "decimal(5,4)"
    assert types["closed_on"] == "date"
    assert types["closed_at"] == "timestamp"
    assert types["is_new_business"] == "boolean"
    assert types["source_system"] == types["custom"] == "string"


def test_the_engines_know_every_type() -> None:
    for column in {column for table in all_tables().values() for column in table.columns}:
        assert ibis.dtype(column.type.replace("timestamp", "timestamp('UTC')"))
        assert isinstance(column.arrow_type, pa.DataType)
        assert column.duckdb_type.isascii()
        assert column.spark_type.isascii()


def test_bad_declarations_are_refused_with_words() -> None:
    with pytest.raises(BadColumn, match="keyword"):
        Column("at", "timestamp")
    with pytest.raises(BadColumn, match="the column type “money” does not exist"):
        Column("amount", "money")
    with pytest.raises(BadColumn, match="start with “id”"):
        FactTable("territories", Territory, (Column("name", "string"),))
    with pytest.raises(BadColumn, match="Two models want the fact table leads"):
        register_table(FactTable("leads", Territory, columns_of(Territory)))


def test_a_field_without_a_type_asks_to_be_declared() -> None:
    class Odd(models.Model):
        picture = models.BinaryField()

        class Meta:
            app_label = "facts"
            managed = False

    with pytest.raises(BadColumn, match="BinaryField"):
        columns_of(Odd)


def test_another_declaration_has_another_shape() -> None:
    whole = FactTable("territories", Territory, columns_of(Territory))
    less = FactTable("territories", Territory, columns_of(Territory, leave_out=frozenset({"parent"})))
    renamed = FactTable("territories", Territory, columns_of(Territory, rename={"name": "label"}))
    assert len({whole.shape, less.shape, renamed.shape}) == 3
