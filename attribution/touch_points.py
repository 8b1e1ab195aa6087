"""What buyers met before they bought, read from the facts into arrays: touches, incoming activities, leads and deals."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import ibis
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from attribution.methods.positional import Floats, Ints
from crm.models import Activity

NEVER = np.iinfo(np.int64).min  # a moment that is not known
KINDS = {"account": 0, "contact": 1, "lead": 2}  # whose a journey is; with the id it makes the key of the journey
EPOCH = date(1970, 1, 1)
MICROSECONDS = 1_000_000


class Tables(Protocol):
    """The fact tables at one moment."""

    def table(self, name: str) -> Any: ...

    def stream(self, expression: Any) -> Any: ...


@dataclass(frozen=True)
class TouchPoints:
    """Touches and incoming activities in the order of their journeys, and in each journey of time.

    `moments` are microseconds since 1970; `people` are the keys of the persons, `journeys` those of the journeys.
    """

    journeys: Ints
    people: Ints
    moments: Ints
    rows: pa.Table  # touch_id, activity_id, campaign_id, asset_id, channel, lead_source, persona
    channels: Ints  # codes of the names
    channel_names: tuple[str, ...]


@dataclass(frozen=True)
class Outcomes:
    """Leads or deals: the last moment that counts, when they began and, of a won deal, what it was worth."""

    ids: Ints
    journeys: Ints
    until: Ints
    begun: Ints
    is_won: npt.NDArray[np.bool_]
    amounts: Floats


def journey_key(kind: str, link: Any) -> Any:
    """Return the key of the journey of a record: NULL where there is no such record."""
    return link * len(KINDS) + KINDS[kind]


def _keys(rows: Any, *, per_company: bool) -> dict[str, Any]:
    """Return the keys of the person and of the journey of rows with account_id, contact_id and lead_id."""
    person = ibis.coalesce(journey_key("contact", rows.contact_id), journey_key("lead", rows.lead_id))
    company = ibis.coalesce(journey_key("account", rows.account_id), person)
    return {"person": person, "journey": company if per_company else ibis.coalesce(person, company)}


def people_of(facts: Tables, rows: Any) -> Any:
    """Add to rows with lead_id and contact_id the account of both, and what is known of the person.

    A lead that was converted is the contact that it became.
    """
    leads, contacts = facts.table("leads"), facts.table("contacts")
    of_lead = leads.select(
        lead_key="id", of_lead_contact="contact_id", of_lead_account="account_id", of_lead_source="lead_source",
        of_lead_persona="persona",
    )  # fmt: skip
    rows = rows.left_join(of_lead, rows.lead_id == of_lead.lead_key)
    rows = rows.mutate(contact_id=ibis.coalesce(rows.contact_id, rows.of_lead_contact))
    of_contact = contacts.select(
        contact_key="id", of_contact_account="account_id", of_contact_source="lead_source", of_contact_persona="persona"
    )
    rows = rows.left_join(of_contact, rows.contact_id == of_contact.contact_key)
    own = [rows.account_id] if "account_id" in rows.columns else []
    return rows.mutate(
        account_id=ibis.coalesce(*own, rows.of_contact_account, rows.of_lead_account),
        lead_source=ibis.coalesce(rows.of_lead_source.nullif(""), rows.of_contact_source.nullif("")),
        persona=ibis.coalesce(rows.of_lead_persona.nullif(""), rows.of_contact_persona.nullif("")),
    )


def read_touch_points(facts: Tables, *, per_company: bool, with_activities: bool, until: datetime) -> TouchPoints:
    """Return all touch points up to a moment that belong to a person or a company."""
    rows = _touches(facts)
    if with_activities:
        rows = ibis.union(rows, _incoming_activities(facts))
    rows = rows.mutate(**_keys(rows, per_company=per_company))
    rows = rows.filter(rows.journey.notnull() & rows.happened_at.notnull() & (rows.happened_at <= ibis.literal(until)))
    columns = ("touch_id", "activity_id", "campaign_id", "asset_id", "channel", "lead_source", "persona", "happened_at")
    table = read_arrow(facts, rows.select("journey", "person", *columns))
    moments = moments_of(table["happened_at"])
    turn = np.where(table["touch_id"].is_valid(), 0, 1)
    ids = whole_numbers(pc.coalesce(table["touch_id"], table["activity_id"]))
    journeys = whole_numbers(table["journey"])
    order = np.lexsort((ids, turn, moments, journeys))  # equal moments: in the order in which they were recorded
    sorted_rows = table.take(pa.array(order))
    encoded = pc.dictionary_encode(sorted_rows["channel"].combine_chunks())
    people = whole_numbers(table["person"], NEVER)
    return TouchPoints(
        journeys[order],
        people[order],
        moments[order],
        sorted_rows.select(columns),
        encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64),
        tuple(encoded.dictionary.to_pylist()),
    )


def _touches(facts: Tables) -> Any:
    """The touches of Marketing. Their channel is the touch's own, else the kind of the campaign, else that of the touch."""
    campaigns = facts.table("campaigns").select(campaign_key="id", campaign_kind="kind")
    touches = facts.table("touches")
    rows = people_of(facts, touches.drop("source_system", "external_id"))
    rows = rows.left_join(campaigns, rows.campaign_id == campaigns.campaign_key)
    channel = ibis.coalesce(rows.channel.nullif(""), rows.campaign_kind.nullif(""), rows.kind.nullif(""))
    return rows.select(
        "account_id", "contact_id", "lead_id", "campaign_id", "asset_id", "lead_source", "persona",
        touch_id=rows.id,
        activity_id=ibis.null("int64"),
        channel=channel.fill_null("Other"),
        happened_at=ibis.coalesce(rows.happened_at, rows.created_at),
    )  # fmt: skip


