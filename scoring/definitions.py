"""The active score models, and the proposal for a company that has none."""

from dataclasses import replace
from datetime import datetime

from agreements.actions import draft_version, propose_version
from agreements.models import Version
from scoring.defaults import PROPOSED
from scoring.icp import rules
from scoring.icp.rules import ICP, Profile
from scoring.model_checks import find_faults
from scoring.terms import MQL, Model, from_terms
from team.models import User

SCORE = "score"


def in_force() -> tuple[Model, ...]:
    """Return the signed models that can be computed, in the order in which they claim a lead."""
    versions = Version.objects.in_force().filter(agreement__kind=SCORE, pilot_manager=None).select_related("agreement")
    models = [of_version(version) for version in versions if not find_faults(version.terms)]
    return tuple(sorted(models, key=lambda model: model.place))


def signed_since(moment: datetime) -> bool:
    """Whether any model came into force at the moment or later, though it be out of force again."""
    return Version.objects.filter(agreement__kind=SCORE, in_force_at__gte=moment).exists()


def of_version(version: Version) -> Model:
    """Read a version; the ideal customer that its rules name is that of today."""
    agreement = version.agreement
    model = from_terms(
        agreement.key, version.terms, title=agreement.title, version_id=version.pk, number=version.number
    )
    return replace(model, profile=profile_in_force()) if model.names_icp else model


def profile_in_force() -> Profile | None:
    """Return the signed profile of the ideal customer; of several the oldest agreement's."""
    versions = Version.objects.in_force().filter(agreement__kind=ICP, pilot_manager=None).order_by("agreement")
    return next(
        (rules.from_terms(version.terms, version.pk) for version in versions if not rules.find_faults(version.terms)),
        None,
    )


def doors_without_a_model() -> list[str]:
    """Return the hand-off routes (`mql`, `pql`) for which no model is drafted or proposed yet."""
    doors_with_a_model = set(Version.objects.filter(agreement__kind=SCORE).values_list("terms__door", flat=True))
    return [door for door in PROPOSED if door not in {modelled or MQL for modelled in doors_with_a_model}]


def propose_default(by: User, door: str = MQL) -> Version | None:
    """Propose Accord's own model where its route has none yet; nothing is scored before both sides have signed."""
    if door not in doors_without_a_model():
        return None
    key, title, text, terms = PROPOSED[door]
    version = draft_version(
        by=by, kind=SCORE, key=key, title=title, text=text, terms=terms, reason="A model to begin with."
    )
    return propose_version(by=by, version=version)


def scores_may_rise() -> bool:
    """Whether a score can come over its threshold by time alone, with nothing written."""
    return any(model.may_rise for model in in_force())
