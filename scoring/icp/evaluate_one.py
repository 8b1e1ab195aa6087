"""The distance of one lead or account from the ideal customer profile, from its rows of the moment."""

from dataclasses import dataclass

from django.utils import timezone

from crm.live_tables import OneBuyerTables
from crm.models import Account, Lead
from crm.rule_fields import LINKS, RuleTables
from facts.compiling import RuleContext
from scoring.definitions import profile_in_force
from scoring.icp.rules import add_icp_columns


@dataclass(frozen=True)
class IcpResult:
    """The place, the distance, and the names of the traits that are met and that are not."""

    category: str
    distance: float
    met: tuple[str, ...]
    unmet: tuple[str, ...]


def evaluate_buyer(buyer: Lead | Account) -> IcpResult | None:
    """Return the distance of the buyer; None while no profile is signed that asks anything of it."""
    profile = profile_in_force()
    kind = "leads" if isinstance(buyer, Lead) else "accounts"
    traits = profile.asked_of(kind) if profile else ()
    if not traits:
        return None
    tables = OneBuyerTables(buyer)
    context = RuleContext(RuleTables(tables, kind), timezone.now(), LINKS)
    row = tables.execute(add_icp_columns(context, tables.table(kind), profile, kind)).iloc[0]
    holds = {trait.name: bool(row[f"trait_{n}"]) for n, trait in enumerate(traits)}
    return IcpResult(
        str(row["icp"]),
        float(row["icp_distance"]),
        tuple(name for name, held in holds.items() if held),
        tuple(name for name, held in holds.items() if not held),
    )
