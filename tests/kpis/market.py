"""A small market played with a seed: every table has rows, every reference is sometimes empty."""

import json
import random
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Model

from crm.record_kind import RecordKind
from crm.registry import kinds_by_plural
from facts import registry
from funnel.models import HandOff, Verdict
from team.models import Territory, User

OUTCOMES = ["open", "won", "won", "lost", "no_decision"]
OURS: dict[str, dict[str, Any]] = {"handoffs": {"why": "Their turn"}, "verdicts": {"note": "Because"}}
STAGES = ["Demo", "Offer", "Contract", ""]


def play(seed: int, size: int = 40) -> dict[str, list[dict[str, Any]]]:
    """Return rows for `MemoryFacts`, the same for the same seed."""
    dice = random.Random(seed)
    ids = {"owners": 4, "accounts": 6, "campaigns": 3, "products": 3, "verticals": 2, "territories": 2, "leads": size}

    def one(table: str) -> int | None:
        return dice.choice([None, *range(1, ids[table] + 1)])

    def day(spread: int = 700) -> date | None:
        return dice.choice([None, *[date(2024, 1, 1) + timedelta(days=dice.randrange(spread)) for _ in range(9)]])

    def moment() -> datetime | None:
        found = day()
        return datetime.combine(found, time(dice.randrange(24), 30), UTC) if found else None

    def money() -> Decimal | None:
        return dice.choice([None, Decimal(0), *[Decimal(dice.randrange(1, 10**7)) / 100 for _ in range(8)]])

    def word(*words: str) -> str | None:
        return dice.choice([None, "", *words])

    def currency() -> str:
        return dice.choice(["EUR", "EUR", "EUR", ""])

    def chance() -> Decimal | None:
        return dice.choice([None, Decimal("0.1"), Decimal("0.5"), Decimal("0.9")])

    def deal() -> dict[str, Any]:
        opened, outcome = day(), dice.choice(OUTCOMES)
        closed = opened + timedelta(days=dice.randrange(-2, 90)) if opened and outcome != "open" else None
        return {
            "outcome": outcome, "amount": money(), "currency": currency(), "cost": money(), "probability": chance(),
            "opened_on": opened, "closed_on": closed, "first_contact_on": day(), "expected_close_on": day(900),
            "owner_id": one("owners"), "account_id": one("accounts"), "lead_id": one("leads"), "campaign_id": one("campaigns"),
            "product_id": one("products"), "product_as_written": word("X", "Y"), "territory_id": one("territories"),
            "lead_source": word("web", "unknown"), "stage": dice.choice(STAGES), "pipeline": word("A", "B"), "kind": word("big"),
            "is_new_business": dice.choice([None, True, False]), "created_at": moment(), "lost_reason": word("Price"),
            "source_system": dice.choice(["one", "two"]), "custom": dice.choice(["{}", '{"Plan": "gold"}', '{"Plan": "lead"}']),
        }  # fmt: skip

    def lead() -> dict[str, Any]:
        return {
            "first_contact_on": day(), "created_at": moment(), "owner_id": one("owners"), "account_id": one("accounts"),
            "campaign_id": one("campaigns"), "lead_source": word("web", "fair", "unknown"), "status": word("New", "Old"),
            "is_converted": dice.random() < 0.3, "vertical_id": one("verticals"), "country": word("DE"), "source_system": "one",
        }  # fmt: skip

    handed, judged = iter(range(1, size + 1)), iter(range(1, size + 1))

    def handoff() -> dict[str, Any]:
        started, ended = moment() or datetime(2025, 1, 1, tzinfo=UTC), dice.choice([True, False])
        answered = dice.choice([None, started + timedelta(hours=dice.randrange(90))])
        return {
            "lead_id": next(handed), "owner_id": one("owners"), "started_at": started,
            "due_at": dice.choice([None, started + timedelta(hours=24)]), "answered_at": answered,
            "breached_at": dice.choice([None, started + timedelta(hours=24)]),
            "response_seconds": answered and (answered - started).total_seconds() / 3,
            "ended_at": started + timedelta(days=3) if ended else None,
            "end": dice.choice(["accepted", "rejected", "withdrawn", "lapsed"]) if ended else "",
        }  # fmt: skip

    def verdict() -> dict[str, Any]:
        given = moment() or datetime(2025, 1, 1, tzinfo=UTC)
        return {
            "handoff_id": next(judged), "lead_id": dice.randrange(1, size + 1), "given_at": given,
            "answer": dice.choice(["accepted", "rejected"]), "criterion": word("budget", "too early"),
            "settled_at": given, "undone_at": dice.choice([None, None, None, given]),
        }  # fmt: skip

    def times(number: int, make: Any) -> list[dict[str, Any]]:
        return [make() for _ in range(number)]

    def other(kind: RecordKind) -> dict[str, Any]:
        """A row of a kind that is not named below: something in every field that its declaration names."""
        makers = {"DateField": day, "DateTimeField": moment, "DecimalField": money, "CharField": lambda: word("A", "B")}
        fields = [kind.model._meta.get_field(name) for name in kind.fields]
        row = {field.name: makers[type(field).__name__]() for field in fields if type(field).__name__ in makers}
        links = {
            field.name: str(field.related_model._meta.verbose_name_plural) for field in fields if field.related_model
        }
        return (
            row
            | {f"{name}_id": one(table) for name, table in links.items() if table in ids}
            | ({"currency": currency()} if "currency" in kind.fields else {})
        )

    rows: dict[str, list[dict[str, Any]]] = {
        "owners": [{"name": f"Owner {n}", "manager_id": dice.choice([None, 1]), "territory_id": one("territories")} for n in range(4)],
        "territories": [{"name": "North"}, {"name": "South"}],
        "verticals": [{"name": "Steel"}, {"name": "Glass"}],
        "products": [{"name": "Pump", "list_price": Decimal(100)}, {"name": "Valve"}, {"name": "Pipe", "list_price": Decimal("9.99")}],
        "campaigns": [{"name": name, "starts_on": day(), "kind": word("mail")} for name in ("Pink", "Blue", "Blue")],
        "accounts": times(6, lambda: {"name": "Account", "vertical_id": one("verticals"), "owner_id": one("owners"), "created_at": moment(), "country": word("DE", "FR")}),
        "contacts": times(12, lambda: {"account_id": one("accounts"), "owner_id": one("owners"), "created_at": moment(), "lifecycle_stage": word("Lead")}),
        "leads": times(size, lead),
        "opportunities": times(2 * size, deal),
        "invoices": times(size, lambda: {"issued_on": day(), "amount": money(), "cost": money(), "currency": currency(), "kind": dice.choice(["invoice", "invoice", "credit"]), "account_id": one("accounts"), "opportunity_id": dice.choice([None, *range(1, size)]), "source_system": dice.choice(["one", "two"])}),
        "payments": times(9, lambda: {"paid_on": day(), "amount": money(), "currency": currency(), "invoice_id": dice.randrange(1, size)}),
        "spend": times(size, lambda: {"spent_on": day(), "amount": money(), "currency": currency(), "campaign_id": one("campaigns"), "side": dice.choice(["marketing", "sales"]), "category": dice.choice(["people", "technology"])}),
        "touches": times(size, lambda: {"lead_id": one("leads"), "campaign_id": one("campaigns"), "happened_at": moment(), "kind": word("mail")}),
        "line_items": times(size, lambda: {"product_id": one("products"), "opportunity_id": dice.randrange(1, 2 * size), "sold_on": day(), "amount": money(), "currency": currency()}),
        "subscriptions": times(9, lambda: {"account_id": one("accounts"), "plan": word("Gold", "Basic"), "starts_on": day(), "amount": money(), "currency": currency()}),
        "activities": times(size, lambda: {"owner_id": one("owners"), "kind": word("Call", "Visit"), "happened_at": moment(), "lead_id": one("leads")}),
        "handoffs": times(size, handoff),
        "verdicts": times(size, verdict),
        "content_assets": times(9, lambda: {"name": "Deck", "kind": word("Film"), "persona": word("CFO"), "created_at": moment()}),
        "enquiries": times(9, lambda: {"account_id": one("accounts"), "status": word("New"), "opened_at": moment()}),
        "stage_changes": times(2 * size, lambda: {"opportunity_id": dice.randrange(1, 2 * size), "stage": dice.choice(STAGES), "entered_at": moment(), "amount": money(), "probability": chance()}),
    }  # fmt: skip
    own_metrics = {"quotas", "content_uses", "enquiry_handovers"}  # without a count of all their records
    kinds = kinds_by_plural().items()
    counted = [(name, kind) for name, kind in kinds if (kind.count or name in own_metrics) and name not in rows]
    return rows | {name: [other(kind) for _ in range(9)] for name, kind in counted}


