"""Lines of spend without an id that an earlier import of the same source already holds for the same day, with other figures.

A line without an id is known by what is read of it, so a corrected one is another line, and its money would count twice.
It may as well be a further cost of that day, and only the user can know: such lines are shown, and the user decides.
"""

from typing import Any

from imports.load.sql import quote_name
from imports.mapping.plan import Plan

KIND = "spend"


def may_restate(plan: Plan) -> bool:
    """Tell whether the rows of a plan are lines of spend without ids of their own, with a day to compare."""
    days = any(planned.column == "spent_on" for planned in plan.fields)
    return plan.mapping.object == KIND and days and bool(plan.mapping.id_from) and not plan.id_headers


def restated_lines(cursor: Any, plan: Plan, stage: str, run_id: int | None = None) -> list[tuple[str, str, str, str]]:
    """Return (id, words, id, words) of each new line and of one that it may restate; lines of the import itself are none."""
    columns = {planned.column for planned in plan.fields}
    same = [f"t.{name} = s.{name}" for name in ("spent_on", "side", "category") if name in columns]
    amount = "s.amount::text" if "amount" in columns else "''"
    staged = next((link.staged for link in plan.references if link.rule.name == "campaign"), "")
    campaign = f"s.{quote_name(staged)}" if staged else ""
    cursor.execute(
        f"SELECT DISTINCT ON (s.external_id) s.external_id, concat_ws(' ', s.spent_on, {campaign or 'NULL'}, {amount}), "
        f"t.external_id, concat_ws(' ', t.spent_on, c.name, t.amount) FROM {stage} s "
        f"LEFT JOIN {quote_name(plan.table)} own ON own.source = %s AND own.external_id = s.external_id "
        f"JOIN {quote_name(plan.table)} t ON t.source = %s AND {' AND '.join(same)} "
        "AND t.first_import_id IS NOT NULL AND t.first_import_id IS DISTINCT FROM %s "
        f"LEFT JOIN crm_campaign c ON c.id = t.campaign_id WHERE own.id IS NULL AND {_is_same_cost(columns, campaign)} "
        "ORDER BY s.external_id, t.id",
        [plan.source.name, plan.source.name, run_id],
    )
    return [tuple(row) for row in cursor.fetchall()]


def _is_same_cost(columns: set[str], campaign: str) -> str:
    """Return SQL: of the same campaign, or of none and described alike."""
    described = "coalesce(s.description, '')" if "description" in columns else "''"
    alike = f"t.campaign_id IS NULL AND coalesce(t.description, '') = {described}"
    if not campaign:
        return f"({alike})"
    same_campaign = f"lower({campaign}) IN (lower(c.name), lower(c.external_id))"
    return f"({same_campaign} OR (coalesce({campaign}, '') = '' AND {alike}))"
