from typing import Any

import numpy as np
import pytest

from forecast.outcomes.curves import LOST, WON
from forecast.outcomes.history import (
    NO_STAGE,
    collect_amounts,
    collect_births,
    collect_ratios,
    collect_stays,
    open_pipeline,
)
from tests.forecast.deals import make_history, to_day

DEALS: list[dict[str, Any]] = [
    {"opened": "2025-01-10", "closed": "2025-03-20", "end": "won", "amount": 900, "stage": "Won", "probability": 1, "expected": "2025-03-20"},
    {"opened": "2025-02-01", "closed": "2025-04-05", "end": "lost", "amount": 500, "stage": "Lost", "probability": 0},
    {"opened": "2025-02-10", "amount": 300, "stage": "Demo", "probability": 0.4, "expected": "2025-06-30"},
]  # fmt: skip
CHANGES: list[dict[str, Any]] = [
    {"deal": 0, "day": "2025-01-10", "stage": "Demo", "amount": 1000, "probability": 0.2, "expected": "2025-04-30"},
    {"deal": 0, "day": "2025-02-15", "stage": "Offer", "amount": 800, "probability": 0.5, "expected": "2025-03-31"},
    {"deal": 0, "day": "2025-03-20", "stage": "Won", "amount": 900, "has_ended": True},
    {"deal": 1, "day": "2025-02-01", "stage": "Demo"},
    {"deal": 1, "day": "2025-02-20", "stage": "Demo", "amount": 550},
    {"deal": 1, "day": "2025-04-05", "stage": "Lost"},
]
HISTORY = make_history(DEALS, CHANGES, "2025-05-01")


def ordinal(day: str) -> int:
    return int(to_day(day))


def test_a_deal_stands_as_its_last_stage_change_up_to_the_evening_says() -> None:
    frame = open_pipeline(HISTORY, ordinal("2025-02-15")).frame.set_index("row")
    assert frame["stage"].to_dict() == {0: "Offer", 1: "Demo", 2: NO_STAGE}
    assert frame["age"].to_dict() == {0: 0, 1: 14, 2: 5}
    assert frame["amount"].to_dict() == {0: 800, 1: 500, 2: 300}
    assert frame.loc[0, "expected"] == to_day("2025-03-31")


def test_a_stage_that_is_recorded_again_was_entered_the_first_time() -> None:
    frame = open_pipeline(HISTORY, ordinal("2025-03-01")).frame.set_index("row")
    assert frame.loc[1, "age"] == 28
    assert frame.loc[1, "amount"] == 550


def test_the_end_of_a_deal_is_not_known_before_its_day() -> None:
    before, after = (open_pipeline(HISTORY, ordinal(day)).frame for day in ("2025-03-19", "2025-03-20"))
    assert 0 in before["row"].tolist()
    assert 0 not in after["row"].tolist()


def test_what_came_later_changes_nothing_of_what_was_known() -> None:
    day = ordinal("2025-03-01")
    known = [{**deal} for deal in DEALS]
    known[0] |= {"closed": "", "end": "", "stage": "Offer", "probability": 0.5, "expected": "2025-03-31"}
    known[1] |= {"closed": "", "end": "", "stage": "Demo", "probability": 0.1}
    then = make_history(known, [change for change in CHANGES if to_day(change["day"]) <= day], "2025-03-01")
    columns = ["row", "stage", "age", "amount", "expected"]
    assert open_pipeline(HISTORY, day).frame[columns].equals(open_pipeline(then, day).frame[columns])
    now, before = collect_stays(HISTORY, day), collect_stays(then, day)
    assert now.keys() == before.keys()
    for stage in now:
        assert np.array_equal(now[stage].episodes.exit, before[stage].episodes.exit)
        assert not now[stage].episodes.event.any(), "no deal had ended by then"


def test_a_closed_deal_without_history_has_no_probability_of_the_past() -> None:
    history = make_history(
        [{"opened": "2025-01-01", "closed": "2025-03-01", "end": "won", "probability": 1.0, "amount": 5}]
    )
    assert open_pipeline(history, ordinal("2025-02-01")).frame["probability"].isna().all()


def test_a_deal_whose_last_change_says_that_it_ended_is_not_open_though_it_was_reopened_since() -> None:
    changes = [{"deal": 0, "day": "2025-02-01", "stage": "Lost", "has_ended": True}]
    history = make_history([{"opened": "2025-01-01"}], changes)
    assert len(open_pipeline(history, ordinal("2025-03-01"))) == 0
    assert len(open_pipeline(history, ordinal("2025-01-15"))) == 1


