"""The worker makes the arrays of an exploration part by part, and writes down what it is at."""

import pytest

from core.work import State, run_claimed
from facts.engine import open_facts
from facts.refresh import refresh
from scoring.explorer import work
from scoring.explorer.score_arrays import Explored, load_explored, model_of_terms
from scoring.models import Exploration
from tests import make
from tests.scoring.conftest import event, rule, terms

TERMS = terms(engagement={"Answered": rule(10)})


@pytest.mark.django_db
def test_the_worker_makes_what_a_request_finds_too_large(company: object, monkeypatch: pytest.MonkeyPatch) -> None:
    event(make.lead(), 1)
    refresh()
    facts, model = open_facts(), model_of_terms(TERMS)
    monkeypatch.setattr(work, "SMALL", 0)
    row = work.request_arrays(facts, model, TERMS)
    assert isinstance(row, Exploration)
    states = []
    while row.state != State.DONE:
        assert run_claimed(Exploration, row.pk, budget=-1)  # one step each
        row.refresh_from_db()
        states.append((row.state, row.done_units))
    assert states == [*(("queued", part) for part in range(1, len(work.STEPS))), ("done", len(work.STEPS) - 1)]
    assert row.doing
    assert load_explored(facts, model) is not None
    assert isinstance(work.request_arrays(facts, model, TERMS), Explored)
