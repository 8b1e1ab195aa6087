"""Two columns with one name: one is read, the other is kept, and the import says so."""

from decimal import Decimal

import pytest

from core.work import run_claimed
from crm.models import Opportunity
from imports import actions
from imports.inference.questions import list_findings
from imports.models import ImportJob
from team.models import Company
from tests import make
from tests.imports.importing import bring, queue

pytestmark = pytest.mark.django_db(transaction=True)
HEAD = "Opportunity,Account,Stage,Opened on"
SAID = "columns with one name"


@pytest.mark.parametrize("other", ["AMOUNT", "amount ", "Amount"])
def test_the_fuller_of_two_columns_with_one_name_is_read_and_the_other_kept(other: str) -> None:
    run = bring({"a.csv": f"{HEAD},Amount,{other}\nA,X,Talks,2025-01-15,,5\nB,X,Talks,2025-01-15,7,8\n"})
    deals = {deal.name: deal for deal in Opportunity.objects.all()}
    assert {name: deal.amount for name, deal in deals.items()} == {"A": Decimal(5), "B": Decimal(8)}
    assert deals["B"].custom == {"Amount": "7"}
    assert run.files.get().notes[SAID]["sample"].endswith("of “Amount”, “" + run.files.get().header[-1] + "”")


def test_the_other_column_can_be_chosen_as_long_as_the_import_waits() -> None:
    Company.get()
    ops = make.user("ops")
    text = f"{HEAD},Amount,AMOUNT\nB,X,Talks,2025-01-15,7,8\n"
    run = run_claimed(ImportJob, queue({"a.csv": text}, user=ops, waits=True).pk, budget=1e9)
    assert isinstance(run, ImportJob)
    file = run.files.get()
    finding = next(one for one in list_findings(file) if one.key == "column:amount")
    assert (finding.value, finding.choices) == ("Amount", (("Amount", "Amount"), ("AMOUNT", "AMOUNT")))
    actions.answer_questions(file=file, answers={"column:amount": "AMOUNT"}, user=ops)
    actions.confirm_import(run=run, user=ops)
    run_claimed(ImportJob, run.pk, budget=1e9)
    deal = Opportunity.objects.get()
    assert (deal.amount, deal.custom) == (Decimal(8), {"Amount": "7"})


def test_columns_with_one_name_that_nothing_reads_are_both_kept_without_a_word() -> None:
    run = bring({"a.csv": f"{HEAD},Colour,COLOUR\nB,X,Talks,2025-01-15,red,blue\n"})
    assert Opportunity.objects.get().custom == {"Colour": "red", "COLOUR": "blue"}
    assert SAID not in run.files.get().notes
