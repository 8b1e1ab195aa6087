"""Saying by hand what the columns of a file mean: who may, what is proposed, what comes of it, what is remembered."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.work import State, run_claimed
from crm.models import Account, Lead, Opportunity
from imports.files.sample import first_rows
from imports.inference.saved_mappings import header_signature
from imports.mapping.editing import target_of_column
from imports.mapping.suggestions import guess_type, propose_mapping
from imports.models import CustomField, ImportFile, ImportJob, RememberedMapping
from imports.parsing.dates import DAY_FIRST
from team.models import Role, User
from tests import make
from tests.imports.importing import bring, refused
from tests.imports.test_review import count, counted, go, hold

pytestmark = pytest.mark.slow

HEADER = [
    "Prospect ID", "Lead Number", "Lead Origin", "Channel", "Do Not Email", "Do Not Call", "Converted", "TotalVisits",
    "Time Spent", "Page Views", "Last Activity", "Country", "Specialization", "Heard Of Us", "Occupation", "Matters Most",
    "Search", "Magazine", "Article", "Forums", "Newspaper", "Digital Advert", "Recommended", "Updates", "Tags", "Quality",
    "Score", "City", "Free Copy", "Last Notable Activity",
]  # fmt: skip
SALESFORCE = b"Id,LastName,Company,Status,Rating,OwnerId\n1,A,X,New,Hot,005a\n2,B,X,New,Cold,005a\n"


def prospects(rows: int = 40) -> str:
    lines = [",".join(HEADER)]
    for number in range(rows):
        cells = {"Prospect ID": f"p-{number}", "Converted": str(number % 2), "Score": f"{number}.5", "Country": "India",
                 "Do Not Email": "Yes" if number % 3 else "No", "Lead Number": str(66_000 + number)}  # fmt: skip
        lines.append(",".join(cells.get(name, "x") for name in HEADER))
    return "\n".join(lines) + "\n"


def page(file: ImportFile) -> str:
    return reverse("file_mapping", args=[file.run_id, file.pk])


def form(file: ImportFile, changed: dict[str, str] | None = None, **more: str) -> dict[str, str]:
    """Return what the page would send: what is proposed, with what a person changed."""
    found = propose_mapping(file.header, first_rows(file), file.name)
    choices = found.choices | (changed or {})
    places = {f"becomes-{place}": choices[name] for place, name in enumerate(file.header)}
    known_by = str(file.header.index(found.id_column)) if found.id_column else ""
    return (
        {"kind": found.kind, "source": "own", "own": "Web shop", "id": known_by, "was": f"/{found.kind}"}
        | places
        | more
    )


@pytest.fixture
def unknown(ops: User) -> ImportFile:
    return hold({"prospects.csv": prospects()}, user=ops).files.get()


ADDRESSES = [
    "confirm_import",
    "choose_duplicates",
    "file_mapping",
    "leave_out_file",
    "include_file",
    "answer_file",
    "remembered",
    "forget_mapping",
]


@pytest.mark.parametrize("role", [Role.CEO, Role.REP, Role.MARKETER, Role.CFO, Role.SUPPORT, Role.OPS, Role.CMO])
def test_only_people_with_the_right_say_how_an_import_goes_in(as_user: Any, role: str, unknown: ImportFile) -> None:
    client = as_user(make.user(role))
    for name in ADDRESSES:
        path = reverse(name, args=arguments(name, unknown))
        answer = client.get(path) if name in {"file_mapping", "remembered"} else client.post(path)
        assert (answer.status_code == 403) is (role not in {Role.OPS, Role.CMO}), name


def arguments(name: str, file: ImportFile) -> list[int]:
    if name == "remembered":
        return []
    if name == "forget_mapping":
        return [RememberedMapping.objects.create(source="x", kind="lead", signature="y", decided_at=timezone.now()).pk]
    return [file.run_id, file.pk] if "file" in name else [file.run_id]


def test_a_visitor_is_asked_to_sign_in_first(client: Client, unknown: ImportFile) -> None:
    for name in ADDRESSES:
        assert "login" in client.post(reverse(name, args=arguments(name, unknown)))["Location"]


def test_a_file_of_leads_from_nowhere_is_mapped_by_hand_and_goes_in(
    ops: User, as_user: Any, unknown: ImportFile
) -> None:
    client = as_user(ops)
    shown = client.get(page(unknown)).content.decode()
    assert "This file is not recognized" in shown
    assert "p-0" in shown
    assert client.post(page(unknown), form(unknown)).status_code == 302
    run = ImportJob.objects.get()
    assert target_of_column(run.files.get().mappings[0]["table"], "Converted") == "field:is_converted"
    go(run, ops)
    assert (run.counts["created"], Lead.objects.filter(is_converted=True).count()) == (40, 20)
    lead = Lead.objects.get(source="web-shop", external_id="p-3")
    assert (lead.country, lead.custom["Score"], lead.custom["Do Not Email"]) == ("India", 3.5, False)
    assert CustomField.objects.get(kind="lead", key="Score").type == "number"


def test_what_was_said_holds_for_the_next_file_whatever_its_name_and_order(
    ops: User, as_user: Any, unknown: ImportFile
) -> None:
    client = as_user(ops)
    client.post(page(unknown), form(unknown))
    go(ImportJob.objects.get(), ops)
    turned = "\n".join(",".join(reversed(line.split(","))) for line in prospects(50).splitlines())
    run = hold({"other.csv": turned}, user=ops)
    shown = client.get(reverse("import_run", args=[run.pk])).content.decode()
    assert "saved mapping of" in shown
    assert "by Olga Ops" in shown
    go(run, ops)
    assert (run.counts["created"], run.counts["unchanged"]) == (10, 40)
    listed = client.get(reverse("remembered")).content.decode()
    assert "Web shop" in listed
    assert "Score" in listed
    client.post(reverse("forget_mapping", args=[RememberedMapping.objects.get().pk]))
    assert hold({"again.csv": prospects()}, user=ops).files.get().kind == ""


def test_a_command_reads_the_file_as_it_was_said_on_the_screen(ops: User, as_user: Any, unknown: ImportFile) -> None:
    as_user(ops).post(page(unknown), form(unknown))
    go(ImportJob.objects.get(), ops)
    assert bring({"prospects.csv": prospects()}).counts["unchanged"] == 40
    assert bring({"prospects.csv": prospects()}, source="hubspot").counts["rows"] == 0


def test_later_changes_of_what_is_remembered_leave_an_import_under_way_as_it_is(
    ops: User, as_user: Any, unknown: ImportFile
) -> None:
    as_user(ops).post(page(unknown), form(unknown))
    go(ImportJob.objects.get(), ops)
    run = hold({"prospects.csv": prospects(60)}, user=ops)
    RememberedMapping.objects.all().delete()
    assert go(run, ops).counts["created"] == 20


def test_one_column_of_a_known_file_is_corrected_and_the_rest_stays(ops: User, as_user: Any) -> None:
    file = hold({"Lead.csv": SALESFORCE}, user=ops).files.get()
    answer = as_user(ops).post(
        page(file),
        {"kind": "lead", "source": "salesforce", "id": "0", "was": "salesforce/lead", "becomes-4": "field:persona"},
    )
    assert answer.status_code == 302
    go(ImportJob.objects.get(), ops)
    lead = Lead.objects.get(source="salesforce", external_id="1")
    assert (lead.persona, lead.rating, lead.last_name, lead.owner.external_id) == ("Hot", "", "A", "005a")  # type: ignore[union-attr]


def test_a_known_file_can_be_another_kind_of_record(ops: User, as_user: Any) -> None:
    file = hold({"Lead.csv": SALESFORCE}, user=ops).files.get()
    sent = {"kind": "account", "source": "salesforce", "id": "2", "was": "/account", "becomes-2": "field:name"}
    sent |= {f"becomes-{place}": "out" for place in (0, 1, 3, 4, 5)}
    assert as_user(ops).post(page(file), sent).status_code == 302
    go(ImportJob.objects.get(), ops)
    assert list(Account.objects.values_list("external_id", "name", "custom")) == [("X", "X", {})]


def test_a_cell_that_is_not_of_its_custom_type_refuses_the_row(ops: User, as_user: Any) -> None:
    text = "Email,Lead source,Points\na@x.example,Web,5\nb@x.example,Web,many\n"
    file = hold({"leads.csv": text}, user=ops).files.get()
    as_user(ops).post(
        page(file), {"kind": "lead", "source": "accord", "id": "", "was": "accord/lead", "becomes-2": "custom:number"}
    )
    run = go(ImportJob.objects.get(), ops)
    assert refused(run) == [(3, "Points", "“many” is not a valid number, or too large. Write it as 1234.50")]
    assert Lead.objects.get().custom == {"Points": 5}


def test_what_a_kind_needs_is_said_before_it_is_kept(ops: User, as_user: Any, unknown: ImportFile) -> None:
    sent = form(unknown, kind="opportunity", was="/opportunity")
    answer = as_user(ops).post(page(unknown), sent)
    assert (
        "Opportunities need “Stage”. Choose the column that holds it, or add a fixed value for it."
        in answer.content.decode()
    )
    assert ImportJob.objects.get().files.get().mappings == []


def test_a_source_of_ones_own_has_a_name(ops: User, as_user: Any, unknown: ImportFile) -> None:
    answer = as_user(ops).post(page(unknown), form(unknown, own=""))
    assert "Enter a name for the source" in answer.content.decode()


def test_without_an_id_the_whole_row_is_known_by_what_is_read_of_it(ops: User, as_user: Any) -> None:
    text = "Deal,Step,Worth\nOne,New,5\nOne,New,5\nOne,Old,6\n"
    file = hold({"deals.csv": text}, user=ops).files.get()
    choices = {"Deal": "field:name", "Step": "field:stage", "Worth": "field:amount"}
    sent = form(file, choices, kind="opportunity", was="/opportunity", id="")
    assert as_user(ops).post(page(file), sent).status_code == 302
    run = go(ImportJob.objects.get(), ops)
    assert (Opportunity.objects.count(), run.counts["repeated"]) == (2, 1)


def test_htmx_gets_how_each_column_is_read_and_nothing_is_kept(ops: User, as_user: Any, unknown: ImportFile) -> None:
    place = HEADER.index("Channel")
    sent = form(unknown, {"Channel": "field:converted_on"})
    answer = as_user(ops).post(page(unknown), sent, headers={"HX-Request": "true"}).content.decode()
    assert f'id="reading-{place}" hx-swap-oob="true"' in answer
    assert "is not a valid date" in answer
    assert "<select" not in answer
    another = as_user(ops).post(page(unknown), {**sent, "kind": "contact"}, headers={"HX-Request": "true"})
    assert 'id="columns" hx-swap-oob="true"' in another.content.decode()
    assert ImportJob.objects.get().files.get().kind == ""


def test_a_region_that_waits_is_told_to_load_the_page_when_the_import_goes_in(ops: User, as_user: Any) -> None:
    run = hold({"Lead.csv": SALESFORCE}, user=ops)
    client, path = as_user(ops), reverse("import_run", args=[run.pk])
    htmx = {"HX-Request": "true"}
    assert client.get(f"{path}?waiting", headers=htmx).headers.get("HX-Refresh") is None
    assert client.get(path, headers=htmx)["HX-Refresh"] == "true"
    client.post(reverse("confirm_import", args=[run.pk]))
    assert client.get(f"{path}?waiting", headers=htmx)["HX-Refresh"] == "true"


def test_what_does_not_wait_sends_back_to_the_import(ops: User, as_user: Any) -> None:
    run = bring({"Lead.csv": SALESFORCE})
    assert run.state == State.DONE
    assert as_user(ops).get(page(run.files.get()))["Location"] == reverse("import_run", args=[run.pk])
    words = as_user(ops).post(reverse("confirm_import", args=[run.pk]), follow=True).content.decode()
    assert "is no longer waiting" in words


def test_open_questions_are_asked_and_keep_the_import_from_going_in(ops: User, as_user: Any) -> None:
    text = "Email,Lead source,First contact on\na@x.example,Web,01/02/2026\n"
    run = hold({"leads.csv": text}, user=ops)
    client, path = as_user(ops), reverse("import_run", args=[run.pk])
    shown = client.get(path).content.decode()
    assert "Feb 1, 2026" in shown
    assert "Jan 2, 2026" in shown
    refused_words = client.post(reverse("confirm_import", args=[run.pk]), follow=True).content.decode()
    assert "Answer the open questions" in refused_words
    client.post(reverse("answer_file", args=[run.pk, run.files.get().pk]), {"dates": DAY_FIRST})
    go(run, ops)
    assert str(Lead.objects.get().first_contact_on) == "2026-02-01"


def test_a_mapping_that_is_gone_meanwhile_is_said_and_can_be_said_again(
    ops: User, as_user: Any, settings: Any, tmp_path: Path
) -> None:
    settings.MAPPINGS_DIR = str(tmp_path)
    own = tmp_path / "shop" / "lead.toml"
    own.parent.mkdir()
    own.write_text('id = "Nr"\nneeds = ["Nr", "Colour"]\n[fields]\nname = "Colour"\n')
    file = hold({"a.csv": "Nr,Colour\n1,red\n"}, user=ops).files.get()
    assert file.source == "shop"
    own.unlink()
    client, path = as_user(ops), reverse("import_run", args=[file.run_id])
    assert "no longer exists; map" in client.get(path).content.decode()
    assert (
        "no longer exists" in client.post(reverse("confirm_import", args=[file.run_id]), follow=True).content.decode()
    )
    assert client.get(page(file)).status_code == 200


def test_duplicates_are_shown_with_a_choice(ops: User, as_user: Any) -> None:
    bring({"Lead.csv": b"Id,LastName,Company,Status,Email\n1,A,X,New,a@x.example\n"})
    run = hold({"Lead.csv": b"Id,LastName,Company,Status,Email\n9,A,X,New,a@x.example\n"}, user=ops)
    client, path = as_user(ops), reverse("import_run", args=[run.pk])
    assert "same e-mail" in client.get(path).content.decode()
    client.post(reverse("choose_duplicates", args=[run.pk]), {"email": "skip"})
    run_claimed(ImportJob, run.pk)
    count(run)
    foreseen = counted(run)
    assert (foreseen["created"], foreseen["duplicates"]) == (0, 1)
    go(run, ops)
    assert Lead.objects.count() == 1


def test_a_signature_minds_neither_order_nor_case_nor_what_we_added() -> None:
    assert (
        header_signature(["E-Mail", "Name"])
        == header_signature(["name", "Rejected line", "email"])
        != header_signature(["name"])
    )


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "2.5", ""], "number"),
        (["Yes", "No"], "yes_no"),
        (["0", "1"], "yes_no"),
        (["2025-01-02"], "date"),
        (["007", "12"], "text"),
        (["+49 30"], "text"),
        (["a", "1"], "text"),
        (["", ""], "text"),
    ],
)
def test_what_a_column_holds_is_guessed_from_its_cells(cells: list[str], kind: str) -> None:
    assert guess_type(pd.Series(cells, dtype="str")) == kind


def test_what_we_call_a_field_ourselves_comes_before_what_a_source_calls_it() -> None:
    columns = {"Lead Number": ["1", "2"], "Lead Origin": ["API", "Form"], "Lead Source": ["Google", "Chat"]}
    found = propose_mapping([*columns], pd.DataFrame(columns), "leads.csv")
    assert found.choices["Lead Source"] == "field:lead_source"
    assert found.choices["Lead Origin"] != "field:lead_source"


def test_a_sheet_in_german_is_proposed_as_leads() -> None:
    cells = {
        "Nr": "M-1", "Firma": "Groß GmbH", "Ansprechpartner": "Jörg Groß", "E-Mail": "j@gross.de", "Quelle": "Messe",
        "Konvertiert": "ja", "Erstkontakt": "31.01.2026",
    }  # fmt: skip
    found = propose_mapping(list(cells), pd.DataFrame([cells, {**cells, "Nr": "M-2"}]), "Messe.csv")
    assert (found.kind, found.id_column) == ("lead", "Nr")
    assert {found.choices[name].partition(":")[2] for name in list(cells)[1:]} == {
        "company_name", "name", "email", "lead_source", "is_converted", "first_contact_on",
    }  # fmt: skip
