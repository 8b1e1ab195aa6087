"""Every deliberate change to a connector; each says who acted and asks whether they may."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from connectors.access import Access, reader_for, seal_credentials
from connectors.allowed_hosts import allowed_base_url
from connectors.models import ACTIVE, Connector, Pull
from connectors.permissions import MANAGE_CONNECTORS
from connectors.schedule import start_pull
from core.work import State
from team.models import User

FIELDS = {"name", "base_url", "schedule", "kinds", "method"}


@transaction.atomic
def add_connector(*, by: User, source: str, filled: Mapping[str, str], **fields: Any) -> Connector:
    """Add a connector; its credentials are stored encrypted. The first pull starts by schedule or by hand."""
    MANAGE_CONNECTORS.require(by)
    connector = Connector(source=source, added_by=by, **_checked_fields(fields))
    connector.base_url = allowed_base_url(source, connector.base_url)
    connector.sign_in = seal_credentials(filled)
    connector.save()
    return connector


@transaction.atomic
def change_connector(
    *, by: User, connector: Connector, filled: Mapping[str, str] | None = None, **fields: Any
) -> Connector:
    """Change a connector. A new sign-in (`filled`) puts one that had stopped by itself back to work."""
    MANAGE_CONNECTORS.require(by)
    row = Connector.objects.select_for_update().get(pk=connector.pk)
    moved = allowed_base_url(row.source, fields.get("base_url", row.base_url)) != row.base_url
    for name, value in _checked_fields(fields).items():
        setattr(row, name, value)
    row.base_url = allowed_base_url(row.source, row.base_url)
    if moved:
        row.cursors = {}  # another account: nothing of it is here yet
    if filled is not None:
        row.sign_in = seal_credentials(filled)
        if row.trouble:
            row.is_enabled, row.trouble, row.scheduled_at = True, "", timezone.now()
    row.save()
    return row


def pull_now(*, by: User | None, connector: Connector, cause: str = Pull.Cause.HAND) -> Pull:
    """Begin a pull, or return the one that is at work; the caller enqueues the message, or the next tick does."""
    if by is not None:
        MANAGE_CONNECTORS.require(by)
    active = connector.active_pull
    if active:
        return active
    try:
        with transaction.atomic():
            return start_pull(connector, key=f"pull:{connector.pk}:{uuid.uuid4()}", cause=cause, asked_by=by)
    except IntegrityError:  # another request was quicker
        return Pull.objects.filter(connector=connector).latest("pk")


@transaction.atomic
def enable_connector(*, by: User, connector: Connector) -> None:
    """Let a connector pull by its schedule again; what it missed comes with the next pull."""
    MANAGE_CONNECTORS.require(by)
    Connector.objects.filter(pk=connector.pk).update(is_enabled=True, trouble="", scheduled_at=timezone.now())


@transaction.atomic
def disable_connector(*, by: User, connector: Connector) -> None:
    """Stop a connector, and the pull that is at work; its cursors stay where they are."""
    MANAGE_CONNECTORS.require(by)
    Connector.objects.filter(pk=connector.pk).update(is_enabled=False, trouble="")
    cancel_pull(by=by, connector=connector)


def cancel_pull(*, by: User, connector: Connector) -> None:
    """Stop the pull that is at work; what it has handed to the import stays there."""
    MANAGE_CONNECTORS.require(by)
    connector.pulls.filter(state__in=ACTIVE).update(
        state=State.CANCELLED, lease_until=None, finished_at=timezone.now(), last_error=f"Stopped by {by}"
    )


@transaction.atomic
def pull_everything_again(*, by: User, connector: Connector) -> None:
    """Forget how far a connector is, so that the next pull reads everything; what is the same stays the same."""
    MANAGE_CONNECTORS.require(by)
    cancel_pull(by=by, connector=connector)
    Connector.objects.filter(pk=connector.pk).update(cursors={})


@transaction.atomic
def remove_connector(*, by: User, connector: Connector) -> None:
    """Remove a connector with its sign-in and its history; its records stay."""
    MANAGE_CONNECTORS.require(by)
    Connector.objects.filter(pk=connector.pk).delete()


def test_sign_in(*, by: User, source: str, base_url: str, method: str, filled: Mapping[str, str]) -> str:
    """Sign in with what was filled in and return whom the source takes us for; nothing is kept.

    Raises:
        Fault: the source's answer, in words for people.
        Forbidden: the address is not one of the vendor's.
    """
    MANAGE_CONNECTORS.require(by)
    access = Access.from_form(source, allowed_base_url(source, base_url), method, filled)
    try:
        return reader_for(access).greet()
    finally:
        access.close()


def filled_in(connector: Connector) -> dict[str, str]:
    """Return what was filled in to sign in; for the server's own use, never for a page.

    Raises:
        Unsealable: we cannot open it.
    """
    return dict(connector.sign_in.open()["filled"])


def _checked_fields(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    unknown = set(fields) - FIELDS
    if unknown:
        raise TypeError(f"You cannot set {', '.join(sorted(unknown))} here.")
    return fields
