"""The score models in force, and the proposal for a company that has none."""

from agreements.actions import draft, propose
from agreements.models import Agreement, Version
from scoring.checking import faults
from scoring.defaults import KEY, TERMS, TEXT, TITLE
from scoring.terms import Model, from_terms
from team.models import User

SCORE = "score"


def in_force() -> tuple[Model, ...]:
    """Return the signed models that can be computed, in the order in which they claim a lead. One query."""
    versions = Version.objects.in_force().filter(agreement__kind=SCORE, pilot_manager=None).select_related("agreement")
    models = [of_version(version) for version in versions if not faults(version.terms)]
    return tuple(sorted(models, key=lambda model: (model.position, model.key)))


def of_version(version: Version) -> Model:
    agreement = version.agreement
    return from_terms(agreement.key, version.terms, title=agreement.title, version_id=version.pk, number=version.number)


def propose_default(by: User) -> Version | None:
    """Propose Accord's own model where there is none yet; nothing is scored before both sides have signed."""
    if Agreement.objects.filter(kind=SCORE).exists():
        return None
    version = draft(by=by, kind=SCORE, key=KEY, title=TITLE, text=TEXT, terms=TERMS, reason="A model to begin with.")
    return propose(by=by, version=version)


def scores_may_rise() -> bool:
    """Whether a score can come over its threshold by time alone, with nothing written."""
    return any(model.may_rise for model in in_force())
