"""The rates of a company's own leads, read from the facts, and the page, the sheet and the API that show them."""

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client

from kpis.leads_needed.page import NeedPage, build_page
from kpis.leads_needed.question import read_question
from scoring.capacity import Capacity
from team.models import Company, Role
from tests import make
from tests.kpis.leads_needed.conftest import CAME, TODAY, merge, roberge_rows
from tests.kpis.memory_facts import MemoryFacts

pytestmark = pytest.mark.django_db
Use = Callable[..., MemoryFacts]
ADDRESS = "/leads-needed/?goal=5000&share=100&from=2026-12-01&to=2027-11-30"


@pytest.fixture(autouse=True)
def _today() -> Any:
    with time_machine.travel(MemoryFacts.as_of, tick=False):
        yield


def ask(**words: str) -> NeedPage:
    words = {"goal": "5000", "share": "100", **words}
    return build_page(make.user(Role.CMO), read_question(words, TODAY))


def needs(page: NeedPage) -> list[float]:
    assert page.answer, page.obstacle
    return [line.need.number for line in page.answer.lines]


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def test_five_customers_of_a_thousand_need_a_hundred_leads(use_facts: Use) -> None:
    use_facts(**roberge_rows())
    page = ask()
    assert needs(page) == pytest.approx([100, 50, 30, 15, 5])
    assert page.answer
    assert [line.lag_days for line in page.answer.lines] == [90, 88, 85, 80, 0]
    assert plain(page.sentence).startswith("€5,000 from Dec 1, 2026 to Nov 30, 2027 needs about 100 leads (")


def test_leads_that_are_too_young_to_be_won_do_not_lower_the_rates(use_facts: Use) -> None:
    young = {name: [row for row in rows if "outcome" not in row and row.get("stage") != "won"]
             for name, rows in roberge_rows(TODAY - timedelta(days=80), first=1001).items()}  # fmt: skip
    use_facts(**merge(roberge_rows(), young))
    page = ask()
    assert needs(page)[0] == pytest.approx(100)
    assert page.data.cohort
    assert page.data.cohort.matures_days == 90
    assert page.data.cohort.period.end == TODAY - timedelta(days=91)


def test_lost_leads_and_those_without_an_end_stay_in_the_denominator(use_facts: Use) -> None:
    lost = {
        "leads": [{"id": 2001, "first_contact_on": CAME}],
        "moves": [{**row, "lead_id": 2001} for row in roberge_rows()["moves"][:1]],
        "opportunities": [{"id": 2001, "lead_id": 2001, "outcome": "lost", "amount": 9999, "closed_on": TODAY}],
    }
    use_facts(**merge(roberge_rows(), lost))
    assert needs(ask())[0] == pytest.approx(101)


def test_a_skipped_stage_counts_and_an_entry_again_does_not_count_twice(use_facts: Use) -> None:
    rows = roberge_rows()
    rows["moves"] = [row for row in rows["moves"] if not (row["stage"] == "sal" and row["lead_id"] == 1)]
    again = [
        {**row, "entered_at": row["entered_at"] + timedelta(days=1)} for row in rows["moves"] if row["stage"] == "mql"
    ]
    use_facts(**rows | {"moves": rows["moves"] + again})
    assert needs(ask()) == pytest.approx([100, 50, 30, 15, 5])


def test_several_deals_of_a_lead_are_one_customer(use_facts: Use) -> None:
    second = [{**row, "id": row["id"] + 500} for row in roberge_rows()["opportunities"]]
    use_facts(**merge(roberge_rows(), {"opportunities": second}))
    page = ask()
    assert page.answer
    assert page.answer.value == 2000
    assert needs(page)[0] == pytest.approx(50)


def test_deals_without_an_amount_or_in_a_currency_without_a_rate_are_counted_and_left_out(use_facts: Use) -> None:
    rows = roberge_rows()
    rows["opportunities"][0]["amount"] = None
    rows["opportunities"][1]["currency"] = "XAF"
    rows["opportunities"][2]["amount"] = 4000
    use_facts(**rows)
    page = ask()
    assert page.answer
    assert page.answer.value == 2000  # (4000 + 1000 + 1000) ÷ 3
    assert (page.data.left_out, page.data.without_amount) == (2, 2)
    assert any("Customers without a known amount: 2." in note for note in page.notes)


def test_the_share_of_leads_is_that_of_the_won_revenue_of_the_last_year(use_facts: Use) -> None:
    rows = roberge_rows()
    other = {"outcome": "won", "amount": 15_000, "closed_on": TODAY - timedelta(days=10)}
    old = {"outcome": "won", "amount": 99_000, "closed_on": TODAY - timedelta(days=365)}
    use_facts(**merge(rows, {"opportunities": [{"id": 900, **other}, {"id": 901, **old}]}))
    page = build_page(make.user(Role.CMO), read_question({}, TODAY))
    assert page.share == Decimal("0.25")
    assert page.basis.source == "last_year"
    assert page.basis.amount == 20_000
    assert needs(page)[-1] == pytest.approx(5)


