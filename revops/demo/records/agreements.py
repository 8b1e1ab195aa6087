"""What AppLexus has signed about its funnel: each stage, and which there are in which order."""

from agreements import actions
from agreements.models import Agreement, Seat
from funnel.defaults import ORDER, STAGES
from funnel.definitions import FUNNEL, ONLY_KEY, STAGE
from funnel.stages import Stage
from team.models import User

CMO, CRO, OPS, SUPPORT = "priya.raman", "marcus.oyelaran", "tomas.vidal", "aisha.diallo"


def sign_funnel(users: dict[str, User]) -> int:
    """Let the leaders sign the stages and their order, where nothing is in force yet; return how many they signed."""
    actions.name_signatory(by=users[OPS], seat=Seat.SUPPORT, person=users[SUPPORT])
    signed = set(Agreement.objects.filter(versions__in_force_at__isnull=False).values_list("kind", "key"))
    done = 0
    for stage in STAGES:
        if (STAGE, stage.key) not in signed:
            _sign(users, STAGE, stage.key, stage.name, stage.text, stage.terms, stage)
            done += 1
    if (FUNNEL, ONLY_KEY) not in signed:
        words = "A buyer walks through these stages, in this order; nobody enters one whose criteria fail."
        _sign(users, FUNNEL, ONLY_KEY, "Our funnel", words, {"stages": list(ORDER)}, None)
        done += 1
    return done


def _sign(
    users: dict[str, User], kind: str, key: str, title: str, text: str, terms: dict[str, object], stage: Stage | None
) -> None:
    """The side that owns it proposes, which is its signature; the other signs, and Support what it owns."""
    first, second = (CRO, CMO) if stage and stage.side == "sales" else (CMO, CRO)
    third = stage.third_side if stage else ""
    version = actions.draft(by=users[first], kind=kind, key=key, title=title, text=text, terms=terms, third_side=third)
    version = actions.propose(by=users[first], version=version)
    version = actions.sign(by=users[second], version=version)
    if third:
        actions.sign(by=users[SUPPORT], version=version)
