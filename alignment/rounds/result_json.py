"""Results as the API answers them: what the page shows, and nothing more."""

from collections.abc import Iterable, Mapping
from typing import Any

from alignment.disclosure import Reading
from alignment.expectations.beliefs import round_figure
from alignment.expectations.measured import Measured
from alignment.rounds.content import ServedDiscipline
from alignment.rounds.results import DimensionResult, ExpectationResult, Gap, RoundResults, SideResult


def results_as_json(
    results: RoundResults, measured: Mapping[str, Measured], disciplines: Iterable[ServedDiscipline]
) -> dict[str, Any]:
    return {
        "round": int(results.key),
        "name": results.name,
        "minimum": results.minimum,
        "groups": [
            {"key": group.key, "answered": group.size, "shown_as": group.mode, "reason": group.reason}
            for group in results.groups
        ],
        "dimensions": [_dimension(result) for result in results.dimensions],
        "disciplines": [
            {
                "key": served.result.discipline.key,
                "name": served.result.discipline.name,
                "groups": [{"name": name, "mean": _reading(reading)} for name, reading in served.result.groups],
                "served_by": [agreement.pk for agreement in served.agreements],
                "is_hole": served.is_hole,
            }
            for served in disciplines
        ],
        "terms": [_term(term, measured.get(term.key)) for term in results.expectations],
        "compared_with": dict(results.compared_with),
    }


def _dimension(result: DimensionResult) -> dict[str, Any]:
    return {
        "key": result.dimension.key,
        "name": result.dimension.name,
        "agreement": _gap(result.agreement),
        "reliability": result.reliability,
        "finding": result.finding,
        "remedy": result.dimension.remedy,
        "sides": [_side(side) for side in result.sides],
    }


def _side(side: SideResult) -> dict[str, Any]:
    return {
        "side": side.side,
        "mean": _reading(side.own),
        "first_statement": _reading(side.item),
        "believed_of_other": _reading(side.guess),
        "agreement_within": side.spread.text,
        "accuracy": _gap(side.accuracy),
        "congruency": _gap(side.congruency),
        "change": _gap(side.change),
        "series": [{"round": name, "mean": _reading(reading)} for name, reading in side.series],
    }


def _reading(reading: Reading) -> dict[str, Any]:
    return {"kind": reading.kind, "text": reading.text, "value": reading.value, "reason": reading.reason}


def _gap(gap: Gap) -> dict[str, Any]:
    return {
        "text": gap.text,
        "value": gap.value,
        "interval": list(gap.interval) if gap.interval else None,
        "assumes_widest_spread": gap.is_widest,
        "p_below": gap.p_below,
    }


def _term(term: ExpectationResult, known: Measured | None) -> dict[str, Any]:
    return {
        "key": term.key,
        "question": term.question,
        "unit": term.unit,
        "signed": term.signed,
        "beliefs": [
            {"side": side.side, "median": side.median, "middle_half": list(side.middle) if side.middle else None}
            for side in term.sides
        ],
        "measured": round_figure(known.value) if known and known.value is not None else None,
        "measured_over": known.definition if known else "",
        "is_wild": term.is_wild,
    }
