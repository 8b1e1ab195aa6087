"""Which way an e-mail or a call went, and whether it arrived, as each system writes it."""

import pandas as pd
import pytest

from connectors.registry import connector_type
from connectors.vendors.hubspot.kinds import CALLS, EMAILS
from connectors.vendors.salesforce.reader import KINDS as SALESFORCE
from crm.models import Activity
from imports.load.directions import read_direction, read_incoming, read_undelivered
from tests.imports.importing import bring

Told = dict[str, tuple[str, bool]]
HUBSPOT = "Activity ID,Activity Type,Activity Date,Activity assigned to,Title,{more}\n"
FILES: dict[str, tuple[str, str, Told]] = {
    "HubSpot, by type": (
        "activities.csv",
        HUBSPOT.format(more="Task Status")
        + "1,Incoming email,2026-11-23 14:00,a@x.example,A,\n2,Email,2026-11-23 14:00,a@x.example,B,\n3,Email,2026-11-23 14:00,a@x.example,C,BOUNCED\n",
        {"1": ("incoming", False), "2": ("", False), "3": ("", True)},
    ),
    "HubSpot, by direction": (
        "activities.csv",
        HUBSPOT.format(more="Email direction,Email send status")
        + "1,Email,2026-11-23 14:00,a@x.example,A,INCOMING_EMAIL,\n2,Email,2026-11-23 14:00,a@x.example,B,EMAIL,SENT\n"
        "3,Email,2026-11-23 14:00,a@x.example,C,EMAIL,FAILED\n4,Email,2026-11-23 14:00,a@x.example,D,FORWARDED_EMAIL,\n",
        {"1": ("incoming", False), "2": ("", False), "3": ("", True), "4": ("internal", False)},
    ),
    "HubSpot, calls by API name": (
        "calls.csv",
        HUBSPOT.format(more="hs_call_direction,hs_call_status")
        + "1,Call,2026-11-23 14:00,a@x.example,A,INBOUND,COMPLETED\n2,Call,2026-11-23 14:00,a@x.example,B,OUTBOUND,CANCELED\n",
        {"1": ("incoming", False), "2": ("outgoing", True)},
    ),
    "Salesforce, calls": (
        "Task.csv",
        "Id,WhoId,Subject,Status,OwnerId,ActivityDate,CallType,Type\n"
        "00T1,00Q1,A,Completed,0051,2026-11-23,Inbound,Call\n00T2,00Q1,B,Completed,0051,2026-11-23,Outbound,Call\n"
        "00T3,00Q1,C,Completed,0051,2026-11-23,,Inbound Email\n",
        {"00T1": ("incoming", False), "00T2": ("outgoing", False), "00T3": ("incoming", False)},
    ),
    "Zoho, calls": (
        "Calls.csv",
        "Call Id,Subject,Call Type,Call Start Time,Call Owner,Call Duration\n"
        "1,A,Inbound,2026-11-23 14:00,Ann,1\n2,B,Outbound,2026-11-23 14:00,Ann,1\n3,C,Missed,2026-11-23 14:00,Ann,1\n",
        {"1": ("incoming", False), "2": ("outgoing", False), "3": ("incoming", False)},
    ),
    "Pipedrive, by type": (
        "activities.csv",
        "Activity - ID,Activity - Subject,Activity - Type,Activity - Done,Activity - Due date\n"
        "1,A,Incoming call,Done,2026-11-23\n2,B,Call,Done,2026-11-23\n",
        {"1": ("incoming", False), "2": ("", False)},
    ),
    "our sheet": (
        "activities.csv",
        "Activity id,Activity,Owner,Subject,Direction,Happened at\n1,Email,Ann,A,Eingehend,2026-11-23\n2,Email,Ann,B,Outgoing,2026-11-23\n",
        {"1": ("incoming", False), "2": ("outgoing", False)},
    ),
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("case", FILES)
def test_each_system_says_which_way_it_went(case: str) -> None:
    name, text, told = FILES[case]
    bring({name: text})
    rows = Activity.objects.values_list("external_id", "direction", "is_undelivered")
    # Ids of Salesforce get their last three characters
    found = {key: (way, lost) for key, way, lost in rows}
    assert {next(short for short in told if key.startswith(short)): value for key, value in found.items()} == told


@pytest.mark.django_db
def test_emails_of_salesforce_say_it_of_the_task_that_stands_for_them() -> None:
    tasks = (
        "Id,WhoId,Subject,Status,OwnerId,ActivityDate,CallType,TaskSubtype\n"
        "00T000000000001,00Q1,Email: Any news?,Completed,0051,2026-11-23,,Email\n"
        "00T000000000002,00Q1,Email: Hello,Completed,0051,2026-11-23,,Email\n"
    )
    mails = (
        "Id,ActivityId,Incoming,IsBounced,Status,FromAddress,ToAddress,MessageDate,Subject,CreatedById\n"
        "02s000000000001,00T000000000001,true,false,1,ina@a.example,ann@x.example,2026-11-23T14:00:00Z,Any news?,0051\n"
        "02s000000000002,00T000000000002,false,true,3,ann@x.example,ina@a.example,2026-11-23T15:00:00Z,Hello,0051\n"
        "02s000000000003,,false,false,3,ann@x.example,ina@a.example,2026-11-23T16:00:00Z,Again,0051\n"
    )
    leads = "Id,FirstName,LastName,Company,Status,Email\n00Q000000000001,Ina,Fischer,A,Open,ina@a.example\n"
    bring({"EmailMessage.csv": mails, "Lead.csv": leads, "Task.csv": tasks})
    found = Activity.objects.order_by("external_id").values_list(
        "subject", "direction", "is_undelivered", "lead__email"
    )
    assert list(found) == [
        ("Email: Any news?", "incoming", False, None),
        ("Email: Hello", "outgoing", True, None),
        ("Again", "outgoing", False, "ina@a.example"),
    ]


def test_the_connectors_ask_for_it() -> None:
    assert EMAILS.labels["hs_email_direction"] == "Email direction"
    assert EMAILS.labels["hs_email_status"] == "Email send status"
    assert CALLS.labels["hs_call_direction"] == "Call direction"
    assert "EmailMessage" in connector_type("salesforce").objects
    assert "EmailMessage" in SALESFORCE


def test_words_that_do_not_say_leave_it_open() -> None:
    column = pd.Series(
        ["Email", "Call", "", "Intern", "International call", "Sent", "eingehend", "Dismissed"], dtype="str"
    )
    assert list(read_direction(column)[0]) == ["", "", "", "internal", "", "outgoing", "incoming", ""]
    assert list(read_incoming(pd.Series(["true", "0", "maybe"], dtype="str"))[0]) == ["incoming", "outgoing", ""]
    assert list(read_undelivered(pd.Series(["BOUNCED", "SENT", "1", "", "Failed"], dtype="str"))[0]) == [
        "t",
        "f",
        "t",
        "f",
        "t",
    ]
