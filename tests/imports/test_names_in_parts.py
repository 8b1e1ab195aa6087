"""The first and the last name of a person make the name, anyone who the person is and wherever the row comes from."""

import pandas as pd
import pytest

from crm.models import Activity, Contact, Lead, Owner
from imports.mapping.suggestions import propose_mapping
from tests.imports.importing import bring

pytestmark = pytest.mark.django_db

SHEET = "Email,First name,Last name,Company,Lead source\n"
FILES = {
    "our sheet of leads": ("leads.csv", SHEET + "i@a.example,Ina,Fischer,A,Web\n", Lead),
    "the last name first": ("leads.csv", "Lead id,Last name,First name,Email,Lead source\n1,Fischer,Ina,i@a.example,Web\n", Lead),
    "our sheet of contacts": ("contacts.csv", "Contact id,First name,Last name,Email,Account\n1,Ina,Fischer,i@a.example,A\n", Contact),
    "labels of Salesforce": ("report.csv", "Lead ID,First Name,Last Name,Company / Account,Lead Status\n00Q1,Ina,Fischer,A,Open\n", Lead),
    "names of the Salesforce API": ("Lead.csv", "Id,LastName,FirstName,Company,Status\n00Q1,Fischer,Ina,A,Open\n", Lead),
    "contacts of Salesforce": ("Contact.csv", "Id,LastName,FirstName,AccountId\n0031,Fischer,Ina,0011\n", Contact),
    "users of Salesforce": ("User.csv", "User ID,First Name,Last Name,Email,Username\n0051,Ina,Fischer,i@a.example,i@a.example\n", Owner),
    "users of Zoho": ("Users.csv", "User Id,First Name,Last Name,Email,Role\n1001,Ina,Fischer,i@a.example,Sales\n", Owner),
    "people of HubSpot": ("contacts.csv", "Record ID,Last Name,First Name,Email,Lifecycle Stage,Create Date\n1,Fischer,Ina,i@a.example,Customer,2026-01-01\n", Contact),
    "people of Pipedrive": ("people.csv", "Person - ID,Person - Name,Person - First name,Person - Last name\n1,,Ina,Fischer\n", Contact),
}  # fmt: skip


@pytest.mark.parametrize("case", FILES)
def test_first_and_last_name_make_the_name(case: str) -> None:
    name, text, model = FILES[case]
    bring({name: text})
    assert [one.name for one in model.objects.all()] == ["Ina Fischer"]


def test_a_name_that_the_file_gives_whole_stays() -> None:
    bring(
        {
            "Lead.csv": "Id,Name,FirstName,LastName,Company,Status\n00Q1,Dr. Ina Fischer,Ina,Fischer,A,Open\n00Q2,,Jo,Birch,A,Open\n"
        }
    )
    assert dict(Lead.objects.values_list("external_id", "name")) == {"00Q1": "Dr. Ina Fischer", "00Q2": "Jo Birch"}


def test_a_later_file_with_one_part_changes_that_part_of_the_name() -> None:
    bring({"leads.csv": SHEET + "i@a.example,Ina,Fischer,A,Web\n"})
    run = bring({"leads.csv": "Email,Last name,Lead source\ni@a.example,Fischer-Braun,Web\n"})
    assert Lead.objects.get().name == "Ina Fischer-Braun"
    assert run.counts["updated"] == 1
    again = bring({"leads.csv": "Email,Last name,Lead source\ni@a.example,Fischer-Braun,Web \n"})
    assert (again.counts["updated"], again.counts["unchanged"]) == (0, 1)


def test_links_by_name_find_the_person_in_whichever_order_the_files_come() -> None:
    calls = 'Activity id,Activity,Owner,Subject,Lead,Happened at\n1,Call,Ann,A,Ina Fischer,2026-02-01\n2,Call,Ann,B,"Birch, Jo",2026-02-01\n'
    bring({"activities.csv": calls, "leads.csv": SHEET + "i@a.example,Ina,Fischer,A,Web\n"})
    bring({"leads.csv": SHEET + "j@a.example,Jo,Birch,A,Web\n"})
    linked = Activity.objects.order_by("external_id").values_list("lead__name", flat=True)
    assert list(linked) == ["Ina Fischer", "Jo Birch"]


def test_a_file_that_no_mapping_knows_is_proposed_with_both_parts() -> None:
    frame = pd.DataFrame(
        {"Kürzel-ID": ["1", "2"], "Nachname": ["Fischer", "Birch"], "Vorname": ["Ina", "Jo"]}, dtype="str"
    )
    proposed = propose_mapping(list(frame), frame, "leads.csv")
    assert (proposed.choices["Vorname"], proposed.choices["Nachname"]) == ("field:first_name", "field:last_name")


def test_users_of_an_unknown_system_are_owners_with_names() -> None:
    frame = pd.DataFrame(
        {
            "User no": ["1", "2"],
            "Surname": ["Fischer", "Birch"],
            "Given name": ["Ina", "Jo"],
            "E-mail": ["i@a.example", "j@a.example"],
        },
        dtype="str",
    )
    proposed = propose_mapping(list(frame), frame, "users.csv")
    assert proposed.kind == "owner"
    assert (proposed.choices["Given name"], proposed.choices["Surname"]) == ("field:first_name", "field:last_name")
