"""Mappings as files that anybody could write: what they may say, what is complained of, whose counts."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from crm.models import Lead, Opportunity, Touch
from imports.mapping.catalogue import list_sources, recognise_file
from imports.mapping.conditions import rows_meeting_conditions
from imports.mapping.loading import parse_mapping, read_mapping
from imports.mapping.schema import MappingError, ValueMap
from imports.models import CustomField
from imports.parsing.headers import fold, index_headers, make_unique_names
from imports.parsing.options import ParseOptions
from tests.imports.importing import bring, refused

LEADS = """
id = "No."
needs = ["No.", "Who"]

[fields]
name = "Who"
lead_source = { column = ["Came by", "Source"], default = "walk-in" }
annual_revenue = { column = "Turnover (m)", as = "millions" }
is_converted = { column = "Bought?", map = "bought" }

[references]
owner = { column = "Rep", stub = true }

[maps.bought]
"yes!" = true
"/maybe|perhaps/" = false
"""


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.MAPPINGS_DIR = str(tmp_path / "mappings")
    (tmp_path / "mappings" / "stall").mkdir(parents=True)
    return tmp_path / "mappings" / "stall"


def write(folder: Path, text: str, name: str = "lead.toml") -> Path:
    (folder / name).write_text(text)
    return folder / name


@pytest.mark.parametrize(
    ("one", "other"),
    [("Company Name", "company_name"), ("\ufeffId", "id"), ("* E-Mail *", "email"), ("Straße", "STRASSE"), ("Lead.Source", "LeadSource")],
)  # fmt: skip
def test_headers_are_compared_without_case_and_punctuation(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_every_column_gets_one_name() -> None:
    assert make_unique_names(["Id", "", "Id", " Id ", "\ufeffName"]) == ["Id", "column 2", "Id (2)", "Id (3)", "Name"]


def test_words_are_looked_up_plainly_first_then_by_pattern() -> None:
    found = ValueMap.from_table({"/won/": 1, "Closed Won": 2, "/lost/": 3})
    assert [found.get(word) for word in ("closed-won", "Won late", "I LOST it", "open")] == [2, 1, 3, None]


@pytest.mark.django_db
def test_a_company_can_write_a_mapping_of_its_own(folder: Path) -> None:
    write(folder, LEADS)
    run = bring(
        {"x.csv": "no,who,CAME_BY,turnover m,bought,rep,hat\n7,Ida,,1.5,Yes!,Rolf,red\n8,Ole,fair,,perhaps,,\n"}
    )
    assert (run.files.get().source, run.counts["created"]) == ("stall", 2)
    ida, ole = Lead.objects.order_by("external_id")
    assert (ida.name, ida.lead_source, ida.annual_revenue, ida.is_converted) == ("Ida", "walk-in", 1_500_000, True)
    assert (ida.source, ida.owner.name, ida.custom) == ("stall", "Rolf", {"hat": "red"})
    assert (ole.lead_source, ole.is_converted, ole.owner, ole.custom) == ("fair", False, None, {})


@pytest.mark.django_db
def test_a_mapping_of_the_same_name_takes_the_place_of_ours(folder: Path) -> None:
    maven = folder.parent / "maven"
    maven.mkdir()
    ours = Path("imports/mappings/maven/opportunity.toml").read_text()
    write(maven, ours.replace('"Lost" = "lost"', '"Lost" = "no_decision"'), "opportunity.toml")
    bring({"sales_pipeline.csv": (
        "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\n"
        "O1,A,P,X,Lost,2017-01-02,2017-02-01,0\n"
    )})  # fmt: skip
    assert Opportunity.objects.get().outcome == "no_decision"
    assert list_sources()["maven"].title == "Maven CRM sales opportunities"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("", "“id” is missing"),
        ('id = "x"\n[fields]\nnmae = "Name"', "lead has no field “nmae”"),
        ('id = "x"\n[fields]\nowner = "Rep"', "list it under \\[references\\]"),
        ('id = "x"\n[references]\nname = "Name"', "list it under \\[fields\\]"),
        ('id = "x"\n[fields]\nname = { column = "x", colour = "red" }', "“colour”; known are"),
        ('id = "x"\nneed = ["x"]', "“need”; known are"),
        (
            'id = "x"\n[fields]\nname = { column = "x", as = "roman" }',
            "as = “roman”; use one of day before, direction, domain, email",
        ),
        ('id = "x"\n[fields]\nname = { column = "x", map = "none" }', "“none” is missing"),
        ('id = "x"\n[references]\naccount = { column = "x", by = "phone" }', "by = “phone”; use one of"),
        ('object = "unicorn"\nid = "x"', "the kind of record “unicorn” does not exist"),
        ('id = "x"\n[copies]\nname = "owner.shoe"', "owner has no field “shoe”"),
        ('id = "x"\n[maps.a]\n"/(/" = 1', "lead.toml"),
        ('id = "x', "lead.toml"),
    ],
)
def test_a_wrong_mapping_is_named_with_what_to_change(folder: Path, wrong: str, words: str) -> None:
    with pytest.raises(MappingError, match=words) as caught:
        read_mapping(write(folder, wrong))
    assert str(caught.value).startswith("stall/lead.toml: ")


def test_all_mappings_of_ours_can_be_read() -> None:
    assert {"salesforce", "hubspot", "olist", "maven"} <= set(list_sources())


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("Id,OpportunityId,CreatedDate,StageName,Amount,CloseDate,Probability", "OpportunityHistory"),
        ("Id,AccountId,Name,StageName,Amount,CloseDate", "Opportunity"),
        ("Id,LastName,FirstName,Company,Status", "Lead"),
        ("Id,AccountId,LastName,FirstName,Email", "Contact"),
        ("Id,CampaignId,LeadId,ContactId,Status,FirstName,LastName", "CampaignMember"),
        ("Id,WhoId,WhatId,Subject,Status,ActivityDate", "Task"),
        ("Id,WhoId,WhatId,Subject,StartDateTime,DurationInMinutes", "Event"),
        ("﻿record id,DEAL NAME,Deal stage,Pipeline", "deals"),
    ],
)
def test_files_are_recognised_by_their_columns_whatever_they_are_called(header: str, kind: str) -> None:
    found = recognise_file(make_unique_names(header.split(",")), "export (1).csv")
    assert found is not None
    assert found.name == kind


def test_too_few_columns_are_known_by_the_name_of_the_file_alone() -> None:
    assert recognise_file(["Id", "Name"], "whatever.csv", "salesforce") is None
    found = recognise_file(["Id", "Name"], "Account.csv", "salesforce")
    assert found is not None
    assert found.name == "Account"


def test_only_the_source_asked_for_is_considered() -> None:
    assert recognise_file(["mql_id", "first_contact_date", "landing_page_id"], "x.csv", "hubspot") is None


AD_DATA = """
id = []
id_from = ["campaign", "lead", "happened_at", "value"]
object = "touch"
file = "ad data"
needs = ["interaction", "conversion_value"]
only = [{ column = "Interaction", is = "conversion" }, { column = "Clicks", at_least = 1 }]

