"""Amounts with any currency beside them, by code or by sign; a sign of several currencies is the company's, or is asked about."""

from decimal import Decimal

import pytest

from crm.models import Opportunity
from imports.inference.questions import open_questions
from imports.parsing.headers import unit_of
from imports.parsing.numbers import POINT, parse_amount, parse_number, sole_currency_code
from team.models import Company
from tests.imports.importing import bring
from tests.imports.test_answers import held, only

HEAD = "Opportunity ID,Opportunity Name,Stage,Close Date,Amount\n"


def deals(*amounts: str) -> str:
    return HEAD + "".join(f'{row},A,Open,2026-01-02,"{cell}"\n' for row, cell in enumerate(amounts))


@pytest.mark.parametrize(
    ("cell", "value", "mark"),
    [
        ("NPR 500", "500", "NPR"), ("500 UGX", "500", "UGX"), ("500UGX", "500", "UGX"), ("₦5000", "5000", "₦"),
        ("Rs 500", "500", "Rs"), ("Rs. 1,500.50", "1500.50", "Rs."), ("Rs.500", "500", "Rs."), ("RM 500", "500", "RM"),
        ("฿500", "500", "฿"), ("R$ 10", "10", "R$"), ("kr 500", "500", "kr"), ("500 kr.", "500", "kr."),
        ("F\u202fCFA 500", "500", "F CFA"), ("د.إ.\u200f 500", "500", "د.إ."), ("B/. 5.25", "5.25", "B/."),
        ("-RM 1,234.50", "-1234.50", "RM"), ("(₦500)", "-500", "₦"), ("RM 1.2M", "1200000.0", "RM"), ("500,- kr", "500.00", "kr"),
        ("$ -10", "-10", "$"), ("$.50", "0.50", "$"), ("₱ 1’234.50", "1234.50", "₱"),
    ],
)  # fmt: skip
def test_amounts_beside_codes_and_signs(cell: str, value: str, mark: str) -> None:
    assert parse_number(cell, POINT) == Decimal(value)
    assert parse_amount(cell).mark == mark


@pytest.mark.parametrize(
    "cell", ["500 pcs", "5 all", "2 cup", "500 L", "500 P", "12 kg", "USD$5", "5 EUR x", "RM", "A1", "Q1"]
)
def test_what_is_no_amount_stays_none(cell: str) -> None:
    assert parse_number(cell, POINT) is None


def test_names_of_columns_say_any_currency_but_words_are_words() -> None:
    assert [unit_of(name) for name in ("Amount (NPR)", "Value UGX", "Value [₦]")] == ["NPR", "UGX", "₦"]
    assert [unit_of(name) for name in ("Leads ALL", "Deals (TOP)", "Chips AMD")] == ["", "", ""]


def test_a_pound_is_british_and_a_dollar_no_ones_where_nothing_else_is_known() -> None:
    assert [sole_currency_code(mark) for mark in ("£", "$", "₦", "NPR", "?")] == ["GBP", "", "NGN", "NPR", ""]


@pytest.mark.django_db
def test_each_row_is_in_the_currency_beside_its_amount() -> None:
    bring({"x.csv": deals("NPR 500", "500 UGX", "₦5,000.00", "RM 500", "฿500", "R$ 10")})
    read = Opportunity.objects.order_by("external_id").values_list("amount", "currency")
    assert list(read) == [
        (500, "NPR"), (500, "UGX"), (5000, "NGN"), (500, "MYR"), (500, "THB"), (10, "BRL"),
    ]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sign", "company"),
    [("Rs", "LKR"), ("Rs.", "NPR"), ("kr", "ISK"), ("¥", "CNY"), ("$", "ARS"), ("$", "XCD"), ("£", "GIP")],
)
def test_a_sign_of_several_currencies_is_the_companys_where_it_can_be(sign: str, company: str) -> None:
    Company.get()
    Company.objects.update(currency=company)
    run = held({"x.csv": deals(f"{sign} 500", f"{sign} 1,250.50")})
    assert open_questions(only(run)) == []
    bring({"x.csv": deals(f"{sign} 500", f"{sign} 1,250.50")})
    assert list(Opportunity.objects.order_by("external_id").values_list("amount", "currency")) == [
        (Decimal(500), company), (Decimal("1250.50"), company),
    ]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(("sign", "first"), [("Rs", "INR"), ("kr", "SEK"), ("¥", "JPY")])
def test_else_it_is_asked_about(sign: str, first: str) -> None:
    Company.get()
    Company.objects.update(currency="EUR")
    [question] = open_questions(only(held({"x.csv": deals(f"{sign} 500", f"{sign} 700")})))
    assert question.key == f"currency:{sign}"
    assert question.choices[0].value == first
    assert 2 <= len(question.choices) <= 10
