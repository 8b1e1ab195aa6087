"""A signed-in connection to a source: the access token is requested when needed, renewed once when it ends, and stored encrypted."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Self, TypeVar

from django.db import transaction

from connectors.allowed_hosts import ForbiddenAddress, allowed_base_url
from connectors.answer import Answer
from connectors.errors import Expired, Refused
from connectors.http import HttpClient
from connectors.models import Connector
from connectors.protocol import Reader
from connectors.registry import connector_type
from connectors.session import Session
from core.encryption import Sealed

T = TypeVar("T")


class Access:
    """What a reader asks through. `renew` gets the session that was refused and returns a fresh one."""

    def __init__(
        self, source: str, session: Session, renew: Callable[[Session], Session], secrets: tuple[str, ...] = ()
    ) -> None:
        self.source, self.session, self.secrets = source, session, secrets
        self._renew = renew
        self._line = HttpClient(source)
        self.clock: datetime | None = None  # the source's time, as of its last answer

    @classmethod
    def for_connector(cls, connector: Connector) -> Self:
        """Sign in as a connector does.

        Raises:
            Refused: the source does not take the sign-in.
            Unsealable: we cannot open it.
        """
        stored = connector.sign_in.open()
        session = Session(**stored["session"]) if stored.get("session") else None
        if session is None or session.is_over:
            session = _renew_session(connector.pk, session)
        secrets = (*stored["filled"].values(), session.token)
        return cls(connector.source, session, lambda failed: _renew_session(connector.pk, failed), secrets)

    @classmethod
    def from_form(cls, source: str, base_url: str, method: str, filled: Mapping[str, str]) -> Self:
        """Sign in with the values of a form, keeping nothing."""
        session = _start_session(source, base_url, method, filled)
        return cls(source, session, lambda _: _start_session(source, base_url, method, filled), tuple(filled.values()))

    def request(self, method: str, path: str, **content: Any) -> Answer:
        """Send a request; when the token has expired, renew it once and send the request again.

        Raises:
            Fault: in one of its kinds.
        """

        def put(session: Session) -> Answer:
            url = f"{session.base_url}{path}"
            return self._line.request(method, url, headers=session.headers, secrets=self._all_secrets, **content)

        answer = self.with_session(put)
        self.clock = answer.server_time or self.clock
        return answer

    def with_session(self, question: Callable[[Session], T]) -> T:
        """Call `question` with the session, and once more with a fresh one when that has ended."""
        try:
            return question(self.session)
        except Expired:
            self.session = self._renew(self.session)
        try:
            return question(self.session)
        except Expired as fault:
            raise Refused(str(fault)) from None

    @property
    def _all_secrets(self) -> tuple[str, ...]:
        return (*self.secrets, self.session.token)

    @property
    def source_time(self) -> datetime:
        """The source's time, ours where it never said."""
        return self.clock or datetime.now(UTC)

    def close(self) -> None:
        self._line.close()


def reader_for(access: Access) -> Reader:
    return connector_type(access.source).reader(access)


def seal_credentials(filled: Mapping[str, str]) -> Sealed:
    """Encrypt the credentials; the first request gets a token."""
    return Sealed.of({"filled": dict(filled), "session": None})


def _start_session(source: str, base_url: str, method: str, filled: Mapping[str, str]) -> Session:
    session = connector_type(source).method(method).begin(base_url, filled)
    try:
        return replace(session, base_url=allowed_base_url(source, session.base_url))
    except ForbiddenAddress as error:
        raise Refused(f"The sign-in redirects to an address that does not belong to the vendor. {error}") from None


def _renew_session(connector_id: int, failed: Session | None) -> Session:
    """Return a session other than the one that failed; the first caller renews it, and the others use its result.

    A source may hand out a new refresh token with each renewal and void the old one, so it is saved at once.
    """
    with transaction.atomic():
        row = Connector.objects.select_for_update().get(pk=connector_id)
        stored = row.sign_in.open()
        current = Session(**stored["session"]) if stored.get("session") else None
        if current and not current.is_over and (failed is None or current.token != failed.token):
            return current
        if failed is not None and not connector_type(row.source).method(row.method).renews:
            raise Refused(f"{row.get_source_display()} no longer accepts the token")
        fresh = _start_session(row.source, row.base_url, row.method, stored["filled"])
        filled = {**stored["filled"], **({"refresh_token": fresh.refresh_token} if fresh.refresh_token else {})}
        # saved at once: the source may have voided the old refresh token
        row.sign_in = Sealed.of({"filled": filled, "session": fresh.as_dict()})
        row.save(update_fields=["sign_in"])
    return fresh
