"""Currencies and their signs, as CLDR has them."""

import json

from core import currency_table
from core.currencies import CODES, SIGNS, TABLE, TRADED, currencies_of


def test_the_table_is_what_cldr_says() -> None:
    assert json.loads(TABLE.read_text("utf-8")) == currency_table.build_table(), "Run: python -m core.currency_table"


def test_every_currency_of_today_and_of_a_while_ago_has_its_code() -> None:
    assert {"NPR", "UGX", "BOB", "GTQ", "AZN", "CLF", "XOF", "HRK", "BGN"} <= CODES
    assert not {"XXX", "XTS", "XAU"} & CODES
    assert set(TRADED) <= CODES
    assert len(CODES) > 180


def test_signs_of_one_currency() -> None:
    signs = {"₦": "NGN", "₱": "PHP", "฿": "THB", "RM": "MYR", "₫": "VND", "₴": "UAH", "R$": "BRL", "zł": "PLN", "USh": "UGX",
             "HK$": "HKD", "F CFA": "XOF", "₹": "INR", "€": "EUR"}  # fmt: skip
    assert {sign: currencies_of(sign) for sign in signs} == {sign: (code,) for sign, code in signs.items()}


def test_a_sign_of_several_currencies_names_all_the_likeliest_first() -> None:
    assert currencies_of("$")[:3] == ("USD", "CAD", "AUD")
    assert {"ARS", "CLP", "XCD"} <= set(currencies_of("$"))
    assert currencies_of("kr") == ("SEK", "NOK", "DKK", "ISK")
    assert currencies_of("kr.")[0] == "DKK"
    assert currencies_of("Rs")[:4] == ("INR", "PKR", "LKR", "NPR")
    assert currencies_of("¥") == ("JPY", "CNY")


def test_words_and_units_are_no_currencies() -> None:
    assert [currencies_of(mark) for mark in ("all", "cup", "top", "pcs", "kg", "L", "K", "")] == [()] * 8
    assert (currencies_of("ALL"), currencies_of("eur")) == (("ALL",), ("EUR",))
    assert not [sign for sign in SIGNS if len(sign) == 1 and sign.isascii() and sign.isalpha() and sign != "R"]
