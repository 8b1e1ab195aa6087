"""The score of a lead as it stood when it was handed over: from what is stored, else from the events up to that moment."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import pandas as pd
from django.db.models import Q

from agreements.models import Version
from facts.engine import open_facts
from scoring.decay import score_at
from scoring.definitions import in_force, of_version
from scoring.models import Score, ScoreChange
from scoring.scores_in_force import as_of
from scoring.terms import Model

FIELDS = ("lead_id", "model", "version_id", "fit_points", "state", "since")
CENT = Decimal("0.01")


def scores_at(moments: Mapping[int, datetime]) -> dict[int, Decimal]:
    """Return the score of each lead at its moment, under the first model that scores it; who has none is left out.

    Scores that were not kept yet at the moment (imported history) are computed from the events before it.
    """
    models = in_force()
    if not models or not moments:
        return {}
    found = _kept(moments, models)
    missing = {lead: moment for lead, moment in moments.items() if lead not in found}
    return {lead: Decimal(str(score)).quantize(CENT) for lead, score in {**_computed(missing, models), **found}.items()}


def _kept(moments: Mapping[int, datetime], models: Sequence[Model]) -> dict[int, float]:
    rows = [row for row in _rows(moments) if row["lead_id"] in moments]
    known = {model.version_id: model for model in models}
    older = {row["version_id"] for row in rows} - set(known)
    versions = Version.objects.filter(pk__in=older).select_related("agreement")
    known |= {version.pk: of_version(version) for version in versions}
    found: dict[int, tuple[tuple[int, int, str], float]] = {}
    for row in rows:
        model = known[row["version_id"]]
        score = score_at(model, row["fit_points"], row["state"], moments[row["lead_id"]])
        place = model.place
        if row["lead_id"] not in found or place < found[row["lead_id"]][0]:
            found[row["lead_id"]] = place, score
    return {lead: score for lead, (_, score) in found.items()}


def _rows(moments: Mapping[int, datetime]) -> Iterator[dict[str, Any]]:
    """Yield the rows that held at each lead's moment."""
    last = max(moments.values())
    standing = Score.objects.filter(lead__in=moments, since__lte=last).values(*FIELDS)
    gone = ScoreChange.objects.filter(Q(lead__in=moments), since__lte=last).values(*FIELDS, "until")
    for row in (*standing, *gone):
        moment = moments[row["lead_id"]]
        if row["since"] <= moment and ("until" not in row or moment < row["until"]):
            yield row


def _computed(moments: Mapping[int, datetime], models: Sequence[Model]) -> dict[int, float]:
    if not moments:
        return {}
    facts = open_facts()
    if facts.snapshot is None:
        return {}
    asked = pd.DataFrame({"lead_id": list(moments), "asked_at": pd.to_datetime(list(moments.values()), utc=True)})
    found: dict[int, float] = {}
    for model in models:
        frame = facts.execute(as_of(facts, model, asked).select("id", "score"))
        scored = dict(zip(frame["id"].tolist(), frame["score"].tolist(), strict=True))
        found = {**scored, **found}
    return found
