"""Notices about requests that wait for a consent; team writes the rows, and this publishes each once."""

from notify.actions import publish_event
from team.accounts import consents
from team.models import ConsentRequest


def notify_of_requests() -> int:
    """Notify those who can consent, the person concerned and those who may refuse; returns the number of new requests."""
    waiting = ConsentRequest.objects.filter(decided_at=None).select_related("person", "asked_by")
    return sum(_publish_request(request) for request in waiting if consents.is_open(request))


def _publish_request(request: ConsentRequest) -> bool:
    event = publish_event(
        key=f"team.consent.{request.pk}", kind="team.consent",
        title=f"{request.asked_by} asks for a change of {request.person}'s account or seat",
        to=[*consents.possible_consenters(request), *consents.possible_refusers(request)], link="/me/requests/",
    )  # fmt: skip
    return event is not None
