"""Notices about requests that wait for a consent; team writes the rows, and this tells of each once."""

from notify.actions import tell
from team.accounts import consents
from team.models import ConsentRequest


def tell_requests() -> int:
    """Tell those who can consent, the person concerned and those who may refuse; returns how many were told of anew."""
    waiting = ConsentRequest.objects.filter(decided_at=None).select_related("person", "asked_by")
    return sum(_told(request) for request in waiting if consents.is_open(request))


def _told(request: ConsentRequest) -> bool:
    event = tell(
        key=f"team.consent.{request.pk}", kind="team.consent",
        title=f"{request.asked_by} asks for a change of {request.person}'s account or seat",
        to=[*consents.consenters(request), *consents.refusers(request)], link="/me/requests/",
    )  # fmt: skip
    return event is not None
