"""The page that takes an import back."""

from typing import Any

import pytest

from core.work import run_claimed
from crm.models import Account
from imports.models import Undo
from team.models import User
from tests.imports.importing import bring
from tests.imports.test_undo import ACCOUNTS

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_says_what_goes_and_does_it(as_user: Any, ops: User) -> None:
    run = bring({"accounts.csv": ACCOUNTS}, source="maven")
    client, address = as_user(ops), f"/imports/{run.pk}/undo/"
    page = client.get(address).content.decode()
    assert "Undo import" in page
    assert "Accounts" in page
    client.post(address)
    run_claimed(Undo, Undo.objects.get().pk)
    assert "Undone" in client.get(address).content.decode()
    assert "Undone" in client.get(f"/imports/{run.pk}/").content.decode()
    assert not Account.objects.exists()


def test_it_says_what_stands_in_the_way(as_user: Any, ops: User) -> None:
    run = bring({"accounts.csv": ACCOUNTS}, source="maven")
    Account.objects.update(city="Nairobi")
    client, address = as_user(ops), f"/imports/{run.pk}/undo/"
    assert "were changed since" in client.get(address).content.decode()
    assert "were changed since" in client.post(address, follow=True).content.decode()
    assert Account.objects.exists()


def test_a_rep_takes_nothing_back(as_user: Any, rep: User) -> None:
    run = bring({"accounts.csv": ACCOUNTS}, source="maven")
    assert as_user(rep).post(f"/imports/{run.pk}/undo/").status_code == 403
