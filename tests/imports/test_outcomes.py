"""How a deal ended: decided by the company, proved by flags of its source, else guessed from the name of its stage, and shown so."""

import numpy as np
import pandas as pd
import pytest
from django.test import Client
from django.urls import reverse

from crm.models import Opportunity, StageChange, StageMapping
from funnel.mapping.decisions import Stage, decide_meaning
from funnel.mapping.usage import seen_stages
from imports.mapping.catalogue import list_sources
from imports.mapping.outcomes import Flags, apply_flags, guess_word, outcome_basis, read_certainties, read_flags
from imports.mapping.schema import ValueMap
from imports.mapping.stage_meanings import Meaning
from team.models import Company, User
from tests.imports.importing import bring, refused

HUBSPOT = """Record ID,Deal Name,Pipeline,Deal Stage,Amount,Close Date,Create Date,Is Closed Won,Is closed lost
1,Signed,Sales,Paper back from their lawyers,10,2025-04-01,2025-01-10,true,false
2,Refused,Sales,Declined after review,20,2025-04-02,2025-01-10,false,true
3,Rival,Sales,Closed Lost - won by a rival,40,2025-04-03,2025-01-10,false,true
4,Denied,Sales,Not won,80,2025-04-04,2025-01-10,false,true
5,Named won,Sales,Closed Won,160,2025-09-04,2025-01-10,false,false
6,Named lost,Sales,Lost their buyer and asks again,320,2025-09-04,2025-01-10,false,false
7,Turned,Sales,Closed Won - Lost to competitor,640,2025-04-04,2025-01-10,FALSE,TRUE
"""
SALESFORCE = """Id,Name,StageName,CloseDate,Amount,Probability,IsClosed,IsWon
006A,Signed,Contract Executed,2025-04-05,16,100,1,1
006B,Gone,Dropped,2025-04-06,32,0,1,0
006C,Named won,Verbally won,2025-09-06,64,90,0,0
"""
NO_FLAGS = """Id,Name,StageName,CloseDate,Amount,Probability
006A,Guessed won,Won by us,2025-04-05,16,
006B,Guessed lost,Not won,2025-04-06,32,
006C,Corrected to lost,Won - then lost,2025-04-06,64,0
006D,Corrected to won,Lost a bit of margin,2025-04-06,128,100
006E,Known,Closed Won,2025-04-06,256,100
006F,Silent,Paper at their desk,2025-09-06,512,60
"""


def outcomes() -> dict[str, tuple[str, str]]:
    return {
        name: (outcome, basis)
        for name, outcome, basis in Opportunity.objects.values_list("name", "outcome", "outcome_basis")
    }


@pytest.mark.parametrize(
    ("guess", "won", "lost", "closed", "chance", "outcome"),
    [
        ("won", "false", "true", "", "", "lost"),
        ("lost", "true", "false", "", "", "won"),
        ("won", "false", "false", "", "", "open"),
        ("open", "", "", "true", "100", "won"),
        ("open", "", "", "true", "0", "lost"),
        ("won", "", "", "true", "0", "lost"),
        ("open", "", "", "true", "50", "lost"),
        ("won", "", "", "false", "100", "open"),
        ("won", "false", "", "", "", "open"),
        ("won", "false", "", "", "0", "lost"),
        ("lost", "false", "", "", "", "lost"),
        ("lost", "", "false", "", "", "open"),
        ("no_decision", "false", "true", "", "", "no_decision"),
        ("won", "true", "true", "", "", "won"),  # flags that contradict each other prove nothing
        ("won", "", "", "", "0 %", "lost"),
        ("lost", "", "", "", "100.00", "won"),
        ("open", "", "", "", "100", "open"),
    ],
)
def test_a_flag_goes_before_a_guess(guess: str, won: str, lost: str, closed: str, chance: str, outcome: str) -> None:
    flags = Flags(
        *(read_flags(pd.Series([cell], dtype="str")) for cell in (won, lost, closed)),
        read_certainties(pd.Series([chance])),
    )
    found, _ = apply_flags(pd.Series([guess], dtype="str"), np.array(["guess"]), flags)
    assert found[0] == outcome


