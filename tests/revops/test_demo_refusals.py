"""The demo keeps its hands off what is not its own."""

from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command

from team.models import Company, User
from tests import make


def test_the_demo_does_not_move_in_where_somebody_lives(db: None) -> None:
    make.lead()
    with pytest.raises(CommandError, match="holds 1 leads"):
        call_command("demo", "--records-only")
    assert User.objects.count() == 0
    assert not Company.get().is_demo


def test_the_demo_does_not_take_over_a_claimed_company(company: Company) -> None:
    company.claimed_at = datetime(2026, 1, 1, tzinfo=UTC)
    company.save()
    with pytest.raises(CommandError, match="company of its own"):
        call_command("demo", "--records-only")
