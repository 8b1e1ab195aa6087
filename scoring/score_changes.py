"""Who would come over the threshold and who would fall under it: one page of them, by name."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from django.core.paginator import Page, Paginator

from crm.models import Lead
from scoring.explorer.dataset import find_positions
from scoring.explorer.score_arrays import Explored
from scoring.impact import Consequences
from team.models import User

PER_PAGE = 10


@dataclass(frozen=True)
class Mover:
    """A lead with its active score and the score that it would have; none where it is not scored."""

    lead: Lead
    before: float | None
    after: float | None

    @property
    def company(self) -> str:
        return self.lead.company_name or (self.lead.account.name if self.lead.account else "")


@dataclass(frozen=True)
class Movers:
    """One page; `hidden` on it are leads that the reader may not see, or that are gone since."""

    page: Page[Any]
    rows: tuple[Mover, ...]
    hidden: int

    @property
    def count(self) -> int:
        return int(self.page.paginator.count)


def page_of_movers(user: User, impact: Consequences, which: str, page_number: str | None) -> Movers | None:
    """Return a page of `coming` or `going`; None where there is nothing to compare with."""
    if impact.moved is None or impact.before is None or impact.after is None:
        return None
    ids = getattr(impact.moved, which).tolist()
    page = Paginator(ids, PER_PAGE).get_page(page_number)
    chosen = list(page.object_list)
    leads = Lead.objects.visible_to(user).select_related("account").in_bulk(chosen)
    before, after = _scores_of(impact.before.explored, chosen), _scores_of(impact.after.explored, chosen)
    rows = tuple(Mover(leads[pk], before[n], after[n]) for n, pk in enumerate(chosen) if pk in leads)
    return Movers(page, rows, len(chosen) - len(rows))


def _scores_of(explored: Explored, ids: list[int]) -> list[float | None]:
    positions, is_known = find_positions(explored.ids, np.array(ids, dtype=np.int64))
    scores = explored.now[positions] if explored.ids.size else np.full(len(ids), np.nan)
    return [
        float(score) if is_scored and not np.isnan(score) else None
        for score, is_scored in zip(scores, is_known, strict=True)
    ]