def test_a_probability_corrects_a_guess_but_no_known_name() -> None:
    known = ValueMap.from_table({"Closed Won": "won", "/won/": "won"})
    names = pd.Series(["Closed Won", "Nearly won"], dtype="str")
    basis = outcome_basis(names, known, lambda _: None, np.array([True, True]))
    nothing = np.full(2, np.nan)
    found, rests = apply_flags(
        pd.Series(["won", "won"], dtype="str"), basis, Flags(nothing, nothing, nothing, np.zeros(2))
    )
    assert (list(found), list(rests)) == (["won", "lost"], ["name", "flag"])


@pytest.mark.parametrize("source", ["salesforce", "hubspot", "zoho", "accord"])
def test_no_source_takes_a_name_that_denies_for_won(source: str) -> None:
    rules = [
        rule
        for one in list_sources()[source].mappings
        if one.object == "opportunity"
        for rule in one.fields
        if rule.name == "outcome"
    ]
    for rule in rules:
        assert rule.map
        for name in (
            "Not won",
            "Closed Lost - won by a rival",
            "Closed Won - Lost to competitor",
            "Declined by Decision Makers",
        ):
            assert rule.map.get(name) == "lost", name
        assert rule.map.get("Won at last") == "won"


def test_the_word_behind_a_guess_is_told() -> None:
    known = ValueMap.from_table({"Closed Won": "won", "/\\blost\\b/": "lost"})
    assert [guess_word(known, name) for name in ("Gone, lost", "Closed Won", "Proposal")] == ["lost", "", ""]


@pytest.mark.django_db
def test_flags_of_hubspot_go_before_names_in_any_words(company: Company) -> None:
    bring({"deals.csv": HUBSPOT})
    assert outcomes() == {
        "Signed": ("won", "flag"), "Refused": ("lost", "flag"), "Rival": ("lost", "flag"), "Denied": ("lost", "flag"),
        "Named won": ("open", "flag"), "Named lost": ("open", "flag"), "Turned": ("lost", "flag"),
    }  # fmt: skip
    assert Opportunity.objects.get(name="Named won").closed_on is None
    assert str(Opportunity.objects.get(name="Signed").closed_on) == "2025-04-01"
    assert set(Opportunity.objects.values_list("custom", flat=True).distinct()[0]) == set()


@pytest.mark.django_db
@pytest.mark.parametrize("labels", [{}, {"Id": "Opportunity ID", "Name": "Opportunity Name", "StageName": "Stage", "CloseDate": "Close Date", "Probability": "Probability (%)", "IsClosed": "Closed", "IsWon": "Won"}])  # fmt: skip
def test_flags_of_salesforce_go_before_names_by_label_and_by_api_name(company: Company, labels: dict[str, str]) -> None:
    header, _, rows = SALESFORCE.partition("\n")
    bring({"Opportunity.csv": ",".join(labels.get(name, name) for name in header.split(",")) + "\n" + rows})
    assert {name: outcome for name, (outcome, _) in outcomes().items()} == {
        "Signed": "won",
        "Gone": "lost",
        "Named won": "open",
    }


@pytest.mark.django_db
def test_without_flags_a_name_is_a_guess_that_the_page_shows_and_confirms(
    company: Company, ops: User, client: Client
) -> None:
    bring({"Opportunity.csv": NO_FLAGS})
    assert outcomes() == {
        "Guessed won": ("won", "guess"), "Guessed lost": ("lost", "guess"), "Corrected to lost": ("lost", "flag"),
        "Corrected to won": ("won", "flag"), "Known": ("won", "name"), "Silent": ("open", "guess"),
    }  # fmt: skip
    guesses = {one.stage.stage: (one.guess.outcome, one.guess.why) for one in seen_stages() if one.guess}
    assert guesses == {
        "Won by us": ("won", "The name contains “Won”."), "Not won": ("lost", "The name contains “Not won”."),
        "Paper at their desk": ("open", "The name contains neither won nor lost."),
    }  # fmt: skip
    client.force_login(ops)
    page = client.get(reverse("stage_mapping")).content.decode()
    assert page.count(">Guess</span>") == 3
    address = reverse("confirm_stage") + "?source=salesforce&track=deal&pipeline=&stage=Won+by+us"
    client.post(address)
    kept = StageMapping.objects.get()
    assert (kept.stage, kept.outcome, kept.ours) == ("Won by us", "won", "won")
    assert client.get(reverse("stage_mapping")).content.decode().count(">Guess</span>") == 2
    assert "The guess for" in client.post(address, follow=True).content.decode()


