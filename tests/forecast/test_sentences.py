from dataclasses import replace

from forecast.outcomes.projection import StagePart
from forecast.outcomes.record import Baselines, Contest, Summary
from forecast.outcomes.result import Ground, QuarterForecast
from forecast.outcomes.sentences import (
    contest_finding,
    limit_sentences,
    missing_sentence,
    quarter_sentence,
    record_sentence,
)

GROUND = Ground(
    closed=12, won=4, open=3, unknown_amounts=0, has_stages=True, has_amounts=True, is_amount_set_by_win=False, first_close=""
)  # fmt: skip
QUARTER = QuarterForecast(
    "2026-10-01", "2026-12-31", 6_100_000, 6_700_000, 7_400_000, 5_200_000, 900_000, 300_000, True,
    (StagePart("Demo", 3, 10, 5),), Baselines(None, None, None),
)  # fmt: skip
SUMMARY = Summary(20, 16, 0.8, 5, 9, None, None, None)


def test_the_sentence_gives_the_interval_and_its_parts() -> None:
    assert quarter_sentence("Q4 2026", QUARTER, "USD") == (
        "Q4 2026 will bring $6.1M to $7.4M with 80% confidence: $5.2M is won, open deals are expected to add $900K and deals not created yet $300K."
    )
    untested = quarter_sentence("Q4 2026", replace(QUARTER, is_calibrated=False), "USD")
    assert untested.startswith(
        "There is too little history to test a forecast of Q4 2026; a rough range is $6.1M to $7.4M"
    )


def test_too_few_closed_deals_are_named_with_what_is_needed() -> None:
    assert missing_sentence(GROUND).startswith(
        "Too few deals have ended for a forecast: 12 closed, 4 of them won. It needs 20 closed deals, at least 5 won"
    )


def test_the_record_says_when_its_dates_are_too_few() -> None:
    enough = record_sentence(SUMMARY, 0)
    assert (
        enough
        == "As of 20 past month starts, the 80% interval for the running quarter contained what happened 16 times (80%)."
    )
    few = record_sentence(replace(SUMMARY, dates=9, inside=9, coverage=1.0), 0)
    assert few.endswith("That is too little history for a judgement, which needs 12 dates.")
    none = record_sentence(replace(SUMMARY, dates=0, inside=0, coverage=None), 1)
    assert none.startswith(
        "There is too little history to judge forecasts of the next quarter: at least 4 past forecasts"
    )


def test_a_contest_says_which_was_nearer() -> None:
    assert contest_finding(Contest(9, 50, 100)) == "50% smaller error"
    assert contest_finding(Contest(9, 150, 100)) == "50% larger error"
    assert contest_finding(Contest(9, 100, 100)) == "Equal"
    assert contest_finding(Contest(9, 1, 0)) == "Not better"
    assert contest_finding(None) == "No past dates to compare"


def test_limits_name_what_the_records_do_not_tell() -> None:
    poor = replace(
        GROUND, has_stages=False, has_amounts=False, unknown_amounts=1, left_out={"without an opening day": 2}
    )
    limits = limit_sentences(poor)
    assert len(limits) == 4
    assert limits[2] == "1 deal open without an amount: it is drawn from what deals were won for."
    assert limits[3] == "Left out: 2 deals without an opening day."
    assert limit_sentences(GROUND) == []
