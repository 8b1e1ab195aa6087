"""Whatever goes wrong between a source and us: every row once, the cursor only behind what is in."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from connectors import actions, spool, sync
from connectors.models import Connector, Pull
from connectors.schedule import queue_due
from core.work import State, run_claimed
from crm import models as crm
from imports.actions import cancel_import
from imports.models import ImportJob
from notify.models import Notice
from team.models import User
from tests.connectors.conftest import connect, pull, run, source_of
from tests.connectors.hubspot import HubSpot
from tests.connectors.pipedrive import Pipedrive
from tests.connectors.salesforce import Salesforce
from tests.connectors.server import Reply, Source, Stage

T = datetime(2026, 11, 1, 9, tzinfo=UTC)
ROWS = 55
SECRETS = {"client_id": "client", "client_secret": "hush-hush-secret", "refresh_token": "refresh-1-very-secret"}


@dataclass
class Case:
    """A source with 55 people in it, ten to a page, and how to tell its requests for pages."""

    make: type[Source]
    kind: str
    pages: str
    put: Callable[[Any, int, str], None]
    method: str = "oauth"

    @property
    def name(self) -> str:
        return self.make.__name__.lower()


def put_contact(source: HubSpot, key: int, name: str) -> None:
    source.put("contacts", key, T + timedelta(seconds=key), email=f"p{key}@example.com", lastname=name)


def put_person(source: Pipedrive, key: int, name: str) -> None:
    source.put("persons", key, T + timedelta(seconds=key), name=name, last_name=name)


def put_sf_contact(source: Salesforce, key: int, name: str) -> None:
    source.put("Contact", f"003A{key:011d}AAA", T + timedelta(seconds=key), LastName=name, AccountId="", Name=name)


CASES = [
    Case(HubSpot, "contacts", "/search$", put_contact),
    Case(Pipedrive, "persons", "/api/v2/persons$", put_person),
    Case(Salesforce, "Contact", "/results$", put_sf_contact, "refresh_token"),
]


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.vendors.hubspot.reader.PAGE_SIZE", 10)
    monkeypatch.setattr("connectors.vendors.pipedrive.reader.PAGE_SIZE", 10)
    monkeypatch.setattr("connectors.vendors.salesforce.reader.PAGE_ROWS", 10)
    monkeypatch.setitem(
        __import__("tests.connectors.salesforce", fromlist=["COLUMNS"]).COLUMNS, "Contact",
        ["Id", "IsDeleted", "AccountId", "LastName", "Name"],
    )  # fmt: skip


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def stage(case: Case) -> Iterator[Stage]:
    source = case.make()
    for key in range(1, ROWS + 1):
        case.put(source, key, f"L{key}")
    with Stage(source) as stage:
        yield stage


@pytest.fixture
def connector(case: Case, stage: Stage, ops: User) -> Connector:
    return connect(stage, ops, kinds=[case.kind], method=case.method, filled=SECRETS)


def assert_whole(case: Case, stage: Stage, done: Pull) -> None:
    """Every row is here once, was read once, and the cursor is at the source's time of the pull's begin."""
    assert (done.state, done.last_error) == (State.DONE, "")
    names = sorted(crm.Contact.objects.values_list("last_name", flat=True))
    assert names == sorted(f"L{key}" for key in range(1, ROWS + 1))
    assert done.done_units == ROWS
    assert done.run is not None
    assert (done.run.counts["repeated"], done.run.counts["rejected"]) == (0, 0)
    assert Connector.objects.get().pulled_until(case.kind) == source_of(stage).now


def test_without_trouble_every_row_comes_once(case: Case, stage: Stage, connector: Connector) -> None:
    assert_whole(case, stage, pull(connector))


@pytest.mark.parametrize("trouble", ["cut", "half"])
def test_half_a_page_is_read_again(case: Case, stage: Stage, connector: Connector, trouble: str) -> None:
    source_of(stage).go_wrong(trouble, case.pages, times=2, skip=2)
    done = pull(connector)
    assert_whole(case, stage, done)
    assert len(source_of(stage).asked(case.pages)) >= 8


def test_a_short_limit_is_waited_for_where_we_stand(
    case: Case, stage: Stage, connector: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(sync, "sleep", slept.append)
    source_of(stage).limit(case.pages, times=1, **{"Retry-After": "1"})
    assert_whole(case, stage, pull(connector))
    assert slept == [1.0]


def test_a_long_limit_puts_the_row_back_until_it_is_over(case: Case, stage: Stage, connector: Connector) -> None:
    source_of(stage).limit(case.pages, times=1, **{"Retry-After": "600"})
    row = actions.pull_now(by=None, connector=connector)
    run_claimed(Pull, row.pk)
    row.refresh_from_db()
    assert row.state == State.QUEUED
    assert "limit" in row.last_error
    assert 590 < (row.run_after - timezone.now()).total_seconds() <= 600
    assert row.attempts == 0
    assert_whole(case, stage, run(row))


def test_a_source_that_stumbles_is_asked_again(case: Case, stage: Stage, connector: Connector) -> None:
    source_of(stage).fail(case.pages, times=3, status=503)
    assert_whole(case, stage, pull(connector))


def test_a_source_that_stays_down_ends_the_pull_and_the_next_goes_on(
    case: Case, stage: Stage, connector: Connector
) -> None:
    source_of(stage).fail(case.pages, times=sync.MAX_WAITS + 1)
    failed = pull(connector)
    assert failed.state == State.FAILED
    assert f"Tried {sync.MAX_WAITS} times in a row" in failed.last_error
    assert Connector.objects.get().cursors == {}
    assert Connector.objects.get().is_enabled
    assert_whole(case, stage, pull(connector))


def test_a_token_that_ends_in_the_middle_is_renewed_once_and_the_page_repeated(
    case: Case, stage: Stage, connector: Connector
) -> None:
    source = source_of(stage)
    pages = iter(range(100))

    def end_token(question: Any) -> None:
        if question.path.endswith(case.pages.strip("$").rpartition("/")[2]) and next(pages) == 2:
            source.token = (
                source.token.replace("token-2", "token-7") if "token-2" in source.token else f"{source.token}x"
            )

    source.after = end_token
    assert_whole(case, stage, pull(connector))
    renewals = source.asked("/oauth")
    assert len(renewals) == 2, "once to begin, once in the middle"


def test_a_sign_in_that_is_refused_switches_the_connector_off_and_tells(
    case: Case, stage: Stage, connector: Connector, cro: User, rep: User
) -> None:
    actions.change_connector(by=cro, connector=connector, filled={**SECRETS, "client_secret": "changed-secret", "refresh_token": "a-void-token"})  # fmt: skip
    failed = pull(connector)
    assert failed.state == State.FAILED
    assert failed.last_error.startswith("The sign-in is refused: ")
    connector = Connector.objects.get()
    assert not connector.is_enabled
    assert connector.trouble
    assert "changed-secret" not in connector.trouble
    told = set(Notice.objects.values_list("user__email", flat=True))
    assert cro.email in told
    assert rep.email not in told
    Connector.objects.update(scheduled_at=timezone.now() - timedelta(days=2))
    queue_due()
    assert not connector.active_pull
    actions.change_connector(by=cro, connector=connector, filled=SECRETS)
    assert Connector.objects.get().is_enabled
    assert_whole(case, stage, pull(connector))


def test_an_answer_that_leads_elsewhere_is_not_followed(case: Case, stage: Stage, connector: Connector) -> None:
    away = Reply({}, 302, {"location": "http://169.254.169.254/latest/meta-data"})
    source_of(stage).go_wrong("status", case.pages, reply=away)
    failed = pull(connector)
    assert (failed.state, failed.last_error) == (
        State.FAILED,
        "The source redirects to another address; check its address",
    )


def test_the_cursor_stays_where_it_was_when_the_import_is_cancelled(
    case: Case, stage: Stage, connector: Connector
) -> None:
    row = actions.pull_now(by=None, connector=connector)
    run_claimed(Pull, row.pk)
    cancel_import(run=ImportJob.objects.get(), user=None)
    failed = run(row)
    assert failed.state == State.FAILED
    assert "cancelled" in failed.last_error
    assert Connector.objects.get().cursors == {}
    assert_whole(case, stage, pull(connector))


def test_files_that_are_lost_are_read_again(
    case: Case, stage: Stage, connector: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = actions.pull_now(by=None, connector=connector)
    run_claimed(Pull, row.pk, budget=-1)  # sign in
    for _ in range(4):
        run_claimed(Pull, row.pk, budget=-1)
    spool.discard_files(row.pk)
    assert_whole(case, stage, run(row))


def test_rows_written_behind_the_checkpoint_are_cut_off(case: Case, stage: Stage, connector: Connector) -> None:
    """A worker may die between the disk and the database: then the page is read again, and is there once."""
    row = actions.pull_now(by=None, connector=connector)
    for _ in range(5):
        run_claimed(Pull, row.pk, budget=-1)
    for path in spool.folder_of(row.pk).glob("*.csv"):
        last = path.read_text().splitlines()[-1]
        with path.open("a") as file:
            file.write(f"{last}\n{last[: len(last) // 2]}")
    (spool.folder_of(row.pk) / "never committed.csv").write_text("Id\n1\n")
    assert_whole(case, stage, run(row))
    assert not list(spool.pulls_folder().glob("*")), "what is imported is not kept twice"
