"""The score of a lead as it stood when it was handed over: from what is stored, else from the events up to that moment."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import pandas as pd
from django.db.models import Q

from agreements.models import Version
from facts.engine import open_facts
from scoring.decay import score_at
from scoring.definitions import in_force, of_version
from scoring.models import Score, ScoreChange
from scoring.scores_in_force import scores_as_of
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
    stored = _stored_scores(moments, models)
    missing = {lead: moment for lead, moment in moments.items() if lead not in stored}
    return {
        lead: Decimal(str(score)).quantize(CENT)
        for lead, score in {**_computed_scores(missing, models), **stored}.items()
    }


def _stored_scores(moments: Mapping[int, datetime], models: Sequence[Model]) -> dict[int, float]:
    last = max(moments.values())
    current = Score.objects.filter(lead__in=moments, since__lte=last).values(*FIELDS)
    past = ScoreChange.objects.filter(Q(lead__in=moments), since__lte=last).values(*FIELDS, "until")
    rows = [
        row
        for row in (*current, *past)
        if row["since"] <= moments[row["lead_id"]] and ("until" not in row or moments[row["lead_id"]] < row["until"])
    ]
    models_by_version = {model.version_id: model for model in models}
    older = {row["version_id"] for row in rows} - set(models_by_version)
    versions = Version.objects.filter(pk__in=older).select_related("agreement")
    models_by_version |= {version.pk: of_version(version) for version in versions}
    best: dict[int, tuple[tuple[int, int, str], float]] = {}
    for row in rows:
        model = models_by_version[row["version_id"]]
        score = score_at(model, row["fit_points"], row["state"], moments[row["lead_id"]])
        rank = model.place
        if row["lead_id"] not in best or rank < best[row["lead_id"]][0]:
            best[row["lead_id"]] = rank, score
    return {lead: score for lead, (_, score) in best.items()}


def _computed_scores(moments: Mapping[int, datetime], models: Sequence[Model]) -> dict[int, float]:
    if not moments:
        return {}
    facts = open_facts()
    if facts.snapshot is None:
        return {}
    frame_of_moments = pd.DataFrame(
        {"lead_id": list(moments), "asked_at": pd.to_datetime(list(moments.values()), utc=True)}
    )
    scores: dict[int, float] = {}
    for model in models:
        frame = facts.execute(scores_as_of(facts, model, frame_of_moments).select("id", "score"))
        scored = dict(zip(frame["id"].tolist(), frame["score"].tolist(), strict=True))
        scores = {**scored, **scores}
    return scores
