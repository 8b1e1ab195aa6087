"""Sources on a port, connectors to them, and a pull run to its end the way a worker and the tick would."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from connectors import actions, sync
from connectors.models import Connector, Pull
from connectors.registry import connector_type
from core.work import Work, run_claimed
from imports.models import ImportJob
from team.models import Company, User
from tests.connectors.hubspot import HubSpot
from tests.connectors.pipedrive import Pipedrive
from tests.connectors.salesforce import Salesforce
from tests.connectors.server import Source, Stage

FILLED = {
    "hubspot": ("private_app", {"token": "token-1-of-the-hour"}),
    "pipedrive": ("api_token", {"token": "pipedrive-api-token"}),
    "salesforce": ("client_credentials", {"client_id": "client", "client_secret": "hush-hush-secret"}),
}


@pytest.fixture(autouse=True)
def rehearsal(settings: Any, company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sources on this machine may be called, and no one waits in earnest."""
    settings.CONNECTOR_LOOPBACK = True
    monkeypatch.setattr("connectors.vendors.hubspot.reader.SEARCH_INTERVAL", 0.0)
    monkeypatch.setattr("connectors.vendors.salesforce.reader.FIRST_CHECKS", (0.0, 0.0))
    monkeypatch.setattr(sync, "sleep", lambda seconds: None)


@pytest.fixture
def hubspot() -> Iterator[Stage]:
    with Stage(HubSpot()) as stage:
        yield stage


@pytest.fixture
def pipedrive() -> Iterator[Stage]:
    with Stage(Pipedrive()) as stage:
        yield stage


@pytest.fixture
def salesforce() -> Iterator[Stage]:
    with Stage(Salesforce()) as stage:
        yield stage


def connect(stage: Stage, ops: User, **fields: Any) -> Connector:
    """Add a connector to a source on stage."""
    source = type(stage.source).__name__.lower()
    method, filled = FILLED[source]
    values = {
        "name": connector_type(source).title, "base_url": stage.url, "method": method, "schedule": "0 * * * *",
        "kinds": list(connector_type(source).objects), "filled": filled, **fields,
    }  # fmt: skip
    return actions.add_connector(by=ops, source=source, **values)


def run(pull: Pull, turns: int = 200) -> Pull:
    """Work on a pull and its import until it is over, however long it says that it waits."""
    for _ in range(turns):
        _work(pull)
        pull.refresh_from_db()
        if pull.run and not pull.run.is_over:
            _work(pull.run)
        if pull.is_over:
            return pull
    raise AssertionError(f"The pull does not end: {pull.checkpoint} {pull.last_error}")


def _work(row: Work) -> None:
    type(row)._default_manager.filter(pk=row.pk).update(run_after=timezone.now())
    run_claimed(type(row), row.pk)


def pull(connector: Connector) -> Pull:
    """Pull once, to the end."""
    return run(actions.pull_now(by=None, connector=Connector.objects.get(pk=connector.pk)))


def last_import() -> ImportJob:
    return ImportJob.objects.latest("pk")


def source_of(stage: Stage) -> Any:
    source: Source = stage.source
    return source
