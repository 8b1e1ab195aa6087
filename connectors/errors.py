"""What can go wrong between a source and us, one class for each reaction to it."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MAX_WAIT = 24 * 3600.0
MAX_MESSAGE = 300


class Fault(Exception):
    """Something went wrong; the message is for people and holds no secret."""


class Busy(Fault):
    """Not now: a limit is reached, the source is down, the line was cut. Asking again later helps."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait  # seconds that the source asked for; None where it did not say


class Expired(Fault):
    """The access token is no longer taken; a renewed one may be."""


class Refused(Fault):
    """The sign-in itself is not taken. Only a person can repair that."""


class NotPermitted(Fault):
    """Signed in, but this object is closed to us or not there; the others may be open."""


class UnexpectedResponse(Fault):
    """The source will not answer this question as we put it, or answers in a way we do not know."""


def raise_for_status(status: int, headers: Mapping[str, str], message: str) -> None:
    """Raise what an HTTP status calls for; nothing below 300."""
    if status < 300:
        return
    if status == 401:
        raise Expired(message)
    if status in {403, 404, 410}:
        raise NotPermitted(message)
    if status in {408, 425, 429} or status >= 500:
        raise Busy(message, requested_wait(headers))
    raise UnexpectedResponse(message)


def requested_wait(headers: Mapping[str, str]) -> float | None:
    """Return how many seconds the source asks us to wait: Retry-After in either form, or X-RateLimit-Reset."""
    header = headers.get("retry-after") or headers.get("x-ratelimit-reset") or ""
    try:
        seconds = float(header)
    except ValueError:
        seconds = _seconds_until(header)
    return min(seconds, MAX_WAIT) if seconds > 0 else None


def _seconds_until(header: str) -> float:
    try:
        moment = parsedate_to_datetime(header)
    except (ValueError, TypeError):
        return 0.0
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()


def back_off(attempt: int, longest: float = 900.0) -> float:
    """Return the seconds before try number `attempt` + 1: doubled each time, with a random part so that clients do not retry at the same time."""
    return min(longest, 2.0**attempt) * random.uniform(0.75, 1.25)  # noqa: S311


def clean_message(message: str, secrets: tuple[str, ...] = ()) -> str:
    """Return the source's words, cut to what fits a message of Accord, without any secret that they may echo."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= 6:
            message = message.replace(secret, "…")
    message = " ".join(message.split()).rstrip(".")
    return message if len(message) <= MAX_MESSAGE else f"{message[:MAX_MESSAGE]}…"
