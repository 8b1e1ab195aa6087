"""The records that a nightly run could not work on, as its page shows them."""

from dataclasses import dataclass
from datetime import datetime

from django.apps import apps
from django.urls import reverse

from facts.models import SetAside
from facts.set_aside import FACTS
from facts.steps import ordered_steps
from kpis.registry import all_metrics

MAX_SHOWN = 100
BUYERS = {"crm_lead": "lead", "crm_account": "account"}


@dataclass(frozen=True)
class LeftOut:
    """One record: what it is, where its page is, which step left it out since when, and why."""

    label: str
    link: str
    step: str
    since: datetime
    reason: str


def set_aside_rows() -> list[LeftOut]:
    """Return the first records that are set aside, by step."""
    labels = {step.name: step.label for step in ordered_steps()} | {FACTS: "Copy changes to the facts (date left out)"}
    metrics = {metric.key: metric.name for metric in all_metrics()}
    return [
        LeftOut(_row_label(row, metrics), _buyer_link(row), labels.get(row.step, row.step), row.since, row.reason)
        for row in SetAside.objects.all()[:MAX_SHOWN]
    ]


def _row_label(row: SetAside, metrics: dict[str, str]) -> str:
    if row.name:
        return metrics.get(row.name, row.name)
    model = next((model for model in apps.get_models() if model._meta.db_table == row.table), None)
    return f"{str(model._meta.verbose_name).capitalize() if model else row.table} {row.row_id}"


def _buyer_link(row: SetAside) -> str:
    kind = BUYERS.get(row.table)
    return reverse("buyer", kwargs={"kind": kind, "pk": row.row_id}) if kind else ""
