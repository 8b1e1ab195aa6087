"""The demo keeps its hands off what is not its own, and stands even where the numbers have to wait."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from revops.management.commands import demo
from team.models import Company, User
from tests import make


def test_the_demo_does_not_move_in_where_someone_lives(db: None) -> None:
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


@pytest.mark.parametrize("fails", [False, True])
def test_the_first_numbers_are_computed_or_said_to_follow(
    db: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], fails: bool
) -> None:
    asked = []

    def recompute(name: str, **options: Any) -> None:
        asked.append(name)
        if fails:
            raise CommandError("The run failed.")

    monkeypatch.setattr(demo, "load_demo", lambda today: {"leads": 3})
    monkeypatch.setattr(demo, "call_command", recompute)
    call_command("demo")
    printed = capsys.readouterr()
    assert asked == ["recompute"]
    assert "AppLexus is loaded: 3 records" in printed.out
    assert ("The numbers follow with the next run" in printed.err) is fails
