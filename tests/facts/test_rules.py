"""The rule language: what is wrong is said, what is right reads as a sentence and answers like a slow reading."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facts.compiling import RuleContext, add_rule_columns
from facts.custom import DUCKDB_MACROS
from facts.rules import Events, Field, Rule, Subject, check_rule, describe_rule

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
TOUCH_FIELDS = {"kind": Field("kind", "kind", "text"), "campaign.name": Field("campaign.name", "campaign", "text")}
LEADS = Subject(
    "leads",
    {
        "title": Field("title", "title", "text"),
        "employees": Field("employees", "employees", "number"),
        "first_contact_on": Field("first_contact_on", "first contact", "date"),
        "is_converted": Field("is_converted", "converted", "yes_no"),
        "account.vertical.name": Field("account.vertical.name", "industry", "text"),
        "score": Field("score", "score", "number"),
    },
    {"touches": Events("touches", "touches", "lead_id", "happened_at", TOUCH_FIELDS)},
)
LINKS = {"account": "accounts", "vertical": "verticals", "campaign": "campaigns"}


class Rows:
    """A few rows in an engine of their own."""

    def __init__(self, tables: dict[str, tuple[dict[str, str], list[dict[str, Any]]]], zone: str = "UTC") -> None:
        self.backend = ibis.duckdb.connect()
        self.backend.raw_sql(f"SET TimeZone = '{zone}'")
        self.backend.raw_sql(DUCKDB_MACROS)
        for name, (schema, rows) in tables.items():
            shape = ibis.schema(schema).to_pyarrow()
            self.backend.con.register(name, pa.Table.from_pylist(rows, schema=shape))

    def table(self, name: str) -> Any:
        return self.backend.table(name)


LEAD_COLUMNS = {
    "id": "int64",
    "title": "string",
    "employees": "int64",
    "first_contact_on": "date",
    "is_converted": "boolean",
    "account_id": "int64",
    "custom": "string",
    "score": "float64",
}


def rows(leads: list[dict[str, Any]], touches: list[dict[str, Any]] | None = None, zone: str = "UTC") -> Rows:
    return Rows(
        {
            "leads": (LEAD_COLUMNS, leads),
            "touches": (
                {
                    "id": "int64",
                    "lead_id": "int64",
                    "kind": "string",
                    "happened_at": "timestamp('UTC')",
                    "campaign_id": "int64",
                },
                touches or [],
            ),
            "accounts": (
                {"id": "int64", "vertical_id": "int64"},
                [{"id": 1, "vertical_id": 7}, {"id": 2, "vertical_id": None}],
            ),
            "verticals": ({"id": "int64", "name": "string"}, [{"id": 7, "name": "Banking"}]),
            "campaigns": ({"id": "int64", "name": "string"}, [{"id": 3, "name": "Blue"}]),
        },
        zone,
    )


def answers(tables: Rows, rule: Rule, now: datetime = NOW) -> list[bool]:
    assert check_rule(rule, LEADS) == []
    table = add_rule_columns(RuleContext(tables, now, LINKS), LEADS, {"holds": rule}).order_by("id")
    return [bool(value) for value in tables.backend.to_pyarrow(table)["holds"].to_pylist()]


SOME = [
    {
        "id": 1,
        "title": "Chief Buyer",
        "employees": 50,
        "first_contact_on": NOW.date(),
        "is_converted": True,
        "account_id": 1,
        "custom": '{"segment": "gold", "visits": 12, "asked": true}',
        "score": 70.0,
    },
    {
        "id": 2,
        "title": "",
        "employees": None,
        "first_contact_on": None,
        "is_converted": None,
        "account_id": 2,
        "custom": '{"visits": "2.5"}',
        "score": None,
    },
    {
        "id": 3,
        "title": None,
        "employees": 500,
        "first_contact_on": NOW.date() - timedelta(days=40),
        "is_converted": False,
        "account_id": None,
        "custom": '{"visits": "nan", "asked": false}',
        "score": 10.0,
    },
]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"field": "title", "is": "contains", "value": "BUYER"}, [True, False, False]),
        ({"field": "title", "is": "is_not", "value": "chief buyer"}, [False, True, True]),
        ({"field": "title", "is": "empty"}, [False, True, True]),
        ({"field": "title", "is": "none_of", "value": ["Chief Buyer", "x"]}, [False, True, True]),
        ({"field": "employees", "is": ">=", "value": 50}, [True, False, True]),
        ({"field": "employees", "is": "!=", "value": "50"}, [False, True, True]),
        ({"field": "first_contact_on", "is": "last_days", "value": 30}, [True, False, False]),
        ({"field": "first_contact_on", "is": "before", "value": "2026-06-01"}, [False, False, True]),
        ({"field": "is_converted", "is": "no"}, [False, True, True]),
        ({"field": "account.vertical.name", "is": "one_of", "value": ["banking"]}, [True, False, False]),
        ({"field": "custom.segment", "is": "is", "value": "Gold"}, [True, False, False]),
        ({"field": "custom.visits", "is": ">=", "value": 3}, [True, False, False]),
        ({"field": "custom.visits", "is": "<", "value": 3}, [False, True, False]),
        ({"field": "custom.visits", "is": "!=", "value": 12}, [False, True, True]),
        ({"field": "custom.visits", "is": "is", "value": "12"}, [True, False, False]),
        ({"field": "custom.visits", "is": "filled"}, [True, True, True]),
        ({"field": "custom.asked", "is": "yes"}, [True, False, False]),
        ({"field": "custom.asked", "is": "no"}, [False, True, True]),
        ({"field": "score", "is": ">=", "value": 65}, [True, False, False]),
        ({"not": {"field": "score", "is": ">=", "value": 65}}, [False, True, True]),
        ({"all": []}, [True, True, True]),
        ({"any": []}, [False, False, False]),
    ],
)
def test_a_rule_answers_for_each_row(rule: Rule, expected: list[bool]) -> None:
    assert answers(rows(SOME), rule) == expected


def test_counts_look_at_the_window_the_condition_and_never_ahead() -> None:
    touches = [
        {
            "id": n,
            "lead_id": lead,
            "kind": kind,
            "happened_at": NOW - timedelta(days=days),
            "campaign_id": 3 if kind == "webinar" else None,
        }
        for n, (lead, kind, days) in enumerate(
            [(1, "webinar", 1), (1, "webinar", 40), (1, "mail", 1), (2, "webinar", -1), (3, "mail", 1)]
        )
    ]
    tables = rows(SOME, touches)
    assert answers(tables, {"count": "touches", "is": ">=", "value": 1}) == [True, False, True]
    assert answers(
        tables,
        {
            "count": "touches",
            "is": "=",
            "value": 1,
            "days": 30,
            "where": {"field": "kind", "is": "is", "value": "webinar"},
        },
    ) == [True, False, False]
    assert answers(
        tables,
        {"count": "touches", "is": "=", "value": 2, "where": {"field": "campaign.name", "is": "is", "value": "blue"}},
    ) == [True, False, False]
    assert answers(tables, {"count": "touches", "is": "=", "value": 0}) == [False, True, False]


def test_a_rule_reads_as_a_sentence() -> None:
    rule = {
        "all": [
            {"field": "employees", "is": ">=", "value": 50},
            {
                "any": [
                    {"field": "title", "is": "contains", "value": "chief"},
                    {
                        "count": "touches",
                        "is": ">=",
                        "value": 3,
                        "days": 30,
                        "where": {"field": "kind", "is": "is", "value": "webinar"},
                    },
                ]
            },
        ]
    }
    assert check_rule(rule, LEADS) == []
    assert describe_rule(rule, LEADS) == (
        "employees is at least 50 and (title contains “chief” or the number of touches whose kind is “webinar” in the last 30 days is at least 3)"
    )


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("score > 5", "A rule is an object"),
        ({}, "exactly one of"),
        ({"field": "title", "count": "touches"}, "exactly one of"),
        ({"field": "salary", "is": "=", "value": 1}, "The field “salary” does not exist"),
        ({"field": "title", "is": ">=", "value": 1}, "cannot be compared by"),
        ({"field": "employees", "is": ">=", "value": "many"}, "must be a number"),
        ({"field": "employees", "is": ">=", "value": float("nan")}, "must be a number"),
        ({"field": "first_contact_on", "is": "on", "value": "31.3.2026"}, "a date like"),
        ({"field": "title", "is": "one_of", "value": []}, "a list of words"),
        ({"field": "title", "is": "is", "value": "a\0b"}, "must be a text"),
        ({"field": "title", "is": "is", "value": "a", "sql": "1"}, "“sql” does not belong"),
        ({"count": "orders", "is": ">", "value": 1}, "can be counted"),
        ({"count": "touches", "is": ">", "value": 1, "days": -3}, "number of days"),
        (
            {"count": "touches", "is": ">", "value": 1, "where": {"field": "title", "is": "empty"}},
            "The field “title” does not exist",
        ),
        ({"all": {"field": "title"}}, "a list of rules"),
    ],
)
def test_what_is_wrong_is_said(rule: Any, words: str) -> None:
    assert any(words in problem.message for problem in check_rule(rule, LEADS)), check_rule(rule, LEADS)


def test_a_rule_nested_too_deep_is_refused() -> None:
    rule: Any = {"field": "title", "is": "empty"}
    for _ in range(9):
        rule = {"not": rule}
    assert "nest" in check_rule(rule, LEADS)[0].message


LEAVES = st.one_of(
    st.builds(
        lambda how, value: {"field": "employees", "is": how, "value": value},
        st.sampled_from([">=", "<", "=", "!="]),
        st.integers(0, 5),
    ),
    st.builds(
        lambda how, value: {"field": "title", "is": how, "value": value},
        st.sampled_from(["is", "is_not", "contains"]),
        st.sampled_from(["a", "b", "ab"]),
    ),
    st.builds(lambda how: {"field": "title", "is": how}, st.sampled_from(["empty", "filled"])),
)
RULES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=6,
)
PEOPLE = st.lists(
    st.fixed_dictionaries(
        {"title": st.sampled_from([None, "", "a", "B", "ab"]), "employees": st.none() | st.integers(0, 5)}
    ),
    min_size=1,
    max_size=8,
)


def slowly(rule: Rule, row: dict[str, Any]) -> bool:
    """Read the rule as the manual says, in plain Python."""
    if "all" in rule:
        return all(slowly(part, row) for part in rule["all"])
    if "any" in rule:
        return any(slowly(part, row) for part in rule["any"])
    if "not" in rule:
        return not slowly(rule["not"], row)
    value, how = row[rule["field"]], rule["is"]
    if rule["field"] == "title":
        text = (value or "").lower()
        return {
            "empty": not text,
            "filled": bool(text),
            "is": text == rule.get("value"),
            "is_not": text != rule.get("value"),
            "contains": (rule.get("value") or "\0") in text,
        }[how]
    if value is None:
        return how == "!="
    return bool(
        {
            ">=": value >= rule["value"],
            "<": value < rule["value"],
            "=": value == rule["value"],
            "!=": value != rule["value"],
        }[how]
    )


def test_the_last_days_are_those_of_the_time_zone_of_the_company() -> None:
    after_midnight_in_berlin = datetime(2026, 6, 14, 22, 30, tzinfo=UTC)
    lead = {"id": 1, "first_contact_on": date(2026, 6, 15)}
    recent = {"field": "first_contact_on", "is": "last_days", "value": 1}
    older = {"field": "first_contact_on", "is": "older_days", "value": 1}
    assert answers(rows([lead], zone="Europe/Berlin"), recent, after_midnight_in_berlin) == [True]
    assert answers(rows([lead]), recent, after_midnight_in_berlin) == [False]  # by UTC it is still the 14th
    before = {"id": 1, "first_contact_on": date(2026, 6, 13)}
    assert answers(rows([before], zone="Europe/Berlin"), older, after_midnight_in_berlin) == [True]
    assert answers(rows([before]), older, after_midnight_in_berlin) == [False]


@settings(max_examples=40, deadline=None)
@given(RULES, PEOPLE)
def test_any_rule_answers_like_a_slow_reading(rule: Rule, people: list[dict[str, Any]]) -> None:
    leads = [{"id": number, **person} for number, person in enumerate(people)]
    if check_rule(rule, LEADS):
        return
    assert answers(rows(leads), rule) == [slowly(rule, person) for person in people]
