"""Empty cells of a later file leave or empty the values of records that are here, as is usual for the file or as a person says."""

from decimal import Decimal
from typing import Any

import pytest

from core.work import run_claimed
from crm.models import Lead, Opportunity
from imports import actions
from imports.inference.empty_cells import CLEAR, LEAVE
from imports.models import ImportJob, Preview
from imports.preview.summary import summarise_preview
from team.models import Company, User
from tests import make
from tests.imports.importing import bring, queue

pytestmark = pytest.mark.django_db(transaction=True)
FULL = "Id,Name,StageName,Amount,CloseDate,LeadSource,NextStep,AccountId,Colour\n"
DEAL = "0065g00000CcCcCAAV"
ACCOUNT = "0015g00000CcCcCAAV"
ACCOUNTS = f"Id,Name,Type\n{ACCOUNT},Elm,Customer\n"
FILLED = f"{DEAL},Deal,Closed Won,5000,2025-04-30,Web,Call,{ACCOUNT},red\n"
EMPTIED = f"{DEAL},Deal,Closed Won,,2025-04-30,,,,\n"


def told() -> tuple[Any, ...]:
    deal = Opportunity.objects.get()
    return deal.amount, deal.lead_source, deal.next_step, deal.account and deal.account.name, deal.custom.get("Colour")


VALUES = (Decimal(5000), "Web", "Call", "Elm", "red")
NOTHING = (None, "", "", None, None)


def test_an_export_with_all_its_columns_empties_what_it_has_empty() -> None:
    bring({"Account.csv": ACCOUNTS, "Opportunity.csv": FULL + FILLED})
    assert told() == VALUES
    bring({"Opportunity.csv": FULL + EMPTIED})
    assert told() == NOTHING


def test_a_list_with_fewer_columns_leaves_what_it_has_empty() -> None:
    bring({"Account.csv": ACCOUNTS, "Opportunity.csv": FULL + FILLED})
    run = bring(
        {
            "Opportunity.csv": "Id,Name,StageName,Amount,CloseDate,LeadSource,AccountId,Colour\n"
            + f"{DEAL},Deal,Prospecting,,2025-04-30,,,\n"
        }
    )
    assert told() == VALUES
    assert Opportunity.objects.get().stage == "Prospecting"
    assert run.counts["updated"] == 1


def test_a_sheet_of_ours_leaves_what_it_has_empty_defaults_and_flags_included() -> None:
    header = "Opportunity id,Opportunity,Account,Stage,Outcome,Amount,Currency,Closed on,New business,Probability (%),Owner\n"
    bring({"a.csv": header + "1,Deal,Elm,Signed,Won,5,EUR,2025-03-31,yes,80,Ann\n"}, currency="USD")
    bring({"a.csv": header + "1,Deal,,Signed,,,,,,,\n2,New,,Talks,,7,,,,,\n"}, currency="USD")
    deal, new = Opportunity.objects.order_by("external_id").select_related("owner")
    assert (deal.amount, deal.currency, deal.outcome, str(deal.closed_on), deal.is_new_business, deal.probability) == (
        Decimal(5), "EUR", "won", "2025-03-31", True, Decimal("0.8"),
    )  # fmt: skip
    assert deal.owner
    assert deal.owner.name == "Ann"
    assert deal.pending == {"account": {"any": "Elm"}}
    assert (new.amount, new.currency, new.outcome, new.closed_on) == (Decimal(7), "USD", "open", None)


def test_a_deal_that_is_open_again_loses_its_day_though_its_cell_is_empty() -> None:
    header = "Opportunity id,Opportunity,Account,Stage,Outcome,Closed on\n"
    bring({"a.csv": header + "1,Deal,Elm,Signed,Won,2025-03-31\n"})
    bring({"a.csv": header + "1,Deal,Elm,Talks,Open,\n"})
    deal = Opportunity.objects.get()
    assert (deal.outcome, deal.closed_on) == ("open", None)


def test_the_name_of_a_person_keeps_the_part_that_is_empty() -> None:
    header = "Lead id,First name,Last name,Email,Lead source,Company\n"
    bring({"a.csv": header + "1,Ina,Fischer,i@x.example,Web,Harbour\n"})
    bring({"a.csv": header + "1,,Wei,,Fair,\n"})
    lead = Lead.objects.get()
    assert (lead.name, lead.first_name, lead.email, lead.company_name) == ("Ina Wei", "Ina", "i@x.example", "Harbour")


@pytest.fixture
def ops(db: None) -> User:
    Company.get()
    return make.user("ops")


def test_the_preview_counts_the_cells_and_the_other_way_can_be_chosen(ops: User) -> None:
    bring({"Account.csv": ACCOUNTS, "Opportunity.csv": FULL + FILLED})
    run = run_claimed(ImportJob, queue({"Opportunity.csv": FULL + EMPTIED}, user=ops, waits=True).pk, budget=1e9)
    assert isinstance(run, ImportJob)
    words = "5 empty cells where the record has a value, most of them in “Amount”. "
    assert seen(run) == [(words + "They empty the value.", LEAVE)]
    file = run.files.get()
    actions.answer_questions(file=file, answers={"empty": LEAVE}, user=ops)
    assert seen(run) == [(words + "They leave the value unchanged.", CLEAR)]
    actions.confirm_import(run=run, user=ops)
    run_claimed(ImportJob, run.pk, budget=1e9)
    assert told() == VALUES
    run.refresh_from_db()
    assert run.counts["unchanged"] == 1


def seen(run: ImportJob) -> list[tuple[str, str]]:
    run_claimed(Preview, Preview.objects.get(run=run).pk, budget=1e9)
    lines = summarise_preview(run, list(run.files.all())).notes
    return [(line.sentence, line.other[1]) for line in lines if line.other]
