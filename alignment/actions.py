"""What people do in the people's room."""

from collections.abc import Mapping

from alignment.models import DetectorResult


def keep_answers(answers: Mapping[str, bool]) -> DetectorResult:
    """Keep a visitor's three answers under a new link; nobody is named as the actor, for nobody is known."""
    return DetectorResult.objects.create(**answers)
