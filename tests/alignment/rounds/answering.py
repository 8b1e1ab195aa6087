"""People who answer rounds, for tests."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from alignment.rounds import actions
from alignment.rounds.actions import Link, Submission
from alignment.rounds.models import Round
from alignment.rounds.questionnaire import DIMENSIONS, statements
from team.models import Company, User


def names(side: str, count: int, first: int = 1) -> list[str]:
    """People without an address, whose links come back to be handed over."""
    return [f"{side} {number}" for number in range(first, first + count)]


def addresses(side: str, count: int) -> list[str]:
    return [f"{side}{number}@example.com" for number in range(1, count + 1)]


def open_round(by: User, *, marketing: int = 5, sales: int = 6, **options: Any) -> tuple[Round, Sequence[Link]]:
    """Open a round; its links come back in the order marketing, sales."""
    people = options.pop("people", {"marketing": names("marketing", marketing), "sales": names("sales", sales)})
    values = {"name": "Autumn", "closes_on": Company.today() + timedelta(days=7), "people": people, **options}
    opened, sent = actions.open_round(by=by, **values)
    return opened, sorted(sent.links, key=lambda link: link.side)


def token_of(link: Link) -> str:
    return link.url.rstrip("/").rpartition("/")[2]


def sheet(score: int, guess: int | None = None, **options: Any) -> Submission:
    """Answer every statement alike."""
    guesses = {dimension.guessed.key: guess for dimension in DIMENSIONS} if guess else {}
    return Submission({statement.key: score for statement in statements()}, guesses, **options)


def answer(link: Link, submission: Submission) -> str:
    return actions.submit_answers(token=token_of(link), code="", submission=submission)


def answer_all(links: Sequence[Link], submissions: Mapping[str, Sequence[Submission]]) -> None:
    for side, sheets in submissions.items():
        own = [link for link in links if link.side == side]
        for link, submission in zip(own, sheets, strict=False):
            answer(link, submission)


def end(one: Round) -> Round:
    """Close a round as of now, anyone who may do it."""
    one.closed_at = timezone.now()
    one.save(update_fields=["closed_at", "ended_on"])
    return one


def post_answers(client: Client, link: Link, score: str = "4", **fields: str) -> Any:
    data = {statement.key: score for statement in statements()}
    return client.post(reverse("answer_round", args=[token_of(link)]), {**data, **fields})
