"""What the reps of AppLexus said of the leads that were handed to them, and what Marketing made of it.

One campaign attracts people who make no decisions: Sales turns them away for that one criterion, and Marketing has
answered. Who is slow also says less.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random

from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from facts.rules import describe_rule
from funnel.contests import answer_verdicts, contest_verdict
from funnel.models import Answer, HandOff, Verdict
from funnel.stages.drafts import Stage, from_terms
from revops.demo import score
from revops.demo.dice import seeded_random
from revops.demo.names import USER
from revops.demo.people import SLOW
from revops.demo.story import DOMAIN, SOURCE
from team.models import User

VERDICT_RATE, SLOW_VERDICT_RATE = 0.88, 0.45  # share of their leads of which reps say something; of the slow one
MARKETER, LATER = "nadia.karim", timedelta(days=5)
RETURNS = (30, 60, 90, 120)  # days until a recycled lead is looked at again
NOTES = {
    "Vendor chosen already": 4, "No budget before next year": 6, "Wanted the study only": 5, "Wrong number": 2,
    "Student": 1,
}  # fmt: skip
PRAISE = ("Knows what they want", "Asked for a demo at once", "Budget is there", "Brought a colleague along", "")
ANSWERED = "The form asks for the role now, and we no longer hand over who decides nothing."
REVIEWED = "Looked at in the weekly review: the campaign asks for this before it hands a lead over."
ANSWERED_SHARE = 0.75  # of the rejections of other campaigns
CONTESTED = "The title is a specialist's, the purse is not: this one signs for the budget of the reporting team."


@transaction.atomic
def give_verdicts() -> int:
    """Let the reps have said what they thought, where the history only tells what became of the lead; how many did."""
    ended = HandOff.objects.filter(
        lead__source=SOURCE, end__in=Verdict.Answer.values, verdicts=None, to_owner__user__isnull=False
    )
    rows = ended.select_related("lead__campaign", "lead__vertical", "to_owner__user", "move__version")
    verdicts = [verdict for handoff in rows.order_by("pk") if (verdict := _build_verdict(handoff))]
    Verdict.objects.bulk_create(verdicts, batch_size=2000)
    if verdicts:
        _add_answers_and_contest()
    return len(verdicts)


def _build_verdict(handoff: HandOff) -> Verdict | None:
    rng = seeded_random(f"verdict {handoff.lead.external_id}")
    owner = handoff.to_owner
    assert owner
    assert owner.user
    assert handoff.ended_at
    if rng.random() > (SLOW_VERDICT_RATE if owner.name == SLOW.name else VERDICT_RATE):
        return None
    made = Verdict(
        handoff=handoff, lead=handoff.lead, answer=handoff.end, given_by=owner.user, given_at=handoff.ended_at,
        settled_at=handoff.ended_at,
    )  # fmt: skip
    if handoff.end == Verdict.Answer.ACCEPTED:
        _fill_accepted(rng, made)
    else:
        _fill_rejected(rng, made)
    return made


def _fill_accepted(rng: Random, made: Verdict) -> None:
    if rng.random() < 0.6:
        made.rating = rng.choices((3, 4, 5), (3, 4, 2))[0]
        made.note = rng.choice(PRAISE) if made.rating > 3 else ""


def _fill_rejected(rng: Random, made: Verdict) -> None:
    """Name the criterion that failed where one did, else say it in words."""
    failed = _failed_criteria(made.handoff)
    if failed and rng.random() < 0.85:
        made.criterion = failed[0]
    else:
        made.note = rng.choices(list(NOTES), list(NOTES.values()))[0]
    made.rating = rng.choices((1, 2, 3, None), (3, 3, 1, 4))[0]
    made.after = Verdict.After.DISQUALIFIED if made.lead.lifecycle_stage == "Disqualified" else Verdict.After.RECYCLED
    back = (made.given_at + timedelta(days=rng.choice(RETURNS))).date()
    if made.after == Verdict.After.RECYCLED and back > timezone.now().date() + timedelta(days=1):
        made.return_on = back


def _failed_criteria(handoff: HandOff) -> list[str]:
    """Return the criteria of the signed definition that the lead does not fulfil, in its words."""
    lead, stage = handoff.lead, _stage_of_handoff(handoff)
    if stage is None:
        return []
    wrong = []
    if lead.persona == USER:
        wrong.append(score.MUST_DECIDE)
    if (lead.employees or 0) < score.LEAST_EMPLOYEES:
        wrong.append(score.MUST_BE_LARGE)
    return [describe_rule(rule, stage.subject) for rule in wrong]


def _stage_of_handoff(handoff: HandOff) -> Stage | None:
    move = handoff.move
    return from_terms(move.stage, move.version.terms) if move and move.version else None


def _add_answers_and_contest() -> None:
    """Marketing answers what is said most of one campaign, a little later, and contests the last such rejection."""
    marketer = User.objects.get(email=f"{MARKETER}@{DOMAIN}")
    rejections = Verdict.objects.filter(lead__source=SOURCE, lead__persona=USER, lead__campaign__isnull=False)
    rejections = rejections.exclude(criterion="")
    worst = (
        rejections.order_by().values("lead__campaign").annotate(n=Count("pk")).order_by("-n", "lead__campaign").first()
    )
    if worst is None:
        return
    criticised = list(
        rejections.filter(lead__campaign=worst["lead__campaign"]).select_related("given_by").order_by("given_at", "pk")
    )
    _write_other_answers(marketer, [verdict.pk for verdict in criticised])
    *half, last = criticised[: len(criticised) // 2 + 1]
    _backdate_answers(answer_verdicts(by=marketer, verdicts=half, text=ANSWERED), last.given_at + LATER)
    _backdate_answers(
        [contest_verdict(by=marketer, verdict=criticised[-1], text=CONTESTED)], criticised[-1].given_at + LATER
    )


def _write_other_answers(marketer: User, but: list[int]) -> None:
    """Write the answers to most of the other rejections, as the weekly review gave them; no one is notified of them again."""
    rejections = Verdict.objects.filter(lead__source=SOURCE, answer=Verdict.Answer.REJECTED, answers=None)
    reviewed = [
        verdict
        for verdict in rejections.exclude(pk__in=but).select_related("lead").order_by("pk")
        if seeded_random(f"answer {verdict.lead.external_id}").random() < ANSWERED_SHARE
    ]
    Answer.objects.bulk_create(
        Answer(
            verdict=verdict, words=REVIEWED, given_by=marketer, given_at=min(verdict.given_at + LATER, timezone.now())
        )
        for verdict in reviewed
    )


def _backdate_answers(answers: Iterable[Answer], moment: datetime) -> None:
    Answer.objects.filter(pk__in=[answer.pk for answer in answers]).update(given_at=min(moment, timezone.now()))