[fields]
kind = { value = "Ad conversion" }
has_responded = { value = true }
happened_at = "timestamp"
value = { product = ["conversion_value", "conversions"], less = ["fee"], less_percent = "tax" }

[references]
campaign = { value = "Spring ads", by = "any", stub = true }
lead = { column = "email", by = "email" }
"""


@pytest.mark.django_db
def test_a_mapping_filters_rows_gives_constants_and_calculates(folder: Path) -> None:
    write(folder, AD_DATA, "touch.toml")
    rows = [
        "a@x.example,2025-01-02 10:00,Conversion,3,10.5,2,1,10",  # (10.5 × 2 − 1) less 10 %
        "b@x.example,2025-01-02 11:00,conversion,1,4,1,,",
        "c@x.example,2025-01-02 11:00,conversion,1,,1,,",  # nothing to multiply
        "d@x.example,no date,click,1,4,1,,",  # left out, so no one complains of its date
        "e@x.example,2025-01-02 11:00,conversion,0,4,1,,",
        "f@x.example,2025-01-02 11:00,conversion,2,dear,1,,",
    ]
    run = bring(
        {"ads.csv": "email,timestamp,interaction,clicks,conversion_value,conversions,fee,tax\n" + "\n".join(rows)}
    )
    touches = Touch.objects.order_by("happened_at", "value")
    assert [(t.value, t.kind, t.has_responded, t.campaign.name) for t in touches] == [
        (Decimal(18), "Ad conversion", True, "Spring ads"),
        (Decimal(4), "Ad conversion", True, "Spring ads"),
        (None, "Ad conversion", True, "Spring ads"),
    ]
    file = run.files.get()
    assert (file.rows, file.dropped, file.rejected) == (6, 2, 1)
    assert [(line, column) for line, column, _ in refused(run)] == [(7, "conversion_value")]


@pytest.mark.parametrize(
    ("operator", "value", "kept"),
    [
        ("is", ["Paid search", "e-mail"], ["paid-search", "Email"]),
        ("is_not", ["Paid search"], ["Email", "", "12,5", "13"]),
        ("contains", ["mail"], ["Email"]),
        ("contains_not", ["mail"], ["paid-search", "", "12,5", "13"]),
        ("is_empty", True, [""]),
        ("is_filled", True, ["paid-search", "Email", "12,5", "13"]),
        ("above", 12.5, ["13"]),
        ("at_least", 12.5, ["12,5", "13"]),
        ("below", "13", ["12,5"]),
        ("at_most", 13, ["12,5", "13"]),
    ],
)
def test_each_condition_of_a_row_filter(operator: str, value: Any, kept: list[str]) -> None:
    table = {"id": "Id", "only": [{"column": "x", operator: value}], "fields": {"name": "Id"}}
    frame = pd.DataFrame({"X": ["paid-search", "Email", "", "12,5", "13"]}, dtype="str")
    found = rows_meeting_conditions(
        parse_mapping(Path("stall/lead.toml"), table).only,
        index_headers(frame.columns),
        frame,
        ParseOptions(decimal={"": "comma"}),
    )
    assert list(frame["X"][found]) == kept


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ('amount = { sum = ["a"], product = ["b"] }', "both a product and a sum"),
        ('amount = { column = "a", less = ["b"] }', "takes off a product or a sum"),
        ('description = { sum = ["a", "b"] }', "is not a number"),
        ('side = { value = "both" }', "Choose one of: marketing, sales"),
        ('amount = { value = "much" }', "is not a valid number"),
        ('spent_on = { value = "31.02.2025" }', "is not a valid date"),
    ],
)
def test_what_a_rule_cannot_say_is_told(folder: Path, rule: str, words: str) -> None:
    path = write(folder, f'id = "No"\n[fields]\n{rule}\n', "spend.toml")
    with pytest.raises(MappingError, match=re.escape(words)):
        read_mapping(path)


@pytest.mark.parametrize(
    ("only", "words"),
    [
        ('{ column = "a", above = "x" }', "needs a number"),
        ('{ column = "a" }', "needs one comparison"),
        ('{ column = "a", like = "x" }', "like"),
    ],
)
def test_a_row_filter_that_cannot_be_is_told(folder: Path, only: str, words: str) -> None:
    path = write(folder, f'id = "No"\nonly = [{only}]\n[fields]\ndescription = "x"\n', "spend.toml")
    with pytest.raises(MappingError, match=words):
        read_mapping(path)


@pytest.mark.django_db
def test_own_columns_of_a_known_system_are_typed_by_what_they_hold() -> None:
    rows = "".join(
        f'00Q{place},Fischer,A,Open,{place},{word},0{place},"1,{place}00"\n'
        for place, word in enumerate(["true", "false", ""])
    )
    bring({"Lead.csv": f"Id,LastName,Company,Status,Visits__c,Vip__c,Code__c,Worth__c\n{rows}"})
    assert dict(CustomField.objects.values_list("key", "type")) == {
        "Visits__c": "number", "Vip__c": "yes_no", "Code__c": "text", "Worth__c": "text",
    }  # fmt: skip
