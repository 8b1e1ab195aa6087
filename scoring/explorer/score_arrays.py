"""The scores that some terms give to all leads, then and now, as arrays that any threshold is asked of."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from facts.engine import Facts
from imports.models import RowVersion
from scoring.decay import DAY, EPOCH
from scoring.definitions import profile_in_force
from scoring.explorer.array_cache import Arrays, folder_of, load_arrays, load_or_make, short_digest
from scoring.explorer.curves import LOOK, Flags, Floats, Whole, find_peaks, running_scores
from scoring.explorer.dataset import NEVER, Dataset, engagement_marks, find_positions, fit_of, inside_name, second_of
from scoring.scores_in_force import scores_as_of
from scoring.terms import COUNTED, Model, from_terms

WEEKS = 26
WEEK = 7 * DAY
BEFORE = -1  # the week of what is before all weeks


@dataclass(frozen=True)
class Explored:
    """All leads of a snapshot under some terms. Arrays are in the order of `ids`.

    `now` and `then` are the scores today and at the hand-off (NaN: not scored, or nothing dates it). `had`, `reached`
    and `week` say in which week a score rose above all that the lead ever had: the first crossing of any threshold.
    """

    as_of: datetime
    people: Arrays
    scored: Arrays
    inside: Flags | None = None  # the active ideal customer profile

    @property
    def ids(self) -> Whole:
        return self.people["id"]

    @property
    def now(self) -> Floats:
        return self.scored["now"]

    @cached_property
    def is_judged(self) -> Flags:
        """Leads whose outcome is due, and whose score at the hand-off is known."""
        return np.asarray(self.people["ended"] & ~np.isnan(self.scored["then"]))

    @property
    def currency(self) -> str:
        return str(self.people["said"][1])

    @property
    def goal(self) -> str:
        return str(self.people["said"][0])


def arrays_name(model: Model) -> str:
    """Return the file name of the arrays: changes that leave every score the same, such as names of rules, keep it."""
    fit = tuple(sorted(repr(replace(rule, name="")) for rule in model.fit))
    engagement = tuple(sorted(repr(replace(rule, name="")) for rule in model.engagement))
    content = (fit, engagement, repr(model.leads), sorted((model.groups or {}).items()))
    return "scores-" + short_digest((*content, model.profile) if model.names_icp else content)


def model_of_terms(terms: Mapping[str, Any]) -> Model:
    """Read a model from terms without faults, with the profile that its rules name."""
    model = from_terms("", terms)
    return replace(model, profile=profile_in_force()) if model.names_icp else model


def load_explored(facts: Facts, model: Model) -> Explored | None:
    """Return what is kept of this snapshot for these terms."""
    if facts.snapshot is None or facts.as_of is None:
        return None
    folder = folder_of(facts.snapshot)
    people, scored = load_arrays(folder, "people"), load_arrays(folder, arrays_name(model))
    profile = profile_in_force()
    inside = load_arrays(folder, inside_name(profile)) if profile else {"inside": None}
    if people is None or scored is None or inside is None:
        return None
    return Explored(facts.as_of, people, scored, inside["inside"])


def make_explored(dataset: Dataset, model: Model) -> Explored:
    """Return the scores of all leads under the terms, made now where they were not kept."""
    people = dataset.people
    scored = load_or_make(dataset.folder, arrays_name(model), lambda: _compute_arrays(dataset, model))
    return Explored(dataset.now, people, scored, dataset.inside)


def _fit_at_handoff(dataset: Dataset, model: Model, fit: Floats) -> Floats:
    """Return the fit of each lead by its fields as they stood at its hand-off, as the proof goes by; NaN: not scored then."""
    handed_at = dataset.people["asked"]
    has_date = handed_at != NEVER
    if not has_date.any() or not RowVersion.objects.filter(image__isnull=False).exists():
        return fit
    moments = pa.array((handed_at[has_date] + int(EPOCH.timestamp())) * 1_000_000).cast(pa.timestamp("us", "UTC"))
    dataset.report("Reading the values known at each hand-off")
    table = pa.table({"lead_id": dataset.people["id"][has_date], "asked_at": moments})
    answer = dataset.facts.execute(
        scores_as_of(dataset.facts, replace(model, engagement=()), table).select("id", "fit_points")
    )
    positions, is_known = find_positions(dataset.people["id"], answer["id"].to_numpy(dtype=np.int64))
    fit_then = np.full(fit.size, np.nan)
    fit_then[positions[is_known]] = answer["fit_points"].to_numpy(dtype=float)[is_known]
    return fit_then


def _compute_arrays(dataset: Dataset, model: Model) -> Arrays:
    kinds = [kind for kind in COUNTED if any(rule.events == kind for rule in model.engagement)]
    stream, marks = dataset.event_stream(kinds), engagement_marks(dataset, model, kinds)
    fit, is_meant = fit_of(dataset, model)
    dataset.report("Adding up the points")
    score_of_row = running_scores(stream, model, fit[stream.lead], marks)
    score_of_row[~is_meant[stream.lead]] = np.nan
    people = dataset.people
    is_look = stream.event == LOOK
    now, then = np.full(fit.size, np.nan), np.full(fit.size, np.nan)
    at_asked = is_look & (stream.second == people["asked"][stream.lead])
    then[stream.lead[at_asked]] = score_of_row[at_asked]
    then += _fit_at_handoff(dataset, model, fit) - fit
    at_now = is_look & (stream.second == second_of(dataset.now))
    now[stream.lead[at_now]] = score_of_row[at_now]
    born = people["born"][stream.lead]
    is_seen = np.where(born == NEVER, ~is_look, stream.second >= born)  # what nothing dates begins with its first event
    peaks = find_peaks(stream, np.where(np.isnan(score_of_row), -np.inf, score_of_row), is_seen)
    week = np.ceil((peaks.second - second_of(dataset.now)) / WEEK).astype(np.int64) + WEEKS - 1
    is_recent = week >= 0
    return {
        "now": now, "then": then, "lead": peaks.lead[is_recent], "week": week[is_recent].astype(np.int8),
        "had": peaks.had[is_recent], "reached": peaks.reached[is_recent],
    }  # fmt: skip