def _incoming_activities(facts: Tables) -> Any:
    activities = facts.table("activities")
    incoming = activities.filter(activities.direction == Activity.Direction.INCOMING)
    rows = people_of(facts, incoming.select("id", "kind", "lead_id", "contact_id", "account_id", "happened_at"))
    kind = rows.kind.nullif("").fill_null("activity")
    return rows.select(
        "account_id", "contact_id", "lead_id",
        campaign_id=ibis.null("int64"),
        asset_id=ibis.null("int64"),
        lead_source=rows.lead_source,
        persona=rows.persona,
        touch_id=ibis.null("int64"),
        activity_id=rows.id,
        channel=ibis.literal("Incoming ") + kind.lower(),
        happened_at=rows.happened_at,
    )  # fmt: skip


def read_deals(
    facts: Tables, zone: ZoneInfo, now: datetime, *, per_company: bool, home: str, converts: bool
) -> Outcomes:
    """Return the deals that were won or are open. Of a day without a time the end counts."""
    deals = facts.table("opportunities")
    deals = deals.filter(deals.outcome.isin(["won", "open"]))
    rows = people_of(facts, deals.drop("lead_source"))
    rows = rows.mutate(
        **_keys(rows, per_company=per_company),
        closed_day=ibis.coalesce(rows.closed_on, rows.closed_at.date()),
        opened_day=ibis.coalesce(rows.opened_on, rows.created_at.date()),
    )
    rows = _with_home_amount(facts, rows, home, converts)
    table = read_arrow(
        facts,
        rows.select(
            "id", "journey", "outcome", "home_amount", "opened_day", "closed_day",
            closed_moment=(rows.closed_at.date() == rows.closed_day).ifelse(rows.closed_at, None),
            opened_moment=(rows.created_at.date() == rows.opened_day).ifelse(rows.created_at, None),
        ),
    )  # fmt: skip
    is_won = np.asarray(pc.equal(table["outcome"], "won"))
    closed = _moments_or_ends(table["closed_moment"], table["closed_day"], zone)
    present = to_microseconds(now)
    until = np.where(is_won & (closed != NEVER), np.minimum(closed, present), present)
    begun = _moments_or_ends(table["opened_moment"], table["opened_day"], zone)
    amounts = np.nan_to_num(table["home_amount"].cast(pa.float64()).to_numpy(zero_copy_only=False))
    return Outcomes(whole_numbers(table["id"]), whole_numbers(table["journey"], NEVER), until, begun, is_won, amounts)


def _with_home_amount(facts: Tables, rows: Any, home: str, converts: bool) -> Any:
    """Add about what a deal is worth in the company's currency; NULL without a rate, so that it does not steer a model."""
    amount = rows.amount.cast("float64")
    is_home = rows.currency.fill_null("").isin(["", home]) if home else ibis.literal(True)
    if not converts:
        return rows.mutate(home_amount=is_home.ifelse(amount, None))
    rates = facts.table("day_rates")
    rates = rates.filter(rates.into == home).select(rated="currency", rated_day="day", up="up", down="down")
    both = rows.left_join(rates, [rows.currency == rates.rated, rows.closed_day == rates.rated_day])
    converted = both.amount.cast("float64") * both.up.cast("float64") / both.down.cast("float64")
    return both.mutate(home_amount=is_home.ifelse(both.amount.cast("float64"), converted))


