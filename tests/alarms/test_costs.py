"""What an alarm costs: a difference that the records do not show costs nothing that could be told."""

from decimal import Decimal

from alarms.costs import MoneyBasis, estimate_difference, estimate_lost_rate, fixed_amount

BASIS = MoneyBasis("EUR", {"lead": (40, 400)}, [1000.0] * 50)


def test_late_answers_cost_only_where_leads_answered_in_time_are_won_more_often() -> None:
    assert estimate_difference(BASIS, 100, (20, 200), (19, 200)) is None
    assert estimate_difference(BASIS, 100, (10, 200), (40, 200)) is None
    money = estimate_difference(BASIS, 100, (60, 200), (20, 200))
    assert money
    assert money.low < money.middle < money.high
    assert abs(money.middle - 20_000) < 1_500  # 100 × (30 % − 10 %) × 1,000


def test_a_lost_win_costs_a_whole_deal() -> None:
    money = estimate_lost_rate(BASIS, "won", 100, usual=(500, 1000), now=(400, 1000))
    assert money
    assert abs(money.middle - 10_000) < 1_000  # 100 × 10 points × 1,000


def test_a_counted_sum_has_equal_ends() -> None:
    money = fixed_amount(Decimal(700), "EUR")
    assert money.low == money.middle == money.high
