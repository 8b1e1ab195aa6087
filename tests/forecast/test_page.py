from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from forecast.outcomes.commits import open_quarters
from forecast.outcomes.models import ForecastCommit, ForecastRun
from team.models import Company, User
from tests import make


def text_of(client: Client, address: str = "/forecast/") -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def restrict(company: Company, achievement: str = "leaders") -> None:
    company.visibility, company.achievement = "restricted", achievement
    company.save()


def test_a_leader_reads_the_interval_its_parts_and_the_record(computed: ForecastRun, as_user: Any, cro: User) -> None:
    text = text_of(as_user(cro))
    assert "Q4 2026 will bring" in text
    assert "with 80% confidence" in text
    for label in ("Already won", "Open deals", "Proposal", "Deals not created yet", "Expected in all"):
        assert label in text
    assert "the 80% interval for the running quarter contained what happened" in text
    assert "Same quarter last year" in text
    assert "Rita" in text
    assert ">Sam<" in text


def test_each_quarter_has_an_address_and_a_strange_day_has_none(computed: ForecastRun, as_user: Any, cro: User) -> None:
    client = as_user(cro)
    assert "Q1 2027 will bring" in text_of(client, "/forecast/?quarter=2027-01-01")
    assert client.get("/forecast/?quarter=2027-01-02").status_code == 404
    assert client.get("/forecast/?quarter=soon").status_code == 404


def test_who_may_not_read_every_buyer_sees_their_own_deals_alone(
    computed: ForecastRun, company: Company, as_user: Any, rep: User, cro: User
) -> None:
    ForecastCommit.objects.create(
        rep=cro, quarter=date(2026, 10, 1), amount=Decimal(777777), currency="EUR", written_by=cro
    )
    restrict(company)
    client = as_user(rep)
    text = text_of(client)
    assert "Your open deals bring your Q4 2026 to" in text
    for hidden in ("Q4 2026 will bring", ">Sam<", "Deals not created yet", "Same quarter last year", "777"):
        assert hidden not in text
    assert b"past" not in b"".join(client.get("/forecast/?format=csv"))
    answer = client.get("/api/v1/forecast/").json()
    assert answer["quarters"] == answer["past"] == answer["record"] == []
    assert len(answer["own"]) == 4
    assert client.get("/api/v1/forecast-commits/").json()["results"] == []


def test_a_team_lead_sees_the_reps_who_report_to_them(
    computed: ForecastRun, company: Company, as_user: Any, rep: User
) -> None:
    lead = make.user(name="Lena")
    rep.manager = lead
    rep.save()
    ForecastCommit.objects.create(
        rep=rep, quarter=date(2026, 10, 1), amount=Decimal(4000), currency="EUR", written_by=rep
    )
    restrict(company)
    text = text_of(as_user(lead))
    assert "Sum of the commits you see" in text
    assert "Rita" in text
    assert ">Sam<" not in text


def test_colleagues_are_left_out_where_achievement_is_for_leaders(
    computed: ForecastRun, company: Company, as_user: Any, rep: User
) -> None:
    company.achievement = "leaders"
    company.save()
    text = text_of(as_user(rep))
    assert "Q4 2026 will bring" in text
    assert ">Sam<" not in text


def test_a_rep_commits_and_commits_again_and_both_stay(company: Company, as_user: Any, rep: User) -> None:
    client, quarter = as_user(rep), open_quarters(company)[0]
    for amount in ("120000", "90000.50"):
        response = client.post("/forecast/commit/", {"quarter": quarter.isoformat(), "amount": amount})
        assert response.status_code == 302
    assert [commit.amount for commit in ForecastCommit.objects.all()] == [Decimal("90000.50"), Decimal(120000)]
    assert ForecastCommit.objects.latest().get().amount == Decimal("90000.50")


@pytest.mark.parametrize(("amount", "message"), [("", "The amount is empty"), ("-1", "greater than or equal to 0")])
def test_a_commit_without_a_usable_amount_is_refused(
    as_user: Any, company: Company, rep: User, amount: str, message: str
) -> None:
    response = as_user(rep).post(
        "/forecast/commit/", {"quarter": open_quarters(company)[0].isoformat(), "amount": amount}
    )
    assert response.status_code == 422
    assert message in response.content.decode()
    assert not ForecastCommit.objects.exists()


def test_a_past_quarter_takes_no_commit(as_user: Any, company: Company, rep: User) -> None:
    body = {"quarter": "2020-01-01", "amount": "5"}
    client = as_user(rep)
    assert client.post("/forecast/commit/", body).status_code == 422
    answer = client.post("/api/v1/forecast-commits/", body, content_type="application/json")
    assert answer.status_code == 400
    assert "No quarter that is open to commits starts on 2020-01-01" in answer.content.decode()


def test_a_marketer_sees_the_forecast_and_commits_to_nothing(computed: ForecastRun, as_user: Any) -> None:
    client = as_user(make.user("marketer"))
    assert "You commit to win" not in text_of(client)
    assert client.get("/forecast/commit/").status_code == 403


def test_before_the_first_run_the_page_says_what_to_do(company: Company, as_user: Any, cro: User) -> None:
    text = text_of(as_user(cro))
    assert "No forecast has been computed yet. It is part of the nightly run." in text
    assert as_user(cro).get("/api/v1/forecast/").json()["quarters"] == []


def test_figures_leave_as_csv_with_the_past(computed: ForecastRun, as_user: Any, cro: User) -> None:
    lines = b"".join(as_user(cro).get("/forecast/?format=csv")).decode().splitlines()
    kinds = [line.split(",")[0] for line in lines[1:]]
    assert kinds.count("forecast") == 4
    assert kinds.count("past") >= 12


def test_the_api_answers_the_record_and_every_past_forecast(computed: ForecastRun, as_user: Any, cro: User) -> None:
    answer = as_user(cro).get("/api/v1/forecast/").json()
    assert answer["local_day"] == "2026-11-22"
    assert [quarter["start"] for quarter in answer["quarters"]][:2] == ["2026-10-01", "2027-01-01"]
    assert answer["record"][0]["dates"] == sum(row["ahead"] == 0 and row["is_calibrated"] for row in answer["past"])


def test_ten_reps_cost_as_many_queries_as_two(
    computed: ForecastRun, as_user: Any, cro: User, django_assert_max_num_queries: Any
) -> None:
    client = as_user(cro)
    text_of(client)
    reps = computed.result["reps"]
    computed.result["reps"] = [*reps, *({**reps[0], "owner": make.owner(name=f"Rep {n}").pk} for n in range(10))]
    computed.save()
    with django_assert_max_num_queries(20):
        assert "Rep 9" in text_of(client)
