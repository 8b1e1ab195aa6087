"""Every form of the product, submitted twice with the same key, has its effect once and answers the same."""

import re
from typing import Any

import pytest
from django.db import connection, transaction

from team.models import User
from tests.fuzz.walking import Form, Ground, signed_in

NO_EFFECT = ("django_session", "team_submittedform")
WRITTEN = """
    SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables
    WHERE n_tup_ins + n_tup_upd + n_tup_del > 0 AND NOT relname = ANY(%s)"""
SAMPLES = {"date": "2027-03-01", "number": "5", "email": "new.person@example.com", "password": "", "month": "2027-03"}
BY_NAME = {"target": "1000", "starts_on": "2027-05-01", "ends_on": "2027-06-30", "currency": "USD", "value": "5", "rate": "1.1",
           "dated_on": "2025-12-31", "name": "A new name", "words": "Done as asked.", "reason": "Because.", "upper": ""}  # fmt: skip
LEAST_EFFECTS = 8


def written() -> dict[str, int]:
    """Return how many rows this transaction has written so far, by table."""
    with connection.cursor() as cursor:
        cursor.execute(WRITTEN, [list(NO_EFFECT)])
        return dict(cursor.fetchall())


def filled(form: Form) -> dict[str, Any]:
    """Fill in as a person would: what is chosen stays, what is empty gets a plausible value."""
    data: dict[str, Any] = dict(form.fields)
    for name, value in form.fields:
        if not value:
            data[name] = BY_NAME.get(name) or SAMPLES.get(form.kinds.get(name, "text"), "Some words")
    for name, values in form.choices.items():
        if not data.get(name):
            data[name] = next(filter(None, values), "")
    return {name: value for name, value in data.items() if not re.fullmatch(r"drop|test|look|.*-do", name)}


def test_every_form_submitted_twice_has_one_effect(ground: Ground, people: list[User], settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    doubled, effective = [], 0
    for n, (shape, form) in enumerate(sorted(ground.forms.items(), key=lambda item: str(item[0]))):
        user = ground.seen_by.get(shape)
        if form.method != "post" or user is None or "form_key" not in dict(form.fields):
            continue
        client, data = signed_in(user), {**filled(form), "form_key": f"key-of-form-number-{n:04}"}
        with transaction.atomic():
            before = written()
            first = client.post(form.action, data)
            after = written()
            second = client.post(form.action, data)
            again = written()
            transaction.set_rollback(True)
        if first.status_code >= 400 or after == before:
            continue
        effective += 1
        is_same = (first.status_code, first.headers.get("Location")) == (
            second.status_code,
            second.headers.get("Location"),
        )
        if again != after or not is_same:
            doubled.append(f"{form.action} as {user.role}: {first.status_code}, {second.status_code}")
    assert not doubled, "\n".join(doubled)
    assert effective >= LEAST_EFFECTS


@pytest.mark.parametrize("method", ["post"])
def test_every_form_that_changes_something_carries_a_key(ground: Ground, method: str) -> None:
    forms = [form for form in ground.forms.values() if form.method == method and not form.action.startswith("/admin/")]
    assert len(forms) > 10
    assert [form.action for form in forms if "form_key" not in dict(form.fields)] == []
