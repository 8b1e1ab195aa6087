"""A planted leak: what the source wrote after the win is not seen by a score as it stood at the hand-off."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from crm.models import Lead
from facts.engine import open_facts
from facts.refresh import refresh
from scoring.proof.measures import auc
from scoring.proof.outcomes import load_outcomes
from scoring.scores_in_force import scores_as_of
from scoring.terms import from_terms
from tests import make
from tests.imports.importing import imported
from tests.scoring.conftest import terms

HANDED = datetime(2026, 2, 2, 9, tzinfo=UTC)
LEAKING = terms(fit={
    "Has a customer number": {"rule": {"field": "custom.customer_number", "is": "filled"}, "points": 30},
    "Onboarding": {"rule": {"field": "status", "is": "is", "value": "Onboarding"}, "points": 20},
})  # fmt: skip


def test_a_field_written_after_the_win_is_not_seen_at_the_hand_off(company: Any) -> None:
    leads = [make.lead(created_at=HANDED - timedelta(days=5), status="New") for _ in range(12)]
    won = leads[:6]
    for lead in won:
        make.opportunity(lead=lead, opened_on=HANDED.date(), outcome="won", closed_on=HANDED.date(), amount=10)
    with imported(HANDED + timedelta(days=60)):
        ids = [lead.pk for lead in won]
        Lead.objects.filter(pk__in=ids).update(status="Onboarding", custom={"customer_number": "7"})
    refresh()
    facts, model = open_facts(), from_terms("m", LEAKING)
    known = load_outcomes(facts).frame
    today = known.assign(asked_at=pd.Timestamp(facts.as_of))
    then, now = (
        facts.execute(scores_as_of(facts, model, frame[["lead_id", "asked_at"]])).set_index("id")["score"]
        for frame in (known, today)
    )
    flags = known["won"].to_numpy()
    assert auc(now[known["lead_id"]].to_numpy(), flags) == 1  # a score of today knows who was won
    assert auc(then[known["lead_id"]].to_numpy(), flags) == 0.5
    assert set(then) == {0}
