"""What people do in the people's room."""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256

from alignment.models import DetectorResult
from core.templatetags.form_key import is_key


def keep_answers(answers: Mapping[str, bool], form_key: str = "") -> DetectorResult:
    """Keep a visitor's three answers under a link of their own; no one is named as the actor, for no one is known.

    The same answers sent again from the same page come to the same link: it follows from the page's key, which is random.
    """
    if not is_key(form_key):
        return DetectorResult.objects.create(**answers)
    digest = sha256(f"{form_key} {sorted(answers.items())}".encode()).digest()
    token = urlsafe_b64encode(digest[:16]).decode().rstrip("=")
    return DetectorResult.objects.get_or_create(token=token, defaults=answers)[0]


def delete_outdated_results() -> int:
    """Delete the detector's results that are older than 24 months; returns how many there were."""
    return DetectorResult.objects.outdated().delete()[0]
