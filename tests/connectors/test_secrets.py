"""A sign-in goes in and never comes out: not in the database, not in a log, not in a page, not in an error."""

import io
import logging
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from connectors import actions
from connectors.models import Connector
from core.encryption import Sealed
from core.work import State
from team.models import User
from tests.connectors.conftest import connect, pull, source_of
from tests.connectors.server import Reply, Stage

FILLED = {"client_id": "client", "client_secret": "hush-hush-secret", "refresh_token": "refresh-1-very-secret"}
OLD, NEW = "an old key of thirty-two characters.", "a new key of thirty-two characters. "


def dump() -> str:
    """Return every cell of every table, as a dump would hold it."""
    out = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            out += [row[0] for row in cursor.fetchall()]
    return "\n".join(out)


@pytest.mark.parametrize("source", ["hubspot", "pipedrive", "salesforce"])
def test_no_dump_and_no_log_holds_a_sign_in(
    request: pytest.FixtureRequest, ops: User, caplog: pytest.LogCaptureFixture, source: str
) -> None:
    stage = request.getfixturevalue(source)
    caplog.set_level(logging.DEBUG)
    method = "refresh_token" if source == "salesforce" else "oauth"
    connector = connect(stage, ops, kinds=[{"hubspot": "owners", "pipedrive": "users", "salesforce": "User"}[source]], method=method, filled=FILLED)  # fmt: skip
    source_of(stage).fail("/owners|/v1/users$|/jobs/query$", times=2)
    assert pull(connector).state == State.DONE
    token = source_of(stage).token
    kept = Connector.objects.get().sign_in.open()
    assert kept["session"]["token"] == token, "the token of the hour is kept, under seal"
    for place, text in [("the database", dump()), ("the log", caplog.text)]:
        for secret in ("hush-hush-secret", "refresh-1-very-secret", token):
            assert secret not in text, f"{secret} is readable in {place}"


def test_a_source_that_echoes_our_secret_has_it_struck_out(hubspot: Stage, ops: User) -> None:
    echo = Reply({"message": "invalid token token-1-of-the-hour for hush-hush-secret"}, 400)
    source_of(hubspot).go_wrong("status", "/search", times=1, reply=echo)
    failed = pull(connect(hubspot, ops, kinds=["contacts"]))
    assert failed.state == State.FAILED
    assert failed.last_error.startswith("invalid token … for")
    assert "token-1-of-the-hour" not in dump()


def test_the_pages_show_no_secret(hubspot: Stage, ops: User, as_user: Any) -> None:
    connector = connect(hubspot, ops, method="oauth", filled=FILLED)
    client: Client = as_user(ops)
    for path in ["/connectors/", f"/connectors/{connector.pk}/", f"/connectors/{connector.pk}/edit/"]:
        page = client.get(path)
        assert page.status_code == 200
        assert "hush-hush-secret" not in page.text
        assert "refresh-1-very-secret" not in page.text
    assert "no-store" in client.get(f"/connectors/{connector.pk}/edit/")["Cache-Control"]
    tried = {**FILLED, "name": "x", "base_url": "http://nonsense", "kinds": ["owners"], "rhythm": "7 * * * *"}
    back = client.post(f"/connectors/{connector.pk}/edit/", tried)
    assert "hush-hush-secret" not in back.text
    assert "Enter an https address" in back.text


def test_a_secret_that_is_left_empty_is_kept(hubspot: Stage, ops: User, as_user: Any) -> None:
    connector = connect(hubspot, ops, method="oauth", filled=FILLED)
    fields = {
        "client_id": "another client",
        "name": "HubSpot Europe",
        "base_url": hubspot.url,
        "kinds": ["owners"],
        "rhythm": "7 * * * *",
    }
    page = as_user(ops).post(f"/connectors/{connector.pk}/edit/", fields)
    assert page.status_code == 302
    connector.refresh_from_db()
    assert connector.name == "HubSpot Europe"
    assert actions.filled_in(connector) == {**FILLED, "client_id": "another client"}


def test_the_keys_rotate_and_the_connector_goes_on(hubspot: Stage, ops: User, settings: Any) -> None:
    settings.ENCRYPTION_KEYS = [OLD]
    connector = connect(hubspot, ops, kinds=["owners"])
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    out = io.StringIO()
    call_command("rotate_keys", stdout=out)
    assert out.getvalue().startswith("1 encrypted again")
    settings.ENCRYPTION_KEYS = [NEW]
    assert pull(connector).state == State.DONE


def test_a_key_that_is_gone_is_told_and_corrected_by_signing_in_again(hubspot: Stage, ops: User, settings: Any) -> None:
    settings.ENCRYPTION_KEYS = [OLD]
    connector = connect(hubspot, ops, kinds=["owners"])
    settings.ENCRYPTION_KEYS = [NEW]
    with pytest.raises(CommandError, match="HubSpot"):
        call_command("rotate_keys", stdout=io.StringIO())
    failed = pull(connector)
    assert failed.state == State.FAILED
    assert "Enter it again" in Connector.objects.get().trouble
    actions.change_connector(by=ops, connector=connector, filled={"token": "token-1-of-the-hour"})
    assert pull(connector).state == State.DONE


def test_a_sealed_sign_in_has_no_words() -> None:
    assert repr(Connector(sign_in=Sealed.of(FILLED)).sign_in) == "<Sealed>"
