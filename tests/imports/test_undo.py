"""Taking an import back: everything is as before, or nothing happens and the reason is said."""

from pathlib import Path

import pytest
from django.db import connection

from core.work import run_claimed
from crm.models import Account, Lead, Opportunity
from imports import actions, undo
from imports.actions import CannotUndo
from imports.models import ImportJob, RowVersion, Undo
from imports.undo import undo_blockers, undo_effects
from team.models import Company, User
from tests import make
from tests.imports.importing import bring, checksums

pytestmark = pytest.mark.django_db(transaction=True)

TEAMS = "sales_agent,manager,regional_office\nAnna,Mia,East\nBen,Mia,West\n"
ACCOUNTS = "account,sector,year_established,revenue,employees,office_location,subsidiary_of\nAcme,retail,1999,12.5,40,Kenya,\nBolt,retail,2001,3.0,12,Kenya,Acme\n"
DEALS = (
    "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\n"
    "A1,Anna,GTX Pro,Acme,Won,2017-01-01,2017-02-01,100\nA2,Ben,GTX Pro,Bolt,Engaging,2017-01-01,,\n"
)
CHANGED = (
    DEALS.replace("Engaging,2017-01-01,,", "Lost,2017-01-01,2017-03-01,0")
    + "A3,Cleo,MG Advanced,Zoom,Won,2017-01-01,2017-02-01,7\n"
)


def taken_back(run: ImportJob, by: User) -> Undo:
    row = run_claimed(Undo, actions.undo_import(run=run, user=by).pk, budget=1e9)
    assert isinstance(row, Undo)
    assert row.state == "done", row.last_error
    return row


@pytest.fixture
def somebody(db: None) -> User:
    Company.get()
    return make.user("ops")


def test_the_first_import_undone_leaves_nothing(somebody: User) -> None:
    before = checksums(but="changed_xid")
    run = bring({"sales_teams.csv": TEAMS, "accounts.csv": ACCOUNTS, "sales_pipeline.csv": DEALS}, source="maven")
    assert Opportunity.objects.count() == 2
    assert undo_blockers(run) == []
    taken_back(run, somebody)
    assert {
        name: (before[name], now) for name, now in checksums(but="changed_xid").items() if before[name] != now
    } == {}
    assert not RowVersion.objects.exists()
    run.refresh_from_db()
    assert run.undone_at


def test_a_row_written_while_its_record_is_removed_goes_too(somebody: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """The nightly run scores a lead just after the derived rows of the batch were deleted: the commit is refused once."""
    run = bring({"leads.csv": "Id,LastName,Company,Status\n00Q000000000001AAA,A,X,New\n"}, source="salesforce")
    lead, remove_batch, calls = Lead.objects.get(), undo._undo_batch, []

    def remove_beside_a_run(run_id: int) -> int:
        moved = remove_batch(run_id)
        calls.append(moved)
        if len(calls) == 1:
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO scoring_score (lead_id, model, version_id, fit_points, letter, state, score, reason)"
                    " VALUES (%s, 'x', 0, 1, '', '{}', 1, 'first')",
                    [lead.pk],
                )
        return moved

    monkeypatch.setattr(undo, "_undo_batch", remove_beside_a_run)
    taken_back(run, somebody)
    assert not Lead.objects.exists()
    assert len(calls) > 1


def test_rows_that_were_changed_get_their_old_image_back(somebody: User) -> None:
    bring({"sales_teams.csv": TEAMS, "accounts.csv": ACCOUNTS, "sales_pipeline.csv": DEALS}, source="maven")
    before = checksums(but="changed_xid")
    second = bring({"sales_pipeline.csv": CHANGED}, source="maven")
    lines = {line.name: (line.made, line.changed) for line in undo_effects(second)}
    assert lines["opportunities"] == (1, 1)
    taken_back(second, somebody)
    assert checksums(but="changed_xid") == before


def test_links_that_an_import_tied_hang_loose_again(somebody: User) -> None:
    bring({"sales_pipeline.csv": DEALS}, source="maven")
    before = checksums(but="changed_xid")
    accounts = bring({"accounts.csv": ACCOUNTS}, source="maven")
    assert Opportunity.objects.get(external_id="A1").account is not None
    taken_back(accounts, somebody)
    assert checksums(but="changed_xid") == before


def test_a_later_change_stands_in_the_way(somebody: User) -> None:
    run = bring({"accounts.csv": ACCOUNTS}, source="maven")
    Account.objects.filter(external_id="Acme").update(name="Acme Ltd")
    with pytest.raises(CannotUndo, match="1 accounts were changed since"):
        actions.undo_import(run=run, user=somebody)
    assert Account.objects.count() == 2


def test_a_later_import_on_top_stands_in_the_way_until_it_is_undone(somebody: User) -> None:
    before = checksums(but="changed_xid")
    first = bring({"accounts.csv": ACCOUNTS}, source="maven")
    second = bring({"sales_pipeline.csv": DEALS}, source="maven")
    with pytest.raises(CannotUndo, match="from elsewhere point to"):
        actions.undo_import(run=first, user=somebody)
    taken_back(second, somebody)
    taken_back(first, somebody)
    assert checksums(but="changed_xid") == before


def test_it_is_undone_once(somebody: User) -> None:
    run = bring({"accounts.csv": ACCOUNTS}, source="maven")
    taken_back(run, somebody)
    run.refresh_from_db()
    with pytest.raises(CannotUndo, match="already"):
        actions.undo_import(run=run, user=somebody)


def test_taking_back_goes_on_where_a_worker_died(somebody: User, monkeypatch: pytest.MonkeyPatch) -> None:
    bring({"sales_pipeline.csv": DEALS}, source="maven")
    before = checksums(but="changed_xid")
    run = bring({"sales_pipeline.csv": CHANGED, "accounts.csv": ACCOUNTS}, source="maven")
    monkeypatch.setattr(undo, "BATCH", 1)
    row = actions.undo_import(run=run, user=somebody)
    steps = 0
    while (found := run_claimed(Undo, row.pk, budget=-1)) and found.state == "queued":
        steps += 1
    assert steps > 3
    assert checksums(but="changed_xid") == before


def test_a_file_imported_again_after_that_is_new(somebody: User) -> None:
    run = bring({"accounts.csv": ACCOUNTS}, source="maven")
    taken_back(run, somebody)
    again = bring({"accounts.csv": ACCOUNTS}, source="maven")
    assert again.counts["created"] >= 2


@pytest.mark.public_data
def test_a_public_set_undone_leaves_nothing(somebody: User, public_data: Path) -> None:
    before = checksums(but="changed_xid")
    run = bring(public_data / "salesforce" / "bank_demo", source="salesforce")
    taken_back(run, somebody)
    assert checksums(but="changed_xid") == before
