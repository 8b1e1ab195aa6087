"""The numeric terms of the active SLAs, as questions that people can answer."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from agreements.models import Version
from funnel.handoffs.terms import UNITS

SALES_KIND, MARKETING_KIND = "sla", "owed"


@dataclass(frozen=True)
class Term:
    """A number that both sides signed; `name` is the term within its agreement."""

    key: str
    name: str
    question: str
    unit: str
    signed: float
    stage: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def read_signed_terms() -> list[Term]:
    """Return the terms of the company's active SLAs; pilots of a team are left out."""
    signed = Version.objects.in_force().filter(agreement__kind__in=[SALES_KIND, MARKETING_KIND], pilot_manager=None)
    rows = signed.select_related("agreement").order_by("-agreement__kind", "agreement__key")
    return [term for version in rows for term in terms_of(version)]


def terms_of(version: Version) -> Iterator[Term]:
    """Yield the numbers that a side owes. How an SLA warns and how long it waits are settings and not owed."""
    questions = _sales_terms if version.agreement.kind == SALES_KIND else _marketing_terms
    for name, question, unit, signed in questions(version.terms):
        if signed:
            key = f"{version.agreement.kind}.{version.agreement.key}.{name}"
            yield Term(key, name, question, unit, float(signed), version.terms.get("stage", ""))


def _sales_terms(terms: dict[str, Any]) -> Iterator[tuple[str, str, str, Any]]:
    def unit(name: str) -> str:
        return UNITS[terms.get(f"{name}_unit") or "hours"]

    lead = f"a lead that becomes {terms['stage'].upper()}" if len(terms["stage"]) <= 3 else "a new lead"
    yield (
        "response",
        f"Within how many {unit('response')} must Sales follow up {lead}?",
        unit("response"),
        terms.get("response"),
    )
    yield "attempts", f"How many times must Sales try to reach {lead}?", "attempts", terms.get("attempts")
    yield (
        "attempts_within",
        "Within how many business days must all these attempts be made?",
        "business days",
        terms.get("attempts_within"),
    )
    yield (
        "acceptance",
        f"Within how many {unit('acceptance')} must Sales accept or reject {lead}?",
        unit("acceptance"),
        terms.get("acceptance"),
    )
    yield (
        "reroute",
        f"After how many {unit('reroute')} past the deadline does a lead go to another rep?",
        unit("reroute"),
        terms.get("reroute"),
    )


def _marketing_terms(terms: dict[str, Any]) -> Iterator[tuple[str, str, str, Any]]:
    currency = terms["currency"]
    yield (
        "qualified_leads",
        "How many qualified leads does Marketing owe Sales each month?",
        "leads",
        terms.get("qualified_leads"),
    )
    yield (
        "pipeline_value",
        f"How much pipeline ({currency}) does Marketing owe Sales each month?",
        currency,
        terms.get("pipeline_value"),
    )