def compute_derived(rows: dict[str, list[dict[str, Any]]], seed: int = 3) -> dict[str, list[dict[str, Any]]]:
    """Return rows of the tables that steps of the nightly run compute: places by the profile, silences of enquiries."""
    dice = random.Random(seed)
    buyers = [("lead_id", len(rows["leads"])), ("account_id", len(rows["accounts"]))]
    places = [
        {name: key, "place": dice.choice(["inside", "near", "outside"])}
        for name, n in buyers
        for key in range(1, n + 1)
    ]
    silences = [
        {"id": key, "seconds": dice.choice([None, 600.0, 7200.0])}
        for key in range(1, len(rows["enquiry_handovers"]) + 1)
    ]
    return {"icp_places": places, "silences": silences}


def settle(rows: dict[str, list[dict[str, Any]]]) -> None:
    """Write the market to Postgres, with the ids that its references name."""
    rep = User.objects.create_user("rep@market.example")
    OURS["verdicts"]["given_by_id"] = rep.pk
    order = ["territories", "owners", "verticals", "products", "campaigns", "accounts", "contacts", "leads"]
    for name in sorted(rows, key=lambda name: order.index(name) if name in order else len(order)):
        model = registry.get_table(name).model
        model._default_manager.bulk_create(
            _record(model, pk, {**row, **OURS.get(name, {})}) for pk, row in enumerate(rows[name], 1)
        )


def _record(model: type[Model], pk: int, row: dict[str, Any]) -> Model:
    names = {"source_system": "source", **({"owner_id": "to_owner_id"} if model is HandOff else {})}
    fields = {names.get(name, name): value for name, value in row.items() if value is not None}
    if "custom" in fields:
        fields["custom"] = json.loads(fields["custom"])
    return model(pk=pk, **fields, **({} if model in {Territory, HandOff, Verdict} else {"external_id": str(pk)}))