def read_leads(facts: Tables, zone: ZoneInfo, now: datetime) -> Outcomes:
    """Return the leads, each as the outcome of its person's own touches up to the end of the day it was made."""
    leads = facts.table("leads")
    rows = leads.select(
        "id",
        "first_contact_on",
        "created_at",
        lead_id=leads.id,
        contact_id=leads.contact_id,
        account_id=leads.account_id,
    )
    rows = people_of(facts, rows)
    rows = rows.mutate(**_keys(rows, per_company=False))
    day = ibis.coalesce(rows.created_at.date(), rows.first_contact_on)
    table = read_arrow(facts, rows.select("id", "journey", "created_at", day=day))
    size = len(table)
    ends = _ends_of_days(table["day"], zone)
    begun = np.where(table["created_at"].is_valid(), moments_of(table["created_at"]), ends)
    until = np.where(ends == NEVER, to_microseconds(now), np.minimum(ends, to_microseconds(now)))
    return Outcomes(
        whole_numbers(table["id"]),
        whole_numbers(table["journey"], NEVER),
        until,
        begun,
        np.ones(size, bool),
        np.ones(size),
    )


def read_people(facts: Tables, zone: ZoneInfo, *, per_company: bool) -> tuple[Ints, Ints]:
    """Return, for every lead and contact, the journey that it belongs to and when it was made known."""
    leads, contacts = facts.table("leads"), facts.table("contacts")
    of_leads = people_of(
        facts, leads.select("contact_id", "account_id", "created_at", "first_contact_on", lead_id="id")
    )
    of_contacts = contacts.select("account_id", "created_at", contact_id="id").mutate(
        lead_id=ibis.null("int64"), first_contact_on=ibis.null("date")
    )
    names = ("account_id", "contact_id", "lead_id", "created_at", "first_contact_on")
    rows = ibis.union(of_leads.select(*names), of_contacts.select(*names))
    rows = rows.mutate(**_keys(rows, per_company=per_company))
    table = read_arrow(facts, rows.select("journey", "created_at", "first_contact_on"))
    return whole_numbers(table["journey"], NEVER), _moments_or_ends(
        table["created_at"], table["first_contact_on"], zone
    )


def read_arrow(facts: Tables, rows: Any) -> pa.Table:
    """Return the rows of a question as they come from the engine."""
    schema = rows.schema().to_pyarrow()
    batches = [pa.Table.from_batches([batch]).cast(schema) for batch in facts.stream(rows)]
    return pa.concat_tables(batches).combine_chunks() if batches else schema.empty_table()


def whole_numbers(column: Any, missing: int = 0) -> Ints:
    return np.asarray(pc.fill_null(column, missing)).astype(np.int64)


def moments_of(column: Any) -> Ints:
    """Return microseconds since 1970, NEVER where nothing is known."""
    return whole_numbers(column.cast(pa.timestamp("us", "UTC")).cast(pa.int64()), NEVER)


def to_microseconds(moment: datetime) -> int:
    return round(moment.timestamp() * MICROSECONDS)


def _moments_or_ends(moments: Any, days: Any, zone: ZoneInfo) -> Ints:
    """Return the moments, and where only the day is known its end in the company's time zone."""
    return np.where(moments.is_valid(), moments_of(moments), _ends_of_days(days, zone))


def _ends_of_days(days: Any, zone: ZoneInfo) -> Ints:
    numbers = whole_numbers(days.cast(pa.date32()).cast(pa.int32()).cast(pa.int64()), NEVER)
    unique, positions = np.unique(numbers, return_inverse=True)
    ends = [NEVER if number == NEVER else _end_of_day(EPOCH + timedelta(days=int(number)), zone) for number in unique]
    return np.array(ends, dtype=np.int64)[positions] if len(numbers) else numbers


def _end_of_day(day: date, zone: ZoneInfo) -> int:
    """Return the last microsecond of a local day."""
    return to_microseconds(datetime.combine(day + timedelta(days=1), time(), zone)) - 1
