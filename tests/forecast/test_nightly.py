from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from forecast.outcomes import nightly
from forecast.outcomes.deal_facts import NO_CLOSING, NO_OPENING, NO_RATE, load_history
from forecast.outcomes.models import ForecastAsOf, ForecastCommit, ForecastRun
from forecast.outcomes.result import ForecastResult
from team.models import Company, User
from tests.kpis.memory_facts import MemoryFacts

TODAY = date(2026, 11, 22)


def ignore_progress(done: int, total: int, what: str) -> None:
    pass


def test_the_forecast_of_the_day_is_stored_with_its_quarters_and_reps(computed: ForecastRun, owners: list[int]) -> None:
    assert computed.local_day == TODAY
    result = ForecastResult.from_json(computed.result)
    assert [quarter.start for quarter in result.quarters] == ["2026-10-01", "2027-01-01", "2027-04-01", "2027-07-01"]
    running = result.quarters[0]
    assert running.won > 0
    assert running.won <= running.low <= running.median <= running.high
    assert running.is_calibrated
    assert {part.stage for part in running.stages} == {"Discovery", "Proposal"}
    assert [rep.owner for rep in result.reps] == sorted(owners)
    assert sum(rep.quarters[0].won for rep in result.reps) == pytest.approx(running.won)
    assert sum(rep.deals for rep in result.reps) == result.ground.open
    assert ForecastResult.from_json(result.as_json()) == result


def test_past_forecasts_are_stored_and_judged(computed: ForecastRun) -> None:
    past = ForecastAsOf.objects.filter(ahead=0)
    assert past.filter(is_calibrated=True).count() >= 12
    for row in past:
        assert row.day < row.quarter_start or row.quarter_start <= row.day <= row.quarter_end
        assert row.quarter_end < TODAY
        assert row.low <= row.median <= row.high


def test_a_second_run_without_news_computes_nothing(computed: ForecastRun) -> None:
    assert nightly.compute_forecast(ignore_progress) == 0
    assert ForecastRun.objects.get().computed_at == computed.computed_at


def test_a_commit_changes_the_forecast_beside_which_it_stands_and_not_the_interval(
    computed: ForecastRun, rep: User
) -> None:
    ForecastCommit.objects.create(
        rep=rep,
        quarter=date(2026, 10, 1),
        amount=Decimal(5000),
        currency="EUR",
        written_by=rep,
        written_at=MemoryFacts.as_of,
    )
    assert nightly.compute_forecast(ignore_progress) > 0
    before, after = computed.result["quarters"][0], ForecastRun.objects.get().result["quarters"][0]
    assert after["baselines"]["commit"] == 5000
    assert [after[name] for name in ("low", "median", "high")] == [before[name] for name in ("low", "median", "high")]


def load(**tables: Any) -> Any:
    return load_history(MemoryFacts(**tables), TODAY.toordinal())  # type: ignore[arg-type]


def test_deals_that_cannot_be_dated_or_valued_are_left_out_and_counted(company: Company) -> None:
    company.currency = "EUR"
    company.save()
    history = load(opportunities=[
        {"opened_on": date(2026, 1, 1), "amount": 5},
        {"amount": 5},
        {"opened_on": date(2026, 1, 1), "outcome": "won", "amount": 5},
        {"opened_on": date(2026, 1, 1), "amount": 5, "currency": "USD"},
    ])  # fmt: skip
    assert len(history.deals) == 1
    assert history.left_out == {NO_OPENING: 1, NO_CLOSING: 1, NO_RATE: 1}


def test_amounts_in_other_currencies_count_by_the_rate_of_their_day(company: Company) -> None:
    company.currency, company.foreign_amounts = "EUR", "convert"
    company.save()
    rates = [
        {"currency": "USD", "into": "EUR", "day": day, "up": up, "down": Decimal(1)}
        for day, up in ((date(2026, 1, 5), Decimal("0.5")), (date(2026, 11, 1), Decimal("0.9")))
    ]
    history = load(
        opportunities=[
            {"id": 1, "opened_on": date(2026, 1, 1), "outcome": "won", "closed_on": date(2026, 2, 1), "amount": 100, "currency": "USD"},
            {"id": 2, "opened_on": date(2026, 1, 1), "amount": 100, "currency": "USD"},
        ],
        day_rates=rates,
    )  # fmt: skip
    assert history.deals["amount"].tolist() == [50, 90]


def test_a_deal_without_an_opening_day_opens_with_its_first_stage(company: Company) -> None:
    entered = MemoryFacts.as_of.replace(month=3, day=4)
    history = load(
        opportunities=[{"id": 1, "amount": 5}],
        stage_changes=[{"opportunity_id": 1, "track": "deal", "stage": "Demo", "entered_at": entered}],
    )
    assert history.deals["opened"].tolist() == [date(2026, 3, 4).toordinal()]


def test_stages_of_the_same_name_in_two_pipelines_are_two(company: Company) -> None:
    history = load(
        opportunities=[
            {"id": number, "opened_on": date(2026, 1, 1), "pipeline": name, "stage": "Demo"}
            for number, name in ((1, "Sales"), (2, "Renewals"))
        ],
        stage_changes=[
            {"opportunity_id": number, "track": "deal", "stage": "Demo", "entered_at": MemoryFacts.as_of}
            for number in (1, 2)
        ],
    )
    assert sorted(history.changes["stage"]) == ["Renewals: Demo", "Sales: Demo"]


def test_stage_changes_of_leads_are_none_of_deals(company: Company) -> None:
    history = load(
        opportunities=[{"id": 1, "opened_on": date(2026, 1, 1)}],
        stage_changes=[{"lead_id": 1, "track": "lifecycle", "stage": "MQL", "entered_at": MemoryFacts.as_of}],
    )
    assert not history.has_stages


def test_without_deals_there_is_a_stored_result_that_says_so(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nightly, "open_facts", MemoryFacts)
    assert nightly.compute_forecast(ignore_progress) == 1
    result = ForecastResult.from_json(ForecastRun.objects.get().result)
    assert result.quarters == ()
    assert result.ground.closed == 0