def test_episodes_run_from_each_stage_to_the_end_of_the_deal() -> None:
    stays = collect_stays(HISTORY, HISTORY.today)
    assert sorted(stays) == [NO_STAGE, "Demo", "Offer"], "the stage of the end is none to be in"
    assert stays["Demo"].episodes.event.tolist() == [WON, LOST]
    assert stays["Demo"].episodes.exit.tolist() == [69, 63]
    assert stays["Offer"].episodes.exit.tolist() == [33]
    assert stays[NO_STAGE].episodes.exit.tolist() == [69, 63, 80]


def test_deals_that_were_open_at_the_first_closing_enter_late() -> None:
    entry = collect_stays(HISTORY, HISTORY.today)[NO_STAGE].episodes.entry
    assert entry.tolist() == [68, 46, 37], "the day before March 20, 2025"


def test_a_deal_closed_on_the_day_it_opened_lasts_half_a_day() -> None:
    history = make_history(
        [
            {"opened": "2025-01-05", "closed": "2025-01-05", "end": "won", "amount": 1},
            {"opened": "2025-01-05", "closed": "2025-01-07", "end": "lost"},
        ]
    )
    assert collect_stays(history, history.today)[NO_STAGE].episodes.exit.tolist() == [0.5, 2]


def test_ratios_compare_the_won_amount_with_that_of_each_stage_where_there_are_enough() -> None:
    assert collect_ratios(HISTORY, HISTORY.today)[NO_STAGE].tolist() == [1.0], "two ratios are too few"
    many = [{**DEALS[0]} for _ in range(25)]
    changes = [{**change, "deal": number} for number in range(25) for change in CHANGES[:3]]
    ratios = collect_ratios(make_history(many, changes), HISTORY.today)
    assert ratios["Demo"] == pytest.approx([0.9] * 25)
    assert ratios["Offer"] == pytest.approx([1.125] * 25)
    assert len(ratios[NO_STAGE]) == 50


def test_amounts_that_come_with_winning_are_not_known_beforehand() -> None:
    won = [{"opened": "2025-01-01", "closed": "2025-02-01", "end": "won", "amount": 100}] * 3
    lost = [{"opened": "2025-01-01", "closed": "2025-02-02", "end": "lost", "amount": 0}] * 3
    history = make_history([*won, *lost])
    assert history.is_amount_set_by_win
    assert open_pipeline(history, ordinal("2025-01-15")).frame["amount"].isna().all()
    assert not HISTORY.is_amount_set_by_win


def test_amounts_of_wins_are_those_of_the_last_two_years_where_there_are_enough() -> None:
    old = [{"opened": "2020-01-01", "closed": "2020-02-01", "end": "won", "amount": 1}] * 30
    new = [{"opened": "2025-01-01", "closed": "2025-02-01", "end": "won", "amount": 2}] * 20
    assert collect_amounts(make_history([*old, *new]), ordinal("2025-06-01")).tolist() == [2.0] * 20
    assert len(collect_amounts(make_history([*old, *new[:5]]), ordinal("2025-06-01"))) == 35


def test_births_come_from_the_same_weeks_of_past_years() -> None:
    spring = [{"opened": f"2024-04-{day:02}", "closed": "2024-04-30", "end": "lost"} for day in range(2, 30)]
    first = {"opened": "2024-01-02", "closed": "2024-01-05", "end": "lost"}
    history = make_history([first, *spring], today="2025-04-01")
    weeks = collect_births(history, ordinal("2025-03-31"), 30)
    assert weeks[1].mean() > 4, "in the second week of April seven a week were born the year before"
    assert weeks[20].max() == 0, "none in August"


def test_without_a_year_of_history_births_come_from_the_last_weeks() -> None:
    deals = [{"opened": f"2025-{month:02}-10", "closed": "2025-09-01", "end": "lost"} for month in range(3, 9)]
    history = make_history([{"opened": "2025-01-01", "closed": "2025-01-08", "end": "won", "amount": 1}, *deals])
    weeks = collect_births(history, ordinal("2025-09-01"), 3)
    assert [len(week) for week in weeks] == [26, 26, 26]
    assert weeks[0].sum() == 6


def test_a_deal_that_is_stuck_in_its_stage_is_compared_with_those_that_were_stuck_too() -> None:
    stays = collect_stays(HISTORY, HISTORY.today)["Demo"]
    assert stays.left.tolist() == [36, 63], "the first moved to Offer after 36 days, the second was lost in the stage"
    stuck = stays.still_there(40)
    assert stuck.event.tolist() == [LOST]
    assert stuck.entry.tolist() == [46], "seen from the first closing of the company on"
    assert stays.still_there(0).event.tolist() == [WON, LOST]
    assert stays.landmarks() == (0, 42, 49, 56, 60)
