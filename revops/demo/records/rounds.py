"""What the people of AppLexus answered: two rounds, half a year of work between the same people.

Marketing believes that Sales must follow up within two hours, Sales within three days; eight hours are signed. Timing and
mutual expectations are where the two sides differ most. Messaging has improved since the first round. On priorities the two
agree, and neither knows it.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from alignment.expectations.terms import Term, read_signed_terms
from alignment.rounds.models import AnswerSheet, Invitation, Round, SkillSheet
from alignment.rounds.questionnaire import DIMENSIONS, DISCIPLINES, Dimension
from revops.demo.dice import seeded_random
from revops.demo.story import DOMAIN
from team.models import Role, Side, User

OPENER = "helena.brandt"
ANSWERED = {Side.MARKETING: 10, Side.SALES: 13}
WITHOUT_ACCOUNT = (
    "hanna.weiss",
    "jules.martin",
    "keiko.tanaka",
    "liam.byrne",
    "mira.novak",
    "omar.haddad",
    "pia.lund",
    "rosa.vega",
)
OPEN_DAYS = 14
SCATTER = (-1.0, -0.6, -0.3, 0.0, 0.0, 0.3, 0.6, 1.0)  # how people of a side differ from its mean


@dataclass(frozen=True)
class View:
    """How a dimension is seen: by each side, and by each side of the other one."""

    marketing: float
    sales: float
    marketing_of_sales: float
    sales_of_marketing: float


@dataclass(frozen=True)
class Scenario:
    """A round: its name, how many days ago it ended, and by how much answers lay below those of today."""

    name: str
    days_ago: int
    below: dict[str, float]
    has_skills: bool = False


SKILLS = {  # how Sales rates its selling; nothing signed serves the last two
    "selling_skills": 3.9, "market_dynamics": 3.2, "customer_knowledge": 3.5, "business_drivers": 2.6,
    "financial_justification": 2.2,
}  # fmt: skip
SALES_MANAGERS = 3
VIEWS = {
    "lexicon": View(3.4, 2.6, 3.3, 3.2),
    "priorities": View(3.5, 3.4, 2.1, 2.3),
    "roles": View(3.3, 2.9, 3.2, 3.0),
    "goals": View(3.2, 2.8, 3.0, 2.6),
    "metrics": View(3.6, 2.5, 3.4, 3.3),
    "reporting": View(3.1, 2.7, 2.9, 2.8),
    "accountabilities": View(3.2, 2.9, 2.6, 2.9),
    "timing": View(2.2, 3.9, 3.6, 3.5),
    "expectations": View(3.7, 2.2, 3.5, 3.1),
    "arbitration": View(2.9, 2.6, 2.8, 2.7),
    "messaging": View(3.8, 3.3, 3.4, 3.6),
    "personas": View(3.7, 2.9, 3.5, 3.4),
    "recruitment": View(2.4, 2.3, 2.4, 2.6),
    "culture": View(3.6, 3.5, 3.3, 3.4),
}
ROUNDS = (
    Scenario("First assessment", 150, {"messaging": 0.9, "lexicon": 0.6, "goals": 0.4}),
    Scenario("Second assessment", 18, {}, has_skills=True),
)
BELIEFS = {  # of a term: what people of Marketing and of Sales think was agreed
    "response": ((1, 2, 2, 2, 4), (16, 24, 24, 24, 40)),
    "qualified_leads": ((40, 45, 50, 50, 55), (60, 70, 80, 80, 95)),
    "pipeline_value": ((1_250_000, 1_500_000, 1_500_000, 1_650_000), (1_700_000, 1_900_000, 2_100_000, 2_100_000)),
}


def hold_rounds(users: dict[str, User], today: date) -> int:
    """Write the rounds that are not there yet; return how many came."""
    known = set(Round.objects.values_list("name", flat=True))
    terms = read_signed_terms()
    missing = [scenario for scenario in ROUNDS if scenario.name not in known]
    for scenario in missing:
        _write(scenario, users, terms, today)
    return len(missing)


def remove_rounds() -> None:
    Round.objects.filter(
        name__in=[scenario.name for scenario in ROUNDS], created_by__email=f"{OPENER}@{DOMAIN}"
    ).delete()


def _write(scenario: Scenario, users: dict[str, User], terms: list[Term], today: date) -> None:
    last = today - timedelta(days=scenario.days_ago)
    opened = datetime.combine(last - timedelta(days=OPEN_DAYS), time(14), tzinfo=UTC)
    held = Round.objects.create(
        name=scenario.name,
        created_by=users[OPENER],
        opened_at=opened,
        closes_on=last,
        terms=[term.as_json() for term in terms],
        has_skills=scenario.has_skills,
    )
    for side, count in ANSWERED.items():
        invited = _people(users, side)
        Invitation.objects.bulk_create(
            Invitation(round=held, side=side, person=person, is_used=number < count)
            for number, person in enumerate(invited)
        )
    rng = seeded_random(f"round {scenario.name}")
    sheets = [sheet for side, count in ANSWERED.items() for sheet in _sheets(held, side, count, scenario, terms, rng)]
    AnswerSheet.objects.bulk_create(sorted(sheets, key=lambda sheet: sheet.key))
    if scenario.has_skills:
        SkillSheet.objects.bulk_create(sorted(_skill_sheets(held), key=lambda sheet: sheet.key))


def _skill_sheets(held: Round) -> Iterator[SkillSheet]:
    rng = seeded_random(f"skills {held.name}")
    for number in range(ANSWERED[Side.SALES]):
        lean = SCATTER[number % len(SCATTER)]
        ratings = {
            statement.key: _point(SKILLS[discipline.key] + lean, rng)
            for discipline in DISCIPLINES
            for statement in discipline.statements
        }
        yield SkillSheet(
            key=secrets.token_hex(32), round=held, is_manager=number < SALES_MANAGERS, ratings=ratings
        )  # fmt: skip


def _people(users: dict[str, User], side: Side) -> list[str]:
    own = [user.email for user in users.values() if Role(user.role).side == side and user.is_active]
    return own + ([f"{name}@{DOMAIN}" for name in WITHOUT_ACCOUNT] if side == Side.MARKETING else [])


def _sheets(
    held: Round, side: Side, count: int, scenario: Scenario, terms: list[Term], rng: Random
) -> Iterator[AnswerSheet]:
    for number in range(count):
        lean = SCATTER[number % len(SCATTER)]
        answers = {
            key: score for dimension in DIMENSIONS for key, score in _answers(dimension, side, scenario, lean, rng)
        }
        guesses = {dimension.guessed.key: _point(_guess(dimension, side) + lean, rng) for dimension in DIMENSIONS}
        yield AnswerSheet(
            key=secrets.token_hex(32), round=held, side=side, answers=answers, guesses=guesses,
            expectations=_expectations(side, number, terms),
        )  # fmt: skip


def _answers(
    dimension: Dimension, side: Side, scenario: Scenario, lean: float, rng: Random
) -> Iterator[tuple[str, int]]:
    view = VIEWS[dimension.key]
    mean = (view.marketing if side == Side.MARKETING else view.sales) - scenario.below.get(dimension.key, 0)
    for statement in dimension.statements:
        yield statement.key, _point(mean + lean, rng)


def _guess(dimension: Dimension, side: Side) -> float:
    view = VIEWS[dimension.key]
    return view.marketing_of_sales if side == Side.MARKETING else view.sales_of_marketing


def _point(value: float, rng: Random) -> int:
    """Round up or down by chance, so that many people together come to the value."""
    return min(5, max(1, int(value + rng.random())))


def _expectations(side: Side, number: int, terms: list[Term]) -> dict[str, float]:
    beliefs = {term.key: BELIEFS.get(term.name, ((), ()))[side == Side.SALES] for term in terms}
    return {key: float(values[number % len(values)]) for key, values in beliefs.items() if values}
