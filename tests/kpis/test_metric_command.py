"""`manage.py metric`: right at once after records changed, readable without --json."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from crm import models as crm
from facts.engine import Facts
from facts.models import Snapshot
from tests import make


def output(*words: str) -> str:
    out = StringIO()
    call_command("metric", *words, stdout=out)
    return out.getvalue().replace("\u202f", " ").replace("\u00a0", " ")


@pytest.mark.django_db(transaction=True)
def test_it_refreshes_stale_facts_and_leaves_fresh_ones(sold: Facts) -> None:
    assert "3,050.30 EUR, n 4" in output("won_revenue")
    taken = Snapshot.objects.count()
    output("won_revenue")
    assert Snapshot.objects.count() == taken
    make.opportunity(outcome="won", amount=100)
    assert "3,150.30 EUR, n 5" in output("won_revenue")
    crm.Opportunity.objects.filter(amount=100).delete()
    assert "3,050.30 EUR, n 4" in output("won_revenue")


def test_it_answers_an_empty_database(company: object) -> None:
    assert "no figure, n 0" in output("close_rate")


def test_the_table_names_parts_basis_and_notes(sold: Facts) -> None:
    text = output("revenue", "--from", "2025-01-01", "--to", "2025-12-31", "--by", "owner")
    assert text.startswith("Revenue, 2025\n")
    assert "Rita  €3,000  (3,000.00 EUR, n 1)" in text
    assert "Basis: invoices, net of credit notes." in text
    assert "As of 20" in text


def test_it_lists_the_metrics() -> None:
    text = output("--list")
    assert "close_rate" in text
    assert "by owner, manager" in text


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "Name a metric"),
        (["closing"], "Available: accounts"),
        (["leads", "--by", "colour"], "Use one of: owner"),
        (["leads", "--where", "owner"], "DIM=VALUE"),
        (["leads", "--where", "owner=A", "owner=B"], "once"),
        (["leads", "--from", "1.1.2025"], "2025-03-31"),
    ],
)
def test_a_wrong_question_is_explained(db: None, words: list[str], complaint: str) -> None:
    with pytest.raises(CommandError, match=complaint):
        output(*words)
