"""The page of the alignment index."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from agreements.permissions import DRAFT_VERSION
from alignment.index.behaviour import FEEDBACK, MARKETING_SLA, SALES_SLA, SCORES, VERDICTS
from alignment.index.charts import draw_history, mark_history
from alignment.index.queries import History, read_history
from alignment.index.rules import AGREED, ANSWERS, BEHAVIOUR, Contribution, Part, moved_inputs
from alignment.index.sentences import describe_contribution, headline
from alignment.permissions import OPEN_ROUND
from team.access import has_right, require_right

MOST_MOVES = 3
METHODS = {
    ANSWERS: "Each dimension counts as the side that rates it lower: 1 is 0 and 5 is 100. The part is their mean. "
    "“≤ 1.5” counts as 1.5, “≥ 4.5” as 4.5.",
    AGREED: "A dimension that is agreed is 100; one that is stale, disputed or missing is 0. The part is their mean.",
    BEHAVIOUR: "Each row is a share of what was due in the three months. The part is their mean.",
}


@require_right("read_rounds")
@require_safe
def index_page(request: HttpRequest) -> HttpResponse:
    """Show the index with its parts, what moved it, and how it was at each month's end."""
    history = read_history()
    context = {
        "history": history,
        "index": history.index,
        "headline": headline(history),
        "parts": [describe_part(part, request) for part in history.index.parts] if history.index else [],
        "changes": [describe_change(history, row) for row in history.contributions],
        "chart": mark_history(draw_history(history), history, request.user),
        "as_of": history.latest.facts_as_of if history.latest else None,
        "may_open_round": OPEN_ROUND.allows(request.user),
        "may_draft": DRAFT_VERSION.is_open_to(request.user),
        "may_import": has_right(request.user, "import"),
    }
    return render(request, "alignment/index/index.html", context)


def describe_part(part: Part, request: HttpRequest) -> dict[str, Any]:
    """Return a part with how it is computed, and the page that supplies it or shows its inputs."""
    url, label = _source_page(part, request)
    links = _input_links(request)
    rows = [(row, links.get(row.key, "") if part.key not in {ANSWERS, AGREED} else "") for row in part.inputs]
    return {"part": part, "method": METHODS[part.key], "url": url, "link": label, "rows": rows}


def _source_page(part: Part, request: HttpRequest) -> tuple[str, str]:
    if part.key == ANSWERS:
        opens = part.is_missing and OPEN_ROUND.allows(request.user)
        return (reverse("new_round"), "Open a round") if opens else (reverse("rounds"), "Assessment rounds")
    if part.key == AGREED:
        return reverse("workspace"), "Agreements by dimension"
    if part.is_missing and has_right(request.user, "import"):
        return reverse("imports"), "Import records"
    return reverse("slas"), "SLAs"


def _input_links(request: HttpRequest) -> dict[str, str]:
    pages = {
        SALES_SLA: reverse("metric", args=[SALES_SLA]),
        MARKETING_SLA: reverse("slas"),
        VERDICTS: reverse("metric", args=[VERDICTS]),
        FEEDBACK: reverse("verdicts"),
    }
    return pages | ({SCORES: reverse("scores")} if has_right(request.user, "see_scores") else {})


def describe_change(history: History, row: Contribution) -> dict[str, Any]:
    """Return what a part added to the change, with the inputs of it that moved most."""
    after = next((part for part in history.index.parts if part.key == row.key), None) if history.index else None
    moves = [
        (after_row or before_row, before_row.text if before_row else "–", after_row.text if after_row else "–")
        for before_row, after_row in moved_inputs(history.part_before(row.key), after)
    ]
    return {"row": row, "text": describe_contribution(row), "moves": moves[:MOST_MOVES], "more": moves[MOST_MOVES:]}
