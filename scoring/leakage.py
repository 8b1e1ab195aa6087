"""Fields that may leak the outcome, because people fill them in or change them afterwards.

Where imports kept images of what they changed, these are the proof. Else there are only signs: a telling name, cells
that are filled where the outcome is known, a value that nearly only converted leads have, a field that alone separates
them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.formatting import format_count, format_decimal, format_exact, format_percent
from core.intervals import wilson_interval
from crm.models import Lead
from facts.engine import Facts
from imports.models import RowVersion
from scoring.fields import Column, read_columns
from scoring.proof.measures import Flags, auc
from scoring.proof.outcomes import Outcomes

LOOKED_AT = 50_000  # leads
LONG_AGO = pd.Timestamp("1970-01-01", tz="UTC")
SOME = 5  # changes below which it may be chance
CHANGED = 0.05  # of the won, or of the others
TOLD = 0.55  # the AUC from which a name that speaks of the outcome counts
HINTED = 0.6  # … and one that may
PERFECT = 0.9
GAP = 0.4  # between how many of the won and how many of the others have it filled
OFTEN = 20  # leads that a value needs to be looked at
NEARLY_ALL = 0.95
RARE = 0.01
MARKED = 0.1  # of the won, or of the others, have it
MUCH = 0.25  # of the won have one of these values
SURE = re.compile(
    r"\b(?:convert(?:ed)?|conversion|won|lost|closed?|closing|outcome|disposition|deal|opportunit(?:y|ies)|contract|invoice|"
    r"customer (?:id|number|no|since)|churn(?:ed)?|abschluss|gewonnen|verloren|ergebnis)\b"
)
LIKELY = re.compile(
    r"\btags?\b|\blifecycle\b|^(?:lead |sales |crm |call |contact )?(?:status|stage|quality|profile|rating|grade|result|verdict)$|"
    r"\blast (?:notable )?(?:activity|action|event|contact(?:ed)?|modified|change|touch|interaction|call)\b|"
    r"\b(?:loss|rejection|closing) reason\b"
)


@dataclass(frozen=True)
class Suspect:
    """A field that is kept out of learning, with the reasons in words and the figures behind them."""

    field: str
    label: str
    why: str
    figures: Mapping[str, float]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def find_suspects(facts: Facts, outcomes: Outcomes) -> list[Suspect]:
    """Look at the fields of the leads, as many as tell enough; the most telling field comes first."""
    rows = outcomes.frame
    if len(rows) > LOOKED_AT:
        rows = rows.sample(LOOKED_AT, random_state=0)
    rows = rows.reset_index(drop=True)
    if not rows["won"].any() or rows["won"].all():
        return []
    today = read_columns(facts, rows, then=False)
    return judge_columns(today, _columns_at_handoff(facts, rows), rows["won"].to_numpy(dtype=bool), outcomes.goal_words)


def _columns_at_handoff(facts: Facts, rows: pd.DataFrame) -> list[Column]:
    """Return the fields at the moment of each lead; of one without a date, as the first image has them."""
    if not RowVersion.objects.filter(table=Lead._meta.db_table, image__isnull=False).exists():
        return []
    return read_columns(facts, rows.assign(asked_at=rows["asked_at"].fillna(LONG_AGO)), then=True)


def judge_columns(today: Sequence[Column], then: Sequence[Column], won: Flags, goal: str) -> list[Suspect]:
    """Judge each field; `then` holds the fields as they stood, where images tell. Pure."""
    before = {column.path: column for column in then}
    suspects = []
    for column in today:
        field_auc = single_field_auc(column.codes, won)
        why, figures = [], {"auc": round(field_auc, 4)}
        was = before.get(column.path)
        if was is None and then:  # a custom field that no lead had at the time
            empty = "" if column.kind == "text" else np.nan
            was = replace(column, values=pd.Series([empty] * len(column.values), dtype=column.values.dtype))
        for reason, numbers in _find_signs(column, was, won, field_auc, goal):
            why.append(reason)
            figures |= numbers
        if why:
            suspects.append(Suspect(column.path, column.label, " ".join(why), figures))
    return sorted(suspects, key=lambda suspect: -suspect.figures["auc"])


Sign = tuple[str, dict[str, float]]


def _find_signs(column: Column, before: Column | None, won: Flags, field_auc: float, goal: str) -> Iterator[Sign]:
    if before is not None:
        yield from _check_later_changes(column, before, won, goal)
    yield from _check_name(column, field_auc)
    yield from _check_filled(column, won, goal)
    yield from _check_values(column, won, goal)
    if before is None:  # with images, _check_later_changes would have shown that it was written later
        yield from _check_marked(column, won, goal)
    if field_auc >= PERFECT:
        yield (
            f"On its own it separates nearly all leads that {goal} from the others (AUC {format_decimal(field_auc, 2)}): few honest fields can.",
            {},
        )


def _check_later_changes(column: Column, before: Column, won: Flags, goal: str) -> Iterator[Sign]:
    """What imports wrote after the moment at which the lead was to be judged."""
    same = (column.values == before.values) | (column.values.isna() & before.values.isna())
    changed = ~same.to_numpy(dtype=bool)
    of_won, of_others = int((changed & won).sum()), int((changed & ~won).sum())
    shares = of_won / max(int(won.sum()), 1), of_others / max(int((~won).sum()), 1)
    if of_won + of_others < SOME or max(shares) < CHANGED:
        return
    filled_later = int((changed & ~before.filled).sum())
    yield (
        f"Imports changed it after the hand-off: for {format_percent(shares[0])} of those who {goal} and "
        f"{format_percent(shares[1])} of the others, {format_count(filled_later)} of them for the first time.",
        {"changed_won": shares[0], "changed_others": shares[1]},
    )


def _check_name(column: Column, field_auc: float) -> Iterator[Sign]:
    name = re.sub(r"[\W_]+", " ", column.label).strip().lower()
    if field_auc >= TOLD and SURE.search(name):
        yield "Its name refers to the outcome.", {}
    elif field_auc >= HINTED and LIKELY.search(name):
        yield (
            f"Fields with this name are mostly filled in late in the sale, and it separates the leads well (AUC {format_decimal(field_auc, 2)}).",
            {},
        )


def _check_filled(column: Column, won: Flags, goal: str) -> Iterator[Sign]:
    if column.kind == "yes_no":
        return
    of_won, of_others = float(column.filled[won].mean()), float(column.filled[~won].mean())
    if abs(of_won - of_others) >= GAP:
        yield (
            f"It is filled for {format_percent(of_won)} of those who {goal}, and for {format_percent(of_others)} of the others.",
            {"filled_won": of_won, "filled_others": of_others},
        )


def _check_marked(column: Column, won: Flags, goal: str) -> Iterator[Sign]:
    """A field that hardly says anything but of leads whose outcome is known: filled, or other than usual, for one kind alone."""
    of_won, of_others = float(column.filled[won].mean()), float(column.filled[~won].mean())
    if column.kind != "yes_no" and abs(of_won - of_others) < GAP and _is_of_one_kind(column.filled, won):
        yield (
            f"It is filled for {format_percent(of_won)} of those who {goal}, and for {format_percent(of_others)} of the others.",
            {"filled_won": of_won, "filled_others": of_others},
        )
    if column.kind not in {"number", "yes_no"} or not column.filled.any():
        return
    usual = 0.0 if column.kind == "yes_no" else float(column.values[column.filled].mode().iloc[0])
    other = column.filled & (column.values != usual).to_numpy(dtype=bool)
    of_won, of_others = float(other[won].mean()), float(other[~won].mean())
    if max(of_won, of_others) >= MARKED and _is_of_one_kind(other, won):
        usual_label = "no" if column.kind == "yes_no" else f"{format_exact(usual)}"
        yield (
            f"It is other than {usual_label} for {format_percent(of_won)} of those who {goal}, and for "
            f"{format_percent(of_others)} of the others.",
            {"other_won": of_won, "other_others": of_others},
        )


def _is_of_one_kind(marked: Flags, won: Flags) -> bool:
    """Whether nearly all that are marked were won, or nearly none, more surely than chance and a good guess allow."""
    n, hits, base = int(marked.sum()), int((marked & won).sum()), float(won.mean())
    if n < OFTEN or n > (1 - RARE) * len(won):
        return False
    interval = wilson_interval(hits, n)
    return _is_sure(n, hits, base) or (interval is not None and hits / n <= RARE and interval[1] < base / 4)


def _check_values(column: Column, won: Flags, goal: str) -> Iterator[Sign]:
    """Values that nearly only the won have, if together many of them have one."""
    if column.kind != "text" or column.is_a_name:
        return
    sure = [
        value for value, n, hits in _count_values(column, won) if n >= OFTEN and _is_sure(n, hits, float(won.mean()))
    ]
    share = float(column.values.isin(sure)[won].mean())
    if sure and share >= MUCH:
        examples = ", ".join(f"“{column.spellings.get(value, value)}”" for value in sure[:3])
        yield (
            f"{format_percent(share)} of those who {goal} have a value that hardly any other lead has: {examples}.",
            {"won_with_sure_values": share},
        )


def _count_values(column: Column, won: Flags) -> list[tuple[str, int, int]]:
    table = pd.DataFrame({"value": column.values, "won": won})[column.filled]
    counts = table.groupby("value")["won"].agg(["size", "sum"]).sort_values("size", ascending=False)
    return [(str(value), int(n), int(hits)) for value, n, hits in counts.itertuples()]


def _is_sure(n: int, hits: int, base: float) -> bool:
    interval = wilson_interval(hits, n)
    return interval is not None and hits / n >= NEARLY_ALL and interval[0] > base + (1 - base) / 2


def single_field_auc(codes: npt.NDArray[np.int64], won: Flags, seed: int = 0) -> float:
    """Return the AUC of a field alone, cross-validated: each half of the leads is predicted from the rates of the other."""
    half = np.random.default_rng(seed).random(len(won)) < 0.5
    predicted = np.empty(len(won))
    for part in (half, ~half):
        n = np.bincount(codes[~part], minlength=int(codes.max(initial=0)) + 1)
        hits = np.bincount(codes[~part], won[~part].astype(float), minlength=len(n))
        predicted[part] = ((hits + won.mean()) / (n + 1))[codes[part]]
    return auc(predicted, won) or 0.5