@pytest.mark.django_db
def test_what_the_company_decided_of_a_stage_goes_before_every_flag(company: Company, ops: User) -> None:
    bring({"deals.csv": HUBSPOT})
    decide_meaning(
        by=ops,
        stage=Stage("hubspot", "deal", "Sales", "Declined after review"),
        meaning=Meaning("no_decision", "no_decision"),
    )
    bring({"deals.csv": HUBSPOT})
    assert Opportunity.objects.get(name="Refused").outcome == "no_decision"


@pytest.mark.django_db
def test_entries_of_a_history_know_whether_they_ended_the_deal(company: Company, ops: User) -> None:
    history = (
        "Id,OpportunityId,StageName,CreatedDate\n1,006A,Prospecting,2025-01-10 09:00:00\n2,006A,Contract Executed,2025-04-05 09:00:00\n"
        "3,006B,Closed Lost,2025-02-05 09:00:00\n4,006B,Dropped,2025-04-05 09:00:00\n5,006C,Not won,2025-03-05 09:00:00\n"
    )  # fmt: skip
    bring({"Opportunity.csv": SALESFORCE, "OpportunityHistory.csv": history})
    ends = {"1": "", "2": "won", "3": "lost", "4": "lost", "5": "lost"}
    assert dict(StageChange.objects.values_list("external_id", "ended_as")) == ends
    decide_meaning(by=ops, stage=Stage("salesforce", "deal", "", "Not won"), meaning=Meaning("sql", "open"))
    assert dict(StageChange.objects.values_list("external_id", "ended_as")) == ends | {"5": ""}


BEFORE = "Id,Name,StageName,CloseDate,Amount,Probability,LastModifiedDate\n006A,Again,Closed Won,2025-02-01,50,100,2025-02-01 09:00:00\n"
SINCE = "Id,Name,StageName,CloseDate,Amount,Probability,LastModifiedDate\n006A,Again,Negotiation/Review,2025-09-30,50,90,2025-03-01 09:00:00\n"


@pytest.mark.django_db
def test_a_deal_that_only_a_later_export_shows_open_again_keeps_its_close_in_its_history(
    company: Company, ops: User
) -> None:
    bring({"Opportunity.csv": BEFORE})
    run = bring({"Opportunity.csv": SINCE})
    changes = StageChange.objects.order_by("entered_at").values_list("stage", "ended_as", "entered_at", "told_by")
    assert [(stage, ended, str(moment.astimezone(company.zone).date()), by) for stage, ended, moment, by in changes] == [
        ("Closed Won", "won", "2025-02-01", "Earlier import"), ("Negotiation/Review", "", "2025-03-01", "Earlier import"),
    ]  # fmt: skip
    assert bring({"Opportunity.csv": SINCE}).counts["updated"] == 0
    assert StageChange.objects.count() == 2
    assert not StageChange.objects.exclude(first_import_id=run.pk).exists()  # so taking the import back takes them out


@pytest.mark.django_db
def test_the_sources_own_history_goes_before_what_earlier_exports_show(company: Company) -> None:
    history = "Id,OpportunityId,StageName,CreatedDate\n1,006A,Closed Won,2025-02-01 09:00:00\n2,006A,Negotiation/Review,2025-03-01 09:00:00\n"
    bring({"Opportunity.csv": BEFORE})
    bring({"Opportunity.csv": SINCE, "OpportunityHistory.csv": history})
    assert list(StageChange.objects.order_by("entered_at").values_list("external_id", "ended_as")) == [
        ("1", "won"),
        ("2", ""),
    ]


@pytest.mark.django_db
def test_a_flag_that_is_neither_yes_nor_no_refuses_its_row(company: Company) -> None:
    run = bring({"deals.csv": HUBSPOT.replace("true,false", "perhaps,false", 1)})
    assert [(column, reason) for _, column, reason in refused(run)] == [
        ("Is Closed Won", "“perhaps” is neither yes nor no")
    ]
