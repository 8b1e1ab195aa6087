"""Put the demo company into the database, and take it out again: its own rows, and no others."""

import csv
import io
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Model
from django.utils import timezone

from core.database import update_statistics
from crm import models as crm
from crm.models import Record
from kpis.models import Goal
from revops.demo.people import People
from revops.demo.records.agreements import CMO, CRO, sign_papers
from revops.demo.records.alignment import sign_alignment
from revops.demo.records.pay_plans import sign_pay_plan
from revops.demo.records.reviews import hold_review, remove_review
from revops.demo.records.rounds import hold_rounds, remove_rounds
from revops.demo.records.stages import map_stages
from revops.demo.story import COMPANY, CURRENCY, DOMAIN, GOAL, SOURCE, YEARS, ZONE
from revops.demo.write import write_book
from team.models import Company, Territory, User

ORDER: tuple[type[Record], ...] = (  # anyone who is referred to comes first
    crm.Owner, crm.Vertical, crm.Product, crm.ContentAsset, crm.Campaign, crm.Account, crm.Contact, crm.Lead,
    crm.Opportunity, crm.StageChange, crm.BuyingRole, crm.Quota, crm.Touch, crm.Activity, crm.Enquiry,
    crm.EnquiryHandover, crm.Invoice, crm.Payment, crm.Spend, crm.ContentUse, crm.UsageEvent,
)  # fmt: skip
FILLED_BY_DATABASE = {"changed_xid", "custom", "pending", "first_import_id"}
GOAL_SETTER = "helena.brandt"
NULL = r"\N"
MANY = 1000  # records of a kind


def is_loaded() -> bool:
    return crm.Lead.objects.filter(source=SOURCE).exists()


def count_other_records() -> dict[str, int]:
    """Return how many records that are not the demo's there are of each kind, without the kinds that have none."""
    counts = {kind._meta.verbose_name_plural: kind._default_manager.exclude(source=SOURCE).count() for kind in ORDER}
    return {str(name): number for name, number in counts.items() if number}


def load_demo(today: date) -> dict[str, int]:
    """Found the company as seen on this day; return how many rows of each kind came. Call it in a transaction."""
    book = write_book(today)
    _save_company()
    _save_people(book.people)
    _save_goal(book.people, today.year)
    sign_papers(book.people.users, date(today.year + min(YEARS), 1, 1), today)
    sign_alignment(book.people.users, today)
    sign_pay_plan(book.people.users, today)
    hold_rounds(book.people.users, today)
    map_stages()
    for kind in ORDER:
        _assign_keys(book.pages[kind])
    for kind in ORDER:
        _copy_records(kind, book.pages[kind])
    hold_review(book.people.users, today)
    return {str(kind._meta.verbose_name_plural): len(book.pages[kind]) for kind in ORDER}


def remove_demo() -> None:
    """Delete the demo's records and goal; the records of others that referred to them keep standing without."""
    Goal.objects.filter(metric="revenue", target=GOAL, set_by__email=f"{GOAL_SETTER}@{DOMAIN}").delete()
    remove_rounds()
    remove_review()
    for kind in reversed(ORDER):
        kind._default_manager.filter(source=SOURCE).delete()
    crm.StageMapping.objects.filter(source=SOURCE).delete()


def _save_company() -> None:
    company = Company.get()
    company.name, company.currency, company.time_zone, company.is_demo = COMPANY, CURRENCY, ZONE, True
    company.claimed_at = company.claimed_at or timezone.now()
    company.save()


def _save_people(people: People) -> None:
    """Save territories and users, or find those of an earlier load: by name, by address."""
    for territory in people.territories.values():
        saved, _ = Territory.objects.get_or_create(name=territory.name, defaults={"parent": territory.parent})
        territory.pk = saved.pk
    for user in people.users.values():
        values = {name: getattr(user, name) for name in ("name", "role", "territory", "time_zone")}
        saved_user, is_new = User.objects.update_or_create(email=user.email, defaults=values)
        if is_new:
            saved_user.set_unusable_password()
            saved_user.save()
        user.pk = saved_user.pk
    for user in people.users.values():
        User.objects.filter(pk=user.pk).update(manager_id=user.manager.pk if user.manager else None)


def _save_goal(people: People, year: int) -> None:
    """Set this year's goal, unless one was set since."""
    days = {"starts_on": date(year, 1, 1), "ends_on": date(year, 12, 31)}
    users = people.users
    values = {
        "target": Decimal(GOAL), "currency": CURRENCY, "set_by_id": users[GOAL_SETTER].pk,
        "marketing_owner_id": users[CMO].pk, "sales_owner_id": users[CRO].pk,
    }  # fmt: skip
    Goal.objects.get_or_create(metric="revenue", **days, defaults=values)


def _assign_keys(records: list[Any]) -> None:
    """Draw a primary key for each record, so that others can refer to it before it is saved."""
    if not records:
        return
    with connection.cursor() as cursor:
        table = records[0]._meta.db_table
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, len(records)]
        )
        for record, (key,) in zip(records, cursor.fetchall(), strict=True):
            record.pk = key


def _copy_records(kind: type[Record], records: list[Any]) -> None:
    fields = [field for field in kind._meta.concrete_fields if field.name not in FILLED_BY_DATABASE]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    lines = io.StringIO()
    csv.writer(lines).writerows(_row_values(record, fields) for record in records)
    lines.seek(0)
    with connection.cursor() as cursor:
        table = kind._meta.db_table
        cursor.copy_expert(f"COPY \"{table}\" ({columns}) FROM STDIN (FORMAT csv, NULL '{NULL}')", lines)
    if len(records) >= MANY:
        update_statistics(kind)  # the first questions follow at once, before autovacuum comes by


def _row_values(record: Model, fields: list[Any]) -> Iterator[object]:
    """Yield the values; a record that it refers to has had its key only since it was referred to."""
    stored, referred = record.__dict__, record._state.fields_cache
    for field in fields:
        other = referred.get(field.name)
        value = other.pk if other else stored[field.attname]
        yield NULL if value is None else value