def test_parts_add_up_to_the_whole(use_facts: Use) -> None:
    fair = roberge_rows(first=1001, source="fair", amount=3000)
    bought = {
        "leads": [{"id": 3001, "first_contact_on": CAME}],
        "moves": [{**roberge_rows()["moves"][0], "lead_id": 3001}],
    }
    use_facts(**merge(roberge_rows(), fair, bought))
    page = ask()
    assert page.answer
    assert page.data.chain
    lines = page.answer.parts
    assert sum(line.needed for line in lines) == pytest.approx(needs(page)[0])
    assert [sum(line.part.counts[index] for line in lines) for index in range(5)] == list(page.data.chain.counts)
    assert {line.part.key: line.revenue_per_lead for line in lines} == {"web": 50, "fair": 150, "(blank)": 0}


def test_leads_inside_and_outside_the_profile_have_their_own_rates(use_facts: Use) -> None:
    places = [{"lead_id": pk, "place": "inside" if pk <= 40 else "outside"} for pk in range(1, 101)]
    use_facts(**roberge_rows(), icp_places=places)
    page = ask(by="icp")
    assert page.answer
    lines = {line.part.key: (line.part.counts[0], line.part.counts[-1]) for line in page.answer.parts}
    assert lines == {"inside": (40, 5), "outside": (60, 0)}
    assert sum(line.needed for line in page.answer.parts) == pytest.approx(100)


def test_the_leads_that_came_are_held_against_those_due(use_facts: Use) -> None:
    """Leads of December's revenue are due from September 2 to October 2."""
    autumn = roberge_rows(TODAY - timedelta(days=60), first=1001)
    autumn["opportunities"], autumn["moves"] = [], [row for row in autumn["moves"] if row["stage"] == "inquiry"]
    use_facts(**merge(roberge_rows(), autumn))
    page = ask()
    assert page.answer
    window = page.answer.months[0].windows[0]
    assert (window.start.isoformat(), window.end.isoformat(), window.arrived) == ("2026-09-02", "2026-10-02", 100)
    assert page.answer.arrived == 100


def test_qualified_leads_are_held_against_what_was_signed_and_what_sales_can_take(
    use_facts: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_facts(**roberge_rows())
    monkeypatch.setattr("kpis.leads_needed.page.weekly_capacity", lambda: Capacity(7.0, 2, 1))
    page = ask(goal="500000")
    assert page.answer
    assert page.answer.handover.stage.key == "mql"
    assert page.answer.handover.a_month == pytest.approx(5000 / 12)
    assert page.answer.handover.capacity_a_month == pytest.approx(365 / 12)
    text = plain(page.handover_finding)
    assert "Marketing has not signed" in text
    assert "Sales can take 30 a month: too few. For 1 of 2 people no capacity is set" in text


def test_without_wins_or_leads_the_page_says_what_is_missing(use_facts: Use, client: Client) -> None:
    use_facts()
    client.force_login(make.user(Role.CMO))
    text = client.get("/leads-needed/").content.decode()
    assert "No lead was won in the last year" in text
    assert "No rates of your own yet" in text
    rows = roberge_rows()
    rows["moves"] = [row for row in rows["moves"] if row["stage"] != "won" or row["lead_id"] > 1]
    use_facts(**rows)
    assert "Only 4 of 100 leads" in plain(ask().obstacle)


def test_the_api_and_the_sheet_have_the_numbers_of_the_page(use_facts: Use, client: Client) -> None:
    use_facts(**roberge_rows())
    client.force_login(make.user(Role.CMO))
    page = plain(client.get(ADDRESS).content.decode())
    assert "needs about 100 leads" in page
    answer = json.loads(client.get("/api/v1" + ADDRESS).content)
    assert [round(stage["needed"], 6) for stage in answer["stages"]] == [100, 50, 30, 15, 5]
    assert answer["goal"] == "5000.00"
    assert len(answer["months"]) == 12
    assert sum(Decimal(month["revenue"]) for month in answer["months"]) == 5000
    rows = b"".join(client.get(ADDRESS + "&format=csv").streaming_content).decode().splitlines()
    assert len(rows) == 1 + 12 * 5
    needed = sum(float(row.split(",")[5]) for row in rows[1:] if row.split(",")[4] == "Inquiry")
    assert needed == pytest.approx(100)


def test_a_wrong_address_is_refused_in_words(use_facts: Use, client: Client) -> None:
    use_facts(**roberge_rows())
    client.force_login(make.user(Role.CMO))
    answer = client.get("/leads-needed/?goal=much")
    assert answer.status_code == 400
    assert "“much” is not a number" in answer.content.decode()
    assert client.get("/api/v1/leads-needed/?goal=much").status_code == 400
    assert client.get("/api/v1/leads-needed/?gaol=5").status_code == 400


def test_in_a_restricted_company_a_rep_does_not_see_the_page(use_facts: Use, client: Client) -> None:
    use_facts(**roberge_rows())
    Company.objects.update(visibility=Company.Visibility.RESTRICTED)
    client.force_login(make.user(Role.REP))
    assert client.get("/leads-needed/").status_code == 403
    assert client.get("/api/v1/leads-needed/").status_code == 403
    client.force_login(make.user(Role.CRO))
    assert client.get("/leads-needed/").status_code == 200


def test_twice_the_leads_ask_no_more_questions(use_facts: Use) -> None:
    once = use_facts(**roberge_rows())
    ask()
    twice = use_facts(**merge(roberge_rows(), roberge_rows(first=1001, source="fair")))
    ask()
    assert once.questions == twice.questions
